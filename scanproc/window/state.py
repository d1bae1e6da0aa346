"""What a window shows just now: one page of a display, its layers, tools, section and landmarks; and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from scanproc.artifacts import Mesh, Plane
from scanproc.frames import FloatArray
from scanproc.views.camera import Camera
from scanproc.views.colors import BLUE, ORANGE, RED
from scanproc.views.display import Display, Layer
from scanproc.views.foot import landmark_label
from scanproc.views.scene import Label
from scanproc.window.glass import Pointer, Written
from scanproc.window.landmark_edits import LandmarkEdits, Mark
from scanproc.window.layers import LayerList
from scanproc.window.panel import Contents
from scanproc.window.picking import TOOLS, Picked, found_by, pick
from scanproc.window.section_plane import CutBody, SectionPlane, cut_bodies


@dataclass
class State:
    """What is looked at, and how.

    Attributes
    ----------
    tool : of `picking.TOOLS`, "landmarks", or empty.
    picks : the points of the tool so far.
    results : what tools found before.
    section : the plane that cuts, or None; `halved`: what lies before it is hidden.
    ruler_u : mm, where the ruler stands in the profile.
    cross : pixel of the cursor that the keyboard moves.
    hovered : what lies under the mouse.
    """

    display: Display
    layers: LayerList
    edits: LandmarkEdits | None = None
    tool: str = ""
    picks: list[Picked] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    section: SectionPlane | None = None
    halved: bool = True
    ruler_u: float = 0.0
    cross: tuple[float, float] | None = None
    hovered: Picked | None = None
    message: str = ""
    keys_listed: bool = False
    cut: tuple[CutBody, ...] = ()

    @property
    def kept(self) -> Plane | None:
        """The plane below which everything is hidden; None where nothing is."""
        return self.section.plane if self.section is not None and self.halved else None

    def pick(self, camera: Camera, pixel: Sequence[float]) -> Picked | None:
        """Return what lies under a pixel."""
        return pick(camera, pixel, self.layers.visible, self.display.parts, self.kept)

    def add_pick(self, picked: Picked) -> None:
        """Give a point to the tool; with its last one, it says what it found. A further point begins anew."""
        if len(self.picks) == TOOLS[self.tool].count:
            self.picks = []
        self.picks.append(picked)
        found = found_by(self.tool, self.picks)
        if found:
            self.results.append(found)

    def cut_again(self) -> None:
        """Find the profiles of what the section cuts, after the plane or what is shown has changed."""
        bodies: list[tuple[str, Mesh]] = []
        for row in self.layers.visible:
            if row.layer.mesh is not None:
                bodies.append((row.layer.name.split(",")[0], row.layer.mesh))
        self.cut = cut_bodies(bodies, self.section) if self.section is not None else ()

    def cut_lines(self) -> FloatArray:
        """Return the (S, 2, 3) lines in which the section cuts what is shown, where it is shown."""
        parts = [body.profile.in_mesh(body.profile.segments.reshape(-1, 2)).reshape(-1, 2, 3) for body in self.cut]
        return np.concatenate([np.zeros((0, 2, 3)), *parts])

    # ------------------------------------------------------------------------------------------ landmarks

    def mark_at(self, camera: Camera, pixel: Sequence[float], reach_px: float = 12.0) -> Mark | None:
        """Return the landmark under a pixel; of several, the nearest."""
        if self.edits is None:
            return None
        placed = [(mark, self.edits.place(mark)) for mark in self.edits.marks]
        away = [
            (float(np.linalg.norm(camera.pixels((point + self.shift_of(mark))[None])[0] - np.asarray(pixel))), mark)
            for mark, point in placed
            if point is not None
        ]
        nearest = min(away, key=lambda pair: pair[0], default=None)
        return nearest[1] if nearest is not None and nearest[0] <= reach_px else None

    def shift_of(self, mark: Mark) -> FloatArray:
        """Return the (3,) mm by which the foot of a landmark is shown aside."""
        return self.display.parts[mark.number].shift

    def _labels_of(self, layer: Layer) -> Sequence[Label]:
        """Return the names of a layer; those of landmarks where these are now."""
        if self.edits is None or not layer.name.endswith("landmarks"):
            return layer.scene.labels
        labels = []
        for mark in self.edits.marks:
            landmark = self.edits.landmark(mark)
            if landmark is not None and mark.number == layer.part:
                label = landmark_label(mark.name, landmark)
                labels.append(Label(label.name, label.point + self.shift_of(mark), label.value, label.color))
        return labels

    # ------------------------------------------------------------------------------------------- in words

    def read(self) -> list[str]:
        """Return all figures that stand beside the scene, a line each."""
        lines = [] if self.section is None else [self.section.words]
        lines += self.results[-6:]
        if self.edits is not None and self.tool == "landmarks" and self.edits.chosen is not None:
            point = self.edits.place(self.edits.chosen)
            at = "not set; click its place" if point is None else "x {:.2f}, y {:.2f}, z {:.2f} mm".format(*point)
            lines.append(f"{self.edits.chosen.name}: {at}")
        return lines

    def as_text(self, title: str) -> str:
        """Return the same and what the profiles tell, to be copied."""
        lines = [f"{title}: {self.display.title} ({self.display.frame})", *self.read()]
        if self.cut:
            lines.append(f"ruler at u = {self.ruler_u:.2f} mm")
            lines += [line for body in self.cut for line in body.words_at(self.ruler_u)]
        if self.hovered is not None:
            lines.append(f"under the cursor: {self.hovered.layer}: {self.hovered.words}")
        return "\n".join(lines) + "\n"

    def contents(self) -> Contents:
        """Return what the panel holds."""
        return Contents(self.layers, self.cut, self.ruler_u, self.read(), self.display.notes)

    def written(self, title: str) -> Written:
        """Return what is written over the scene."""
        labels = [label for row in self.layers.visible for label in self._labels_of(row.layer)]
        pointers = [Pointer(picked.shown, str(number + 1), RED) for number, picked in enumerate(self.picks)]
        shown = [picked.shown for picked in self.picks]
        links = [np.stack(pair) for pair in pairwise(shown)]
        if self.section is not None:
            pointers += [Pointer(self.section.point, "", ORANGE, large=True), Pointer(self.section.tip, "", ORANGE)]
            links.append(np.stack([self.section.point, self.section.tip]))
        if self.edits is not None and self.tool == "landmarks" and self.edits.chosen is not None:
            point = self.edits.place(self.edits.chosen)
            if point is not None:
                pointers.append(Pointer(point + self.shift_of(self.edits.chosen), "", BLUE, large=True))
        asks = TOOLS[self.tool].asks if self.tool in TOOLS else ""
        status = f"{self.hovered.layer}: {self.hovered.words}" if self.hovered is not None else ""
        heading = f"{title}: {self.display.title}"
        return Written(heading, status, self.message or asks, labels, pointers, links, self.cross, self.keys_listed)
