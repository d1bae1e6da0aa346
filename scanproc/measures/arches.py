"""The arch of a foot: its height, the room below it, its print."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.anatomy.foot_regions import ARCH_WINDOW, SOLE_HEIGHT_MM
from scanproc.anatomy.open_boundaries import open_stations
from scanproc.anatomy.plantar_surface import SoleMap, sole_map
from scanproc.artifacts import ReadGeometry
from scanproc.measures.lengths import dorsum_height, truncated_foot_length
from scanproc.measures.readings import FootShape, Reading, height_of, no_reading

CONTACT_MM = 2.0  # the underside below this counts as touching
TOE_CUT_SHARE = 0.08  # of the length: so far ahead of the metatarsal points a print holds toes only
_STATIONS, _OPEN_SHARE = 31, 0.1  # along the arch, and those whose border may be an open edge
_SOLE = "the sole"
_CAPPED = "the sole is closed by a plane, which is no skin (a cap of the scan, or of the program that made the mesh)"


def arch_height_index(shape: FootShape) -> Reading:
    """Dorsum height by truncated foot length (Williams & McClay 2000)."""
    dorsum, truncated = shape.once(dorsum_height), shape.once(truncated_foot_length)
    if dorsum.value is None or truncated.value is None:
        return dorsum if dorsum.value is None else truncated
    worse = max(dorsum, truncated, key=lambda reading: reading.unseen_share)

    def read_from() -> ReadGeometry:
        parts = {"dorsum height": dorsum.geometry(), "truncated length": truncated.geometry()}
        points = {name: point for part in parts.values() for name, point in part.points.items()}
        return ReadGeometry(points, {name: part.lines["dimension"] for name, part in parts.items()})

    return Reading(dorsum.value / truncated.value, worse.unseen_share, worse.where, geometry=read_from)


def plantar_arch_height(shape: FootShape) -> Reading:
    """Greatest height of the underside along the arch line."""
    if (refused := _refused(shape)) is not None:
        return refused
    apex = shape.arch.apex(seen_only=False)
    unseen = 1.0 - shape.arch.seen_share
    if apex is None:
        return _sole_unseen(unseen)

    def read_from() -> ReadGeometry:
        found, line = height_of(apex, "apex"), shape.arch.points
        return replace(found, curves={"arch line": line[np.isfinite(line[:, 2])]})

    return Reading(float(apex[2]), unseen, _SOLE, geometry=read_from)


def arch_volume(shape: FootShape) -> Reading:
    """Volume between underside and ground, mm3: medial half of the sections from 0.30 to 0.60 of the length."""
    if (refused := _refused(shape)) is not None:
        return refused
    first, last = shape.at(ARCH_WINDOW[0]), shape.at(ARCH_WINDOW[1])
    slices = int(np.ceil(last - first))
    step_x = (last - first) / slices
    x = np.asarray(first + (np.arange(slices) + 0.5) * step_x, dtype=np.float64)
    borders = shape.plantar.borders(x)
    half = borders.width / 2.0
    count = max(int(np.ceil(np.nanmax(half))), 1) if np.isfinite(half).any() else 1
    step_y = half / count
    right = borders.right if shape.medial_y < 0.0 else borders.left - half
    found = shape.plantar.heights(x, right + 0.5 * step_y, step_y, count)
    area = np.nansum(np.maximum(found.height, 0.0), axis=1) * step_y
    seen = float(found.seen.mean())
    if seen <= 0.0:
        return _sole_unseen(1.0)

    def read_from() -> ReadGeometry:
        there = np.isfinite(right)
        sides = [np.column_stack([x[there], y[there], np.zeros(there.sum())]) for y in (right, right + half)]
        return ReadGeometry(curves={"on the ground": np.concatenate([sides[0], sides[1][::-1], sides[0][:1]])})

    return Reading(float(np.nansum(area) * step_x), 1.0 - seen, _SOLE, geometry=read_from)


def arch_index(shape: FootShape) -> Reading:
    """Contact of the middle third by that of all three thirds of the toeless print (Cavanagh & Rodgers 1987)."""
    if shape.loading not in ("standing", "seated"):
        return no_reading('only a loaded foot leaves a print (scan.toml: loading = "standing" or "seated")')
    if (refused := _refused(shape)) is not None:
        return refused
    sole = shape.once(whole_sole)
    contact = (sole.height < CONTACT_MM) & sole.seen
    tibiale, fibulare = shape.landmark("metatarsale_tibiale"), shape.landmark("metatarsale_fibulare")
    slope = (tibiale[0] - fibulare[0]) / (tibiale[1] - fibulare[1])
    cut = tibiale[0] + slope * (sole.y - tibiale[1]) + TOE_CUT_SHARE * shape.length
    contact &= sole.x[:, None] < cut
    rows = np.flatnonzero(contact.any(axis=1))
    unseen = 1.0 - float((sole.seen & sole.inside).sum() / max(sole.inside.sum(), 1))
    if not len(rows):
        return _sole_unseen(unseen)
    third = np.floor((np.arange(len(sole.x)) - rows[0]) * 3.0 / (rows[-1] - rows[0] + 1)).astype(np.int64)
    print_area = contact.sum(axis=1)

    def read_from() -> ReadGeometry:
        y = sole.y[np.flatnonzero(contact.any(axis=0))[[0, -1]]]
        half_cell = 0.5 * (sole.x[1] - sole.x[0])
        x = np.linspace(sole.x[rows[0]] - half_cell, sole.x[rows[-1]] + half_cell, 4)
        names = ("rear of the print", "first third", "second third", "front of the print")
        ends = [np.array([[at, y[0], 0.0], [at, y[1], 0.0]]) for at in x]
        return ReadGeometry(lines=dict(zip(names, ends, strict=True)))

    return Reading(float(print_area[third == 1].sum() / print_area.sum()), unseen, _SOLE, geometry=read_from)


def whole_sole(shape: FootShape) -> SoleMap:
    """Return the height of the underside under all of the foot."""
    low = shape.low_mesh.vertices
    return sole_map(shape.plantar, shape.rear, shape.at(1.0), float(low[:, 1].min()), float(low[:, 1].max()))


def _refused(shape: FootShape) -> Reading | None:
    """Refuse the arch of a foot whose sole is a plane, or one of whose borders, which give its width, was not seen."""
    if shape.itself is not None:  # a replicate of a foot that was not refused
        return None
    if shape.cap.closes_the_arch:
        return no_reading(_CAPPED)
    borders = shape.borders(np.linspace(shape.at(ARCH_WINDOW[0]), shape.at(ARCH_WINDOW[1]), _STATIONS), SOLE_HEIGHT_MM)
    is_open = open_stations(shape.low_mesh, shape.low_boundary, borders, SOLE_HEIGHT_MM, shape.border_cosine)
    return no_reading("one side of the midfoot was not seen") if is_open.mean() > _OPEN_SHARE else None


def _sole_unseen(unseen: float) -> Reading:
    return no_reading(f"the sole was not seen ({100.0 * (1.0 - unseen):.0f} % of the arch)")
