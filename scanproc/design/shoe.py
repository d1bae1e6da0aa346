"""The shoe that the insole is for: its size, its width, its own insole."""

from __future__ import annotations

import logging

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.design.plan import HEEL_END
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import area_mm2, begun_behind, resampled
from scanproc.mesh.polyline_distance import nearest_on_curve
from scanproc.prescription.device import Device
from scanproc.solid.blending import smooth_step

log = logging.getLogger(__name__)

_MM_PER_SIZE = 20.0 / 3.0  # Paris points
_TOO_SHORT_MM, _TOO_LONG_MM = 3.0, 30.0  # half a size under the foot; toes that swim
_LEAST_WIDTH = 0.80  # of the ball: a narrower insole bears no forefoot
_BESIDE_MM, _AHEAD_MM = 12.0, 40.0  # so far beyond the foot's border nothing of the sole tells how high to build
_PROPORTIONS = (2.0, 4.5)  # length by width of any shoe's insole
_LENGTHS = (0.6, 1.3)  # of the foot's
_CLEAR_BEND = 0.01  # of the length: bends less than that tell no side


def full_length_end(border: FloatArray, foot: FootPlan, device: Device, toe_room_mm: float) -> float:
    """Return the x of the front end of a full length, mm: by the toes, or by the shoe."""
    if device.shoe_size_eu is None:
        return foot.length_mm + toe_room_mm
    return float(border[:, 0].min()) + device.shoe_size_eu * _MM_PER_SIZE


def refuse_wrong_size(foot: FootPlan, device: Device) -> None:
    """Refuse a shoe that is too short or too long for the foot."""
    if device.shoe_size_eu is None:
        return
    inner = device.shoe_size_eu * _MM_PER_SIZE
    least, most = ((foot.length_mm + room) / _MM_PER_SIZE for room in (-_TOO_SHORT_MM, _TOO_LONG_MM))
    if not -_TOO_SHORT_MM <= inner - foot.length_mm <= _TOO_LONG_MM:
        raise ScanError(
            f"found a foot of {foot.length_mm:.0f} mm for a shoe of insole.shoe_size_eu = {device.shoe_size_eu:g}"
            f" ({inner:.0f} mm inside), expected a shoe at most {_TOO_SHORT_MM:g} mm shorter and {_TOO_LONG_MM:g} mm"
            f" longer than the foot. Set insole.shoe_size_eu = {np.ceil(least * 2.0) / 2.0:g}, or a size up to"
            f" {most:.1f}, or check the scale of the scan."
        )


def fitted_width(region: FloatArray, foot: FootPlan, device: Device) -> FloatArray:
    """Narrow an outline to the shoe's width, evenly about its middle; the heel keeps the width that its cup needs.

    Raises
    ------
    ScanError
        If the shoe is far narrower than the foot.
    """
    if device.shoe_width_mm is None:
        return region
    ball = float(np.linalg.norm(foot.fibulare - foot.tibiale))
    if device.shoe_width_mm < _LEAST_WIDTH * ball:
        raise ScanError(
            f"found insole.shoe_width_mm = {device.shoe_width_mm:g} for a ball of {ball:.0f} mm, expected at least"
            f" {_LEAST_WIDTH:.0%} of it ({_LEAST_WIDTH * ball:.0f} mm). Take a wider shoe: insole.shoe_width_mm ="
            f" {np.ceil(_LEAST_WIDTH * ball):g}."
        )
    used = region[foot.ahead_of_ball(region) < 0.0] if device.length == "shell" else region
    factor = min(device.shoe_width_mm / float(np.ptp(used[:, 1])), 1.0)
    middle_x = 0.5 * (foot.tibiale[0] + foot.fibulare[0])
    middle_y = 0.5 * (used[:, 1].min() + used[:, 1].max())
    axis = foot.heel[1] + (middle_y - foot.heel[1]) * (region[:, 0] - foot.heel[0]) / (middle_x - foot.heel[0])
    narrowing = (1.0 - factor) * smooth_step(region[:, 0] / foot.length_mm, HEEL_END, 0.55)
    return np.column_stack([region[:, 0], region[:, 1] - narrowing * (region[:, 1] - axis)])


def placed_insole(curve: FloatArray, border: FloatArray, foot: FootPlan) -> FloatArray:
    """Lay the outline of a shoe's insole onto the foot: heel end to heel end, axis to axis; mirrored if of the other.

    Raises
    ------
    ScanError
        If it has not the proportions or the length of an insole for this foot.
    """
    straight = _along_x(curve if area_mm2(curve) > 0.0 else curve[::-1])
    length, width = np.ptp(straight, axis=0)
    least, most = (share * foot.length_mm for share in _LENGTHS)
    if not _PROPORTIONS[0] <= length / width <= _PROPORTIONS[1] or not least <= length <= most:
        raise ScanError(
            f"found an outline of {length:.0f} x {width:.0f} mm in insole.outline_file for a foot of"
            f" {foot.length_mm:.0f} mm, expected the shoe's insole: {least:.0f} to {most:.0f} mm long, and"
            f" {_PROPORTIONS[0]:g} to {_PROPORTIONS[1]:g} times as long as wide. Check the file and its unit."
        )
    drawn_for = _medial_side(straight)
    if drawn_for * foot.medial_y < 0.0:
        log.info("outline: the file is of the other foot, mirrored")
        straight = (straight * np.array([1.0, -1.0]))[::-1]
    ball = 0.5 * (foot.tibiale + foot.fibulare)
    along = (ball - foot.heel) / np.linalg.norm(ball - foot.heel)
    turned = straight @ np.array([along, [-along[1], along[0]]])
    rear = border[:, 0].min()
    heel_y = foot.heel[1] + (rear - foot.heel[0]) * along[1] / along[0]
    placed = turned + np.array([rear - turned[:, 0].min(), heel_y])
    return begun_behind(resampled(placed, 0.5, closed=True), float(foot.heel[1]))


