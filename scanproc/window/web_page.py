"""The page that a browser shows: one picture, which answers keys, mouse and touch. It asks only its own server."""

from __future__ import annotations

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>scanproc</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style nonce="NONCE">html,body{margin:0;background:#fff}img{display:block;touch-action:none;max-width:100%}</style>
</head><body><img id="view" alt="The scene, its layers and figures; ? lists the keys" draggable="false">
<script nonce="NONCE">
const view = document.getElementById("view");
const held = event => ({shift: event.shiftKey, control: event.ctrlKey});
let waiting = [], busy = false;
async function next() {
  if (busy || !waiting.length) return;
  busy = true;
  const event = waiting.shift();
  try {
    const answer = await fetch("/event", {method: "POST", body: JSON.stringify(event)});
    if (answer.ok) {
      const old = view.src;
      view.src = URL.createObjectURL(await answer.blob());
      if (old) URL.revokeObjectURL(old);
    }
    if (event.kind === "key" && event.name === "c" && navigator.clipboard)
      await navigator.clipboard.writeText(await (await fetch("/text")).text()).catch(() => {});
  } catch (error) { waiting = []; }
  busy = false;
  next();
}
function ask(event) {
  const last = waiting[waiting.length - 1];
  if (event.kind === "move" && last && last.kind === "move") waiting.pop();
  waiting.push(event);
  next();
}
function at(event) {
  const box = view.getBoundingClientRect();
  const scale = view.naturalWidth ? view.naturalWidth / box.width : 1;
  return {x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale, ...held(event)};
}
view.addEventListener("pointerdown", event => {
  if (event.button) return;
  view.setPointerCapture(event.pointerId);
  ask({kind: "press", ...at(event)});
});
view.addEventListener("pointermove", event => ask({kind: "move", ...at(event)}));
view.addEventListener("pointerup", event => ask({kind: "release", ...at(event)}));
view.addEventListener("wheel", event => {
  event.preventDefault();
  ask({kind: "wheel", wheel: event.deltaY, ...at(event)});
}, {passive: false});
addEventListener("keydown", event => {
  if (event.altKey || event.metaKey || ["Shift", "Control"].includes(event.key) || /^F[2-9]/.test(event.key)) return;
  if (event.ctrlKey && /^[a-z]$/i.test(event.key)) return;
  event.preventDefault();
  ask({kind: "key", name: event.key, ...held(event)});
});
ask({kind: "picture"});
</script></body></html>
"""
