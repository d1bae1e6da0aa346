"""`landmarks.edited.json`: landmarks that somebody set by hand, in place of those that `align` found."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from scanproc.artifacts import Feet, Foot, Landmark, Side
from scanproc.errors import ScanError
from scanproc.formats.artifact_files import landmarks_of
from scanproc.frames import FloatArray
from scanproc.mesh.closest_point import closest_point

log = logging.getLogger(__name__)

FILE_NAME = "landmarks.edited.json"

#: Landmarks that no shape gives away: they are only ever added by hand.
BY_HAND = ("navicular", "medial_malleolus", "lateral_malleolus")
_REACH_MM = 3.0  # a point that was set on a picture, or typed in by whole mm, lies so near to the skin
_MOST_MOVED_MM = 50.0  # from where it was found: what lies farther is another place of the foot, or the other side
#: Where those lie that are only set by hand: on the medial side or the lateral one, and at which shares of the length.
_PLACES: dict[str, tuple[str, float, float]] = {
    "navicular": ("medial", 0.20, 0.60),
    "medial_malleolus": ("medial", 0.05, 0.50),
    "lateral_malleolus": ("lateral", 0.05, 0.50),
}
_FOOT_HEIGHT_MM = 60.0  # what lies lower is as long as the foot
_FAR_MM = 1e6  # no figure beyond it is squared


def landmarks_of_edit(data: bytes, feet: Feet) -> Feet:
    """Return `feet` with the landmarks of `landmarks.edited.json` in place of their own, each laid onto the skin.

    A landmark that stands there as it was found (`landmarks.json` may serve as a template) stays as it was found.

    Raises
    ------
    ScanError
        If the file is not JSON of the form of `landmarks.json`, names a foot that is not there or a landmark that is
        none, or puts one more than 3 mm off the surface.
    """
    try:
        edited = {foot["side"]: landmarks_of(foot["landmarks"]) for foot in json.loads(data)["feet"]}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ScanError(
            f"{FILE_NAME} cannot be used ({type(error).__name__}: {error}); expected the form of"
            " 4-align/landmarks.json. Correct or delete it."
        ) from None
    unknown = [side for side in edited if side not in {foot.side for foot in feet.feet}]
    if unknown:
        raise ScanError(f"{FILE_NAME} names a {unknown[0]!s:.20} foot, which this scan lacks. Correct or delete it.")
    return Feet(tuple(_with_landmarks(foot, edited.get(foot.side, {})) for foot in feet.feet))


def edit_of(found: Feet, marks: Mapping[Side, Mapping[str, FloatArray]]) -> bytes | None:
    """Return `landmarks.edited.json` that puts landmarks, by side and name, at (3,) points; None if it would be empty.

    Parameters
    ----------
    found : the feet as `align` found them.
    marks : foot frame, mm.

    Raises
    ------
    ScanError
        If a foot or a landmark is none of this scan's, or a point lies off the skin.
    """
    entries = [
        {"side": side, "landmarks": {name: {"xyz_mm": [float(x) for x in at]} for name, at in sorted(own.items())}}
        for side, own in sorted(marks.items())
        if own
    ]
    if not entries:
        return None
    data = (json.dumps({"schema": 1, "feet": entries}, indent=1) + "\n").encode()
    landmarks_of_edit(data, found)
    return data


def _with_landmarks(foot: Foot, edited: dict[str, Landmark]) -> Foot:
    known = tuple(dict.fromkeys((*foot.landmarks, *BY_HAND)))
    marks: dict[str, Landmark] = {}
    for name, mark in edited.items():
        if name not in known:
            raise ScanError(
                f"{FILE_NAME} names a landmark {name!r}; expected one of {', '.join(known)}. Correct or delete it."
            )
        if name in foot.landmarks and _is_same(mark, foot.landmarks[name]):
            continue
        marks[name] = _on_skin(foot, name, mark)
        _refuse_elsewhere(foot, name, marks[name])
    return replace(foot, landmarks={**foot.landmarks, **marks})


def _refuse_elsewhere(foot: Foot, name: str, mark: Landmark) -> None:
    if name in _PLACES:
        _refuse_other_place(foot, name, mark)
    if name in foot.landmarks:
        moved = float(np.linalg.norm(mark.xyz_mm - foot.landmarks[name].xyz_mm))
        if moved > _MOST_MOVED_MM:
            raise ScanError(
                f"{FILE_NAME}: the {name} of the {foot.side} foot lies {moved:.0f} mm from where it was found; expected"
                f" at most {_MOST_MOVED_MM:g} mm: the place is another one's, or the foot's side is wrong. Correct it,"
                " or leave it out."
            )


def _refuse_other_place(foot: Foot, name: str, mark: Landmark) -> None:
    """Refuse a landmark that is only set by hand where no foot has it, such as a navicular on the lateral side."""
    border, low, high = _PLACES[name]
    along = foot.mesh.vertices[foot.mesh.vertices[:, 2] < _FOOT_HEIGHT_MM, 0]
    share = float((mark.xyz_mm[0] - along.min()) / np.ptp(along))
    on_medial = (mark.xyz_mm[1] < 0.0) == (foot.side == "left")
    if on_medial != (border == "medial") or not low <= share <= high:
        where = f"{'medial' if on_medial else 'lateral'} side at {share:.2f}"
        raise ScanError(
            f"{FILE_NAME}: the {name} of the {foot.side} foot lies on the {where} of the foot's length; expected on"
            f" the {border} side at {low:.2f} to {high:.2f}. Correct it (y points to the left), or leave it out."
        )


def _is_same(mark: Landmark, found: Landmark) -> bool:
    return bool(mark.method == found.method and np.allclose(mark.xyz_mm, found.xyz_mm, rtol=0.0, atol=1e-6))


def _on_skin(foot: Foot, name: str, mark: Landmark) -> Landmark:
    """Return a landmark that was set by hand, whatever method it says, at the nearest point of the surface."""
    point = mark.xyz_mm.clip(-_FAR_MM, _FAR_MM)
    nearest = closest_point(foot.mesh, point)
    apart = float(np.linalg.norm(nearest - point))
    if not apart <= _REACH_MM:
        at: Any = ", ".join(f"{value:.5g}" for value in mark.xyz_mm)
        skin = ", ".join(f"{value:.1f}" for value in nearest)
        raise ScanError(
            f"{FILE_NAME}: the {name} of the {foot.side} foot at ({at}) lies {apart:.4g} mm off the skin; expected at"
            f" most {_REACH_MM:g} mm. The nearest skin is at ({skin}). Correct it (foot frame, mm, as in"
            " 4-align/landmarks.json) or leave it out."
        )
    if apart > 0.5:
        log.info("%s: the %s foot's %s was moved by %.1f mm onto the skin", FILE_NAME, foot.side, name, apart)
    return Landmark(nearest, "edited", mark.confidence)
