// Draws the layers of model_json: bodies by WebGL, lines and labels over them on a flat canvas.
// Without WebGL it leaves the still pictures that stand in its place.
(() => {
"use strict";
const data = JSON.parse(document.getElementById("model-data").textContent);
const box = document.getElementById("model");
const canvas = box.querySelector("canvas.bodies"), ink = box.querySelector("canvas.ink");
const gl = canvas.getContext("webgl2", {antialias: true, preserveDrawingBuffer: true});
if (!gl) return;
box.hidden = false;
document.body.classList.add("has-model");

// ------------------------------------------------------------------ bodies
const bytes = name => Uint8Array.from(atob(data.arrays[name]), c => c.charCodeAt(0));
const buffers = {};
const buffer = (name, target) => buffers[name] ??= (() => {
  const made = gl.createBuffer();
  gl.bindBuffer(target, made);
  gl.bufferData(target, bytes(name), gl.STATIC_DRAW);
  return made;
})();
const normals = {};
function normalsOf(body) {
  const key = body.xyz + body.faces;
  if (normals[key]) return normals[key];
  const xyz = new Uint16Array(bytes(body.xyz).buffer);
  const faces = new (body.small ? Uint16Array : Uint32Array)(bytes(body.faces).buffer);
  const sum = new Float32Array(xyz.length), p = (i, k) => xyz[3 * i + k] * data.step[k];
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [faces[f], faces[f + 1], faces[f + 2]];
    const u = [0, 1, 2].map(k => p(b, k) - p(a, k)), v = [0, 1, 2].map(k => p(c, k) - p(a, k));
    const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const i of [a, b, c]) for (let k = 0; k < 3; k++) sum[3 * i + k] += n[k];
  }
  const made = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, made);
  gl.bufferData(gl.ARRAY_BUFFER, sum, gl.STATIC_DRAW);
  return normals[key] = {buffer: made, count: faces.length};
}
const program = gl.createProgram();
for (const [kind, text] of [[gl.VERTEX_SHADER, `#version 300 es
  in vec3 xyz; in vec3 normal; in vec3 rgb; uniform vec3 low, step; uniform mat4 view; uniform vec2 scale; uniform float lift;
  out vec3 shade, n, at;
  void main() {
    vec4 p = view * vec4(low + step * xyz, 1.0);
    gl_Position = vec4(p.x * scale.x, p.y * scale.y + lift, -p.z / 2000.0, 1.0);
    shade = rgb; at = p.xyz; n = mat3(view) * normal;
  }`], [gl.FRAGMENT_SHADER, `#version 300 es
  precision highp float;
  in vec3 shade, n, at; uniform float opacity; out vec4 color;
  void main() {
    vec3 flat_n = normalize(cross(dFdx(at), dFdy(at)));
    vec3 m = normalize(n);
    if (!gl_FrontFacing) m = -m;
    if (dot(m, flat_n) < 0.82) m = flat_n;  // an edge of 35 degrees stays sharp
    float light = 0.30 + 0.50 * max(m.z, 0.0) + 0.30 * max(dot(m, normalize(vec3(-0.7, 0.9, 0.9))), 0.0);
    vec3 lit = gl_FrontFacing ? shade : mix(shade, vec3(0.93, 0.91, 0.89), 0.7);
    color = vec4(min(lit * light, 1.0) * opacity, opacity);
  }`]]) {
  const shader = gl.createShader(kind);
  gl.shaderSource(shader, text.trim());
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
  gl.attachShader(program, shader);
}
gl.linkProgram(program);
gl.useProgram(program);
const place = name => gl.getUniformLocation(program, name);
const [XYZ, NORMAL, RGB] = ["xyz", "normal", "rgb"].map(name => gl.getAttribLocation(program, name));
gl.uniform3fv(place("low"), data.low);
gl.uniform3fv(place("step"), data.step);
gl.enable(gl.DEPTH_TEST);
gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);

// ------------------------------------------------------------------ camera
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = a => a.map(x => x / Math.hypot(...a));
const [low, high] = data.box, size = high.map((x, k) => x - low[k]), middle = high.map((x, k) => (x + low[k]) / 2);
let axes = [], zoom = 1, centre = 0.5;
function lookFrom(look, up) {
  const back = look.map(x => -x);
  axes = [unit(cross(up, back)), up, back];
}
function turn(right, upwards) {
  const spin = (v, axis, angle) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)], w = cross(axis, v), d = dot(axis, v) * (1 - c);
    return v.map((x, k) => x * c + w[k] * s + axis[k] * d);
  };
  const [x, y] = axes;
  axes = axes.map(v => spin(spin(v, y, -right), x, -upwards));
  axes = [unit(axes[0]), unit(axes[1]), unit(axes[2])];
}
const seen = p => { const q = p.map((x, k) => x - middle[k]); return axes.map(a => dot(a, q)); };
const LOOKS = {top: [[0, 0, -1], [1, 0, 0]], sole: [[0, 0, 1], [1, 0, 0]], rear: [[1, 0, 0], [0, 0, 1]],
  front: [[-1, 0, 0], [0, 0, 1]], medial: [[0, -(data.medialY || 1), 0], [0, 0, 1]],
  lateral: [[0, data.medialY || 1, 0], [0, 0, 1]]};

