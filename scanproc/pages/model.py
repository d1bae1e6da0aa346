"""The model inside a page: layers as JSON, their arrays as base64, each array once."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from scanproc.pages.words import Words

if TYPE_CHECKING:
    from scanproc.views.display import Display, Layer
    from scanproc.views.scene import Label, Legend, Line

_STEPS = 65_535  # places of a coordinate: 400 mm in steps of 0.006 mm
_LEG_MM = 130.0  # what is higher is not looked at first
_SMALL = 65_536  # vertices that 16 bits number


class _Arrays:
    """Arrays by the hash of their bytes: a body in other colours is kept once."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def put(self, array: np.ndarray[Any, Any]) -> str:
        data = np.ascontiguousarray(array).tobytes()
        name = hashlib.sha256(data).hexdigest()[:12]
        self.held.setdefault(name, base64.b64encode(data).decode("ascii"))
        return name


def model_json(display: Display, words: Words) -> str:
    """Return what `model.js` draws, as JSON that can stand inside a script tag.

    Bodies: `xyz` uint16 in steps of the box, `faces` uint16 or uint32, `rgb` uint8, little-endian. Lines: mm.
    """
    points = np.concatenate([layer.scene.extent() for layer in display.layers])
    low, high = points.min(axis=0), points.max(axis=0)
    step = (high - low) / _STEPS
    foot = points[points[:, 2] < max(_LEG_MM, low[2] + 1.0)]  # what the model is turned about, and fills the view
    arrays = _Arrays()

    def body(layer: Layer) -> list[dict[str, Any]]:
        found = []
        for skin in layer.scene.skins:
            xyz = np.round((skin.mesh.vertices - low) / np.maximum(step, 1e-9)).astype("<u2")
            small = len(xyz) < _SMALL
            faces = skin.mesh.faces.astype("<u2" if small else "<u4")
            found.append(
                {"xyz": arrays.put(xyz), "faces": arrays.put(faces), "small": small, "rgb": arrays.put(skin.color)}
            )
        return found

    layers = [
        {
            "name": words.say(layer.name),
            "group": words.say(layer.group) if layer.group else "",
            "shown": layer.shown,
            "opacity": layer.opacity,
            "bodies": body(layer),
            "lines": [one for line in layer.scene.lines for one in _lines(line)],
            "labels": [_label(label, words.say) for label in layer.scene.labels],
            "legend": _legend(layer.legend, words) if layer.legend else None,
        }
        for layer in display.layers
    ]
    table = {
        "low": low.tolist(), "step": step.tolist(), "box": [foot.min(axis=0).tolist(), foot.max(axis=0).tolist()],
        "look": display.look.tolist(), "up": display.up.tolist(),
        "medialY": display.medial_y, "hidden": words("model.hidden"), "layers": layers, "arrays": arrays.held,
    }  # fmt: skip
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _lines(line: Line) -> list[dict[str, Any]]:
    """Return a polyline, or the segments of one that is made of them."""
    look = {"rgb": list(line.color), "width": line.width}
    parts = line.points if line.points.ndim == 3 else line.points[None]
    return [{**look, "xyz": np.round(part, 2).ravel().tolist()} for part in parts]


def _label(label: Label, say: Callable[[str], str]) -> dict[str, Any]:
    return {
        "name": say(label.name), "value": say(label.value), "at": np.round(label.point, 2).tolist(),
        "rgb": list(label.color),
    }  # fmt: skip


def _legend(legend: Legend, words: Words) -> dict[str, Any]:
    marks = [{"rgb": list(color), "text": words.say(text)} for color, text in legend.marks]
    if not legend.bar:
        return {"title": words.say(legend.title), "ramp": [], "ticks": [], "unit": "", "marks": marks}
    ticks = [[round(at, 4), words.say(text)] for at, text in legend.ticks]
    ramp = legend.ramp(24).tolist()
    return {"title": words.say(legend.title), "ramp": ramp, "ticks": ticks, "unit": legend.unit, "marks": marks}
