"""Pictures of feet in the foot frame: landmarks, axes, ground."""

from __future__ import annotations

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.artifacts import Feet, Foot, Landmark
from scanproc.views.colors import BLUE, CLAY, GREEN, GREY, INK, ORANGE, PURPLE, Rgb, even
from scanproc.views.scene import ABOVE, BELOW, REAR, Label, Legend, Line, Scene, Shot, Skin, medial

TOP_MM = 170.0  # a leg is cut here in views from the side,
ANKLE_MM = 90.0  # and here in views from above and below


def prefix(side: str, count: int) -> str:
    """Return what a picture's title begins with where a scan holds more than one foot."""
    return f"{side.capitalize()} foot, " if count > 1 else ""


def bare(foot: Foot) -> Skin:
    """Return the foot in the colour of clay, orange where it was not seen."""
    color = even(CLAY, len(foot.views)).copy()
    color[foot.views == 0] = (np.array(CLAY) * 0.45 + np.array(ORANGE) * 0.55).astype(np.uint8)
    return Skin(foot.mesh, color)


def ground_line(foot: Foot) -> Line:
    """Return the ground in a view from the side."""
    low, high = foot.mesh.vertices.min(axis=0) - 8.0, foot.mesh.vertices.max(axis=0) + 8.0
    return Line(np.array([[low[0], low[1], 0.0], [high[0], high[1], 0.0]]), GREY, 1.5)


def portrait(foot: Foot) -> Shot:
    """Return a foot from its medial side, without a word."""
    return Shot("", Scene((bare(foot),)), *medial(foot.medial_y), top_mm=TOP_MM, scale_bar=0.0)


def feet_shots(feet: Feet) -> tuple[Shot | Legend, ...]:
    """Return every foot from four sides with its landmarks."""
    shots: list[Shot | Legend] = []
    for foot in feet.feet:
        shots += _foot(foot, prefix(foot.side, len(feet.feet)))
    if any((foot.views == 0).any() for foot in feet.feet):
        shots.append(Legend("Colours", marks=((CLAY, "seen"), (ORANGE, "not seen, invented")), bar=False))
    return tuple(shots)


def _foot(foot: Foot, before: str) -> list[Shot]:
    skin, ground = bare(foot), ground_line(foot)
    length = float(foot.mesh.vertices[:, 0].max())
    labels = {name: landmark_label(name, landmark) for name, landmark in foot.landmarks.items()}
    behind = {name: label for name, label in labels.items() if label.point[0] < 0.35 * length}
    below = {name: label for name, label in labels.items() if label.point[2] < FOOT_HEIGHT_MM}
    word = Label(f"ground: {foot.ground}", np.array([length, ground.points[1, 1], 0.0]), color=GREY, dot=False)

    def scene(chosen: dict[str, Label], axes: str, *more: Line, word: Label | None = None) -> Scene:
        lines, letters = _axes(axes)
        texts = (*chosen.values(), *letters, *((word,) if word else ()))
        return Scene(skins=(skin,), lines=(*more, *lines), labels=texts)

    return [
        Shot(before + "Top", scene(labels, "xy"), *ABOVE, below_mm=ANKLE_MM),
        Shot(before + "Sole", scene(below, "xy"), *BELOW, below_mm=ANKLE_MM),
        Shot(before + "Medial", scene(labels, "xz", ground, word=word), *medial(foot.medial_y), top_mm=TOP_MM),
        Shot(before + "Rear", scene(behind, "yz", ground), *REAR, top_mm=TOP_MM),
    ]


def landmark_label(name: str, landmark: Landmark) -> Label:
    """Return a landmark with what is to be known of it: that it was set by hand, or that it is in doubt."""
    notes: list[str] = [] if landmark.method == "auto" else [landmark.method]
    if landmark.confidence < 0.9:
        notes.append(f"confidence {landmark.confidence:.2f}")
    return Label(name.replace("_", " "), landmark.xyz_mm, ", ".join(notes), BLUE)


def _axes(letters: str, length_mm: float = 32.0) -> tuple[list[Line], list[Label]]:
    """Return the named axes of the foot frame at its origin."""
    colors: dict[str, Rgb] = {"x": PURPLE, "y": GREEN, "z": INK}
    lines, labels = [], []
    for letter in letters:
        tip = np.eye(3)["xyz".index(letter)]
        lines.append(Line(np.stack([np.zeros(3), tip * length_mm]), colors[letter], 3.0))
        labels.append(Label(letter, tip * (length_mm + 6.0), color=colors[letter], inline=True))
    return lines, labels