// ------------------------------------------------------------------ drawing
let wanted = false;
const draw = () => { if (!wanted) { wanted = true; requestAnimationFrame(paint); } };
function paint() {
  wanted = false;
  const dots = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  for (const each of [canvas, ink]) { each.width = width * dots; each.height = height * dots; }
  const extent = [0, 1].map(k => axes[k].reduce((sum, a, i) => sum + Math.abs(a) * size[i], 0));
  narrow = width < 560;  // names stand below, not beside
  centre = narrow ? 0.32 : 0.5;
  const mm = zoom * Math.min(width * (narrow ? 0.9 : 0.6) / extent[0], height * (narrow ? 0.6 : 0.86) / extent[1]);
  gl.viewport(0, 0, canvas.width, canvas.height);
  gl.clearColor(0, 0, 0, 0);
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  const m = [0, 1, 2].map(k => [...axes[k], -dot(axes[k], middle)]);
  gl.uniformMatrix4fv(place("view"), false, [0, 1, 2, 3].flatMap(c => [m[0][c], m[1][c], m[2][c], c === 3 ? 1 : 0]));
  gl.uniform2f(place("scale"), 2 * mm / width, 2 * mm / height);
  gl.uniform1f(place("lift"), 1 - 2 * centre);
  const on = data.layers.filter(layer => layer.shown);
  for (const clear of [false, true])
    for (const layer of on.filter(each => each.opacity < 1 === clear)) for (const body of layer.bodies) {
      (clear ? gl.enable : gl.disable).call(gl, gl.BLEND);
      (clear ? gl.enable : gl.disable).call(gl, gl.CULL_FACE);
      gl.uniform1f(place("opacity"), layer.opacity);
      const smooth = normalsOf(body);
      for (const [at, held, kind, norm] of [[XYZ, buffer(body.xyz, gl.ARRAY_BUFFER), gl.UNSIGNED_SHORT, false],
        [NORMAL, smooth.buffer, gl.FLOAT, false], [RGB, buffer(body.rgb, gl.ARRAY_BUFFER), gl.UNSIGNED_BYTE, true]]) {
        gl.bindBuffer(gl.ARRAY_BUFFER, held);
        gl.enableVertexAttribArray(at);
        gl.vertexAttribPointer(at, 3, kind, norm, 0, 0);
      }
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer(body.faces, gl.ELEMENT_ARRAY_BUFFER));
      gl.drawElements(gl.TRIANGLES, smooth.count, body.small ? gl.UNSIGNED_SHORT : gl.UNSIGNED_INT, 0);
    }
  overlay(on, dots, width, height, mm);
}
let narrow = false;
const rgb = c => `rgb(${c.join(",")})`;
function overlay(on, dots, width, height, mm) {
  const pen = ink.getContext("2d");
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  pen.lineJoin = "round";
  const at = p => { const q = seen(p); return [width / 2 + q[0] * mm, height * centre - q[1] * mm]; };
  const path = points => {
    pen.beginPath();
    points.forEach((p, i) => i ? pen.lineTo(...p) : pen.moveTo(...p));
    pen.stroke();
  };
  for (const layer of on) for (const line of layer.lines) {
    pen.strokeStyle = rgb(line.rgb);
    pen.lineWidth = line.width;
    path(Array.from({length: line.xyz.length / 3}, (_, i) => at(line.xyz.slice(3 * i, 3 * i + 3))));
  }
  const labels = on.flatMap(layer => layer.labels.map(label => ({...label, p: at(label.at)})));
  for (const left of [true, false]) {
    const own = labels.filter(label => narrow ? left : label.p[0] < width / 2 === left).sort((a, b) => a.p[1] - b.p[1]);
    const tall = own.reduce((sum, each) => sum + (each.value ? 36 : 22), 0);
    let floor = narrow ? Math.max(height - tall, 8) : 8;
    own.forEach((label, i) => {
      const tall = label.value ? 30 : 16, rest = own.slice(i).reduce((sum, each) => sum + (each.value ? 36 : 22), 0);
      const top = Math.max(floor, Math.min(label.p[1] - tall / 2, height - rest));
      floor = top + tall + 6;
      const x = left ? 8 : width - 8;
      pen.textAlign = left ? "left" : "right";
      pen.textBaseline = "top";
      pen.font = "12px system-ui, sans-serif";
      const wide = Math.max(pen.measureText(label.name).width, pen.measureText(label.value).width);
      pen.strokeStyle = pen.fillStyle = rgb(label.rgb);
      pen.lineWidth = 1;
      path([[left ? x + wide + 4 : x - wide - 4, top + tall / 2], label.p]);
      pen.beginPath(); pen.arc(...label.p, 3, 0, 7); pen.fill();
      pen.fillStyle = "rgba(255,255,255,.85)";
      pen.fillRect(left ? x - 3 : x - wide - 3, top - 2, wide + 6, tall + 2);
      pen.fillStyle = "#1b1f24";
      pen.fillText(label.name, x, top);
      if (label.value) { pen.font = "600 12px system-ui, sans-serif"; pen.fillText(label.value, x, top + 15); }
    });
  }
}

