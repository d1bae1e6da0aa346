"""What a window shows: layers that are turned on and off one by one. Plain data, as the scenes that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from scanproc.artifacts import Feet, Mesh
from scanproc.frames import FloatArray
from scanproc.views.colors import INK, Rgb
from scanproc.views.scene import Cloud, Label, Legend, Line, Scene, Skin

_ASIDE_MM = 30.0  # between a left and a right foot


@dataclass(frozen=True)
class Layer:
    """A part of what is shown, which has a name, a place in the list and a key.

    Attributes
    ----------
    scene : what it holds, in the frame of the display.
    legend : what its colours mean.
    opacity : in (0, 1].
    shown : whether it is at first.
    group : of the layers of one group one at most is shown: the same body in other colours.
    values : (V,) what the colours of its first skin stand for, in the legend's unit; NaN where there is none.
    part : which of the display's parts it belongs to.
    """

    name: str
    scene: Scene
    legend: Legend | None = None
    opacity: float = 1.0
    shown: bool = True
    group: str = ""
    values: FloatArray | None = None
    part: int = 0

    @property
    def mesh(self) -> Mesh | None:
        """Its first body, which points are picked on and which is cut; None if it has none."""
        return self.scene.skins[0].mesh if self.scene.skins else None


@dataclass(frozen=True)
class Part:
    """One of several bodies side by side: its name, and the (3,) mm by which it was moved aside to be shown."""

    name: str = ""
    shift: FloatArray = field(default_factory=lambda: np.zeros(3))


@dataclass(frozen=True)
class Display:
    """All that a window shows of one stage.

    Attributes
    ----------
    layers : in the order of their keys.
    parts : one, or left and right foot side by side.
    notes : lines in colours, said beside the picture.
    look, up : (3,) unit vectors, from where it is looked at first.
    frame : the frame of its coordinates, in words.
    axes : (3, 3) columns forward, left, up: what the six views are named by.
    medial_y : where medial is, as in `Foot`; 0 where nobody knows.
    feet : whose landmarks may be moved; None if none may.
    """

    title: str
    layers: tuple[Layer, ...]
    look: FloatArray
    up: FloatArray
    parts: tuple[Part, ...] = (Part(),)
    notes: tuple[tuple[Rgb, str], ...] = ()
    frame: str = "foot frame"
    axes: FloatArray = field(default_factory=lambda: np.eye(3))
    medial_y: float = 0.0
    feet: Feet | None = None

    def extent(self) -> FloatArray:
        """Return (N, 3) points in mm that a picture of all that is shown at first must hold."""
        return np.concatenate([layer.scene.extent() for layer in self.layers if layer.shown])


def shifted(scene: Scene, shift: FloatArray) -> Scene:
    """Return a scene moved by (3,) mm."""
    if not shift.any():
        return scene
    return Scene(
        tuple(replace(skin, mesh=Mesh(skin.mesh.vertices + shift, skin.mesh.faces)) for skin in scene.skins),
        tuple(Cloud(cloud.points + shift, cloud.color) for cloud in scene.clouds),
        tuple(replace(line, points=line.points + shift) for line in scene.lines),
        tuple(replace(label, point=label.point + shift) for label in scene.labels),
    )


def side_by_side(names: tuple[str, ...], layers: tuple[tuple[Layer, ...], ...]) -> tuple[tuple[Part, ...], list[Layer]]:
    """Return the parts of a pair and their layers, the left one to the left (+y) as seen from above."""
    if len(names) == 1:
        return (Part(names[0]),), list(layers[0])
    parts: list[Part] = []
    moved: list[Layer] = []
    for number, (name, own) in enumerate(zip(names, layers, strict=True)):
        y = np.concatenate([layer.scene.extent() for layer in own])[:, 1]
        aside = _ASIDE_MM / 2.0 - y.min() if name == "left" else -_ASIDE_MM / 2.0 - y.max()
        shift = np.array([0.0, aside, 0.0])
        parts.append(Part(name, shift))
        for layer in own:
            group = f"{name} {layer.group}" if layer.group else ""
            scene = shifted(layer.scene, shift)
            moved.append(replace(layer, name=f"{name}: {layer.name}", scene=scene, group=group, part=number))
    return tuple(parts), moved


def skin_layer(name: str, skin: Skin, legend: Legend | None = None, **others: object) -> Layer:
    """Return a layer of one body."""
    return Layer(name, Scene((skin,)), legend, **others)  # type: ignore[arg-type]


def lines_layer(name: str, lines: tuple[Line, ...], labels: tuple[Label, ...] = (), shown: bool = True) -> Layer:
    """Return a layer of lines and what they are called."""
    return Layer(name, Scene(lines=lines, labels=labels), shown=shown)


def said(*texts: str, color: Rgb = INK) -> tuple[tuple[Rgb, str], ...]:
    """Return notes of one colour."""
    return tuple((color, text) for text in texts)