def _along_x(curve: FloatArray) -> FloatArray:
    """Turn a closed curve so that the line from the middle of its heel to that of its forefoot is the x-axis."""
    even = resampled(curve, 0.5, closed=True)
    even = even - even.mean(axis=0)
    axis = _longest(even, np.linalg.svd(even, full_matrices=False)[2][0])
    even = even @ np.array([[axis[0], -axis[1]], [axis[1], axis[0]]])
    if _width_at(even, 0.25)[1] > _width_at(even, 0.70)[1]:
        even = -even  # the heel is the narrower end
    for _ in range(5):
        (heel_y, _), (ball_y, _) = _width_at(even, 0.15), _width_at(even, 0.70)
        yaw = np.arctan2(ball_y - heel_y, 0.55 * np.ptp(even[:, 0]))
        cos, sin = np.cos(yaw), np.sin(yaw)
        even = even @ np.array([[cos, -sin], [sin, cos]])
    return np.asarray(even - np.array([even[:, 0].min(), _width_at(even, 0.15)[0]]))


def _longest(points: FloatArray, axis: FloatArray) -> FloatArray:
    """Return the direction within 20 degrees of an axis in which a curve is longest, (2,)."""
    angles = np.arctan2(axis[1], axis[0]) + np.deg2rad(np.arange(-20.0, 20.5, 0.5))
    ways = np.column_stack([np.cos(angles), np.sin(angles)])
    return np.asarray(ways[np.ptp(points @ ways.T, axis=0).argmax()])


def _width_at(curve: FloatArray, share: float) -> tuple[float, float]:
    """Return middle and width of a curve along x at a share of its length, mm."""
    x = curve[:, 0].min() + share * np.ptp(curve[:, 0])
    near = curve[np.abs(curve[:, 0] - x) < 1.5]
    return float(near[:, 1].min() + near[:, 1].max()) / 2.0, float(np.ptp(near[:, 1]))


def _medial_side(straight: FloatArray) -> float:
    """Return the side, +1 or -1, of the big toe and the arch of an insole along x; 0 if it is the same on both."""
    length = np.ptp(straight[:, 0])
    tip = straight[straight[:, 0] > straight[:, 0].max() - 0.02 * length, 1].mean()
    toes = tip - _width_at(straight, 0.70)[0]
    stations = [straight[np.abs(straight[:, 0] - share * length) < 1.5, 1] for share in (0.15, 0.45, 0.70)]
    upper, lower = np.array([part.max() for part in stations]), np.array([part.min() for part in stations])
    weights = np.array([6.0 / 11.0, -1.0, 5.0 / 11.0])
    hollow = float(weights @ upper) + float(weights @ lower)  # the arch's side is hollow at the waist
    bend = toes + hollow
    return 0.0 if abs(bend) < _CLEAR_BEND * length else float(np.sign(bend))


def refuse_beyond_scan(outline: FloatArray, border: FloatArray, foot: FootPlan) -> None:
    """Refuse an outline that goes so far beyond the foot's own border that nothing tells how high to build there."""
    beyond = -nearest_on_curve(border, outline, 200.0, closed=True).distance_mm
    in_front = foot.ahead_of_ball(outline) > 0.5 * (foot.length_mm - foot.tibiale[0])
    excess = beyond - np.where(in_front, _AHEAD_MM, _BESIDE_MM)
    worst = int(excess.argmax())
    if excess[worst] <= 0.0:
        return
    x, y = outline[worst]
    side = "medial" if y * foot.medial_y > 0.0 else "lateral"
    place = "toes" if in_front[worst] else f"{side} side, {x / foot.length_mm:.0%} of the foot's length"
    raise ScanError(
        f"found the outline beyond the scan: {beyond[worst]:.0f} mm beyond the foot's edge ({place}), expected at most"
        f" {_AHEAD_MM if in_front[worst] else _BESIDE_MM:g} mm. Check insole.outline_file and its unit,"
        " insole.shoe_size_eu, and whether the whole foot was scanned."
    )


def refuse_cut_cup(left_mm: FloatArray, cup_mm: float, tolerance_mm: float) -> None:
    """Refuse an outline so narrow at the heel that the cup's walls end below its asked depth.

    Parameters
    ----------
    left_mm : (N,) how far the top at the heel's outline stands over the asked trim line, mm; negative where it lacks.
    """
    lacking = -float(left_mm.min())
    if lacking > tolerance_mm:
        raise ScanError(
            f"found a heel cup of only {cup_mm - lacking:.1f} mm inside the shoe's outline, expected"
            f" insole.heel_cup_depth_mm = {cup_mm:g}. Set insole.heel_cup_depth_mm ="
            f" {np.floor(10.0 * (cup_mm - lacking)) / 10.0:g}, or take a wider outline."
        )