// ------------------------------------------------------------------ layers
const panel = box.querySelector(".layers"), legends = box.querySelector(".legends");
const element = (name, text = "", parent = null) => {
  const made = document.createElement(name);
  made.textContent = text;
  if (parent) parent.append(made);
  return made;
};
function showLegends() {
  legends.textContent = "";
  for (const layer of data.layers) if (layer.shown && layer.legend) {
    const own = element("div", "", legends), {title, ramp, ticks, unit, marks} = layer.legend;
    element("p", title + (unit ? `, ${unit}` : ""), own);
    if (ramp.length) {
      const bar = element("div", "", own), figures = element("div", "", own);
      bar.className = "bar";
      figures.className = "ticks";
      bar.style.background = `linear-gradient(to right, ${ramp.map((c, i) =>
        `${rgb(c)} ${100 * i / ramp.length}% ${100 * (i + 1) / ramp.length}%`).join(",")})`;
      for (const [x, text] of ticks) element("span", text, figures).style.left = `${100 * x}%`;
    }
    for (const mark of marks) {
      const row = element("p", mark.text, own), patch = element("i");
      patch.style.background = rgb(mark.rgb);
      row.prepend(patch);
    }
  }
}
const refresh = () => { showLegends(); draw(); };
for (const group of new Set(data.layers.map(layer => layer.group).filter(Boolean))) {
  const label = element("label", "", panel), choice = document.createElement("select");
  element("span", group, label);
  label.append(choice);
  const own = data.layers.filter(layer => layer.group === group);
  for (const layer of own) element("option", layer.name, choice);
  element("option", data.hidden, choice);
  const first = own.findIndex(layer => layer.shown);
  choice.selectedIndex = first < 0 ? own.length : first;
  choice.addEventListener("change", () => {
    own.forEach((layer, i) => layer.shown = i === choice.selectedIndex);
    refresh();
  });
}
for (const layer of data.layers.filter(each => !each.group)) {
  const label = element("label", "", panel), tick = document.createElement("input");
  tick.type = "checkbox";
  tick.checked = layer.shown;
  label.append(tick);
  element("span", layer.name, label);
  tick.addEventListener("change", () => { layer.shown = tick.checked; refresh(); });
}

// ------------------------------------------------------------------ hands
const touching = new Map();
ink.addEventListener("pointerdown", event => {
  ink.setPointerCapture(event.pointerId);
  touching.set(event.pointerId, [event.clientX, event.clientY]);
});
ink.addEventListener("pointermove", event => {
  const old = touching.get(event.pointerId);
  if (!old) return;
  const now = [event.clientX, event.clientY];
  if (touching.size === 1) turn(-(now[0] - old[0]) / 150, -(now[1] - old[1]) / 150);
  else {
    const other = [...touching].find(([id]) => id !== event.pointerId)[1];
    const apart = p => Math.hypot(p[0] - other[0], p[1] - other[1]);
    zoom = Math.min(Math.max(zoom * apart(now) / Math.max(apart(old), 1), 0.3), 12);
  }
  touching.set(event.pointerId, now);
  draw();
});
for (const kind of ["pointerup", "pointercancel"]) ink.addEventListener(kind, event => touching.delete(event.pointerId));
const zoomBy = factor => { zoom = Math.min(Math.max(zoom * factor, 0.3), 12); draw(); };
ink.addEventListener("wheel", event => {
  if (!event.ctrlKey && document.activeElement !== ink) return;  // a page scrolls past
  event.preventDefault();
  zoomBy(event.deltaY < 0 ? 1.1 : 1 / 1.1);
}, {passive: false});
ink.addEventListener("keydown", event => {
  const turns = {ArrowLeft: [0.15, 0], ArrowRight: [-0.15, 0], ArrowUp: [0, 0.15], ArrowDown: [0, -0.15]};
  if (turns[event.key]) turn(...turns[event.key]);
  else if (event.key === "+" || event.key === "=") zoom *= 1.2;
  else if (event.key === "-") zoom /= 1.2;
  else return;
  event.preventDefault();
  draw();
});
for (const button of box.querySelectorAll("button[data-look]")) button.addEventListener("click", () => {
  lookFrom(...LOOKS[button.dataset.look]);
  zoom = 1;
  draw();
});
box.querySelector("button[data-zoom='in']").addEventListener("click", () => zoomBy(1.25));
box.querySelector("button[data-zoom='out']").addEventListener("click", () => zoomBy(0.8));
new ResizeObserver(draw).observe(canvas);
lookFrom(data.look, data.up);
turn(-0.5, -0.35);
refresh();
})();
