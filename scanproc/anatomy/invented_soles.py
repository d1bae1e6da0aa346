"""Soles that no scanner saw: what a program put in their place lacks what skin has.

A scan that another scanner finished does not say which of it was seen. Seven things tell: skin that rests on nothing
is nowhere flat, a foot does not hang below its heel and ball, its pads are round where they leave the ground, it
touches the ground inside its rim and hangs a little below that (`sole_membranes`), no half of a sole is the image of
the other, and neither a scanner's noise nor its triangles change at the sole's edge.
Planes that close a cut exactly: see `plantar_surface.sole_cap`. What is told of which kinds, and what is not, is
in tests/test_invented_soles.py.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import correlate

from scanproc.anatomy.foot_regions import ARCH_WINDOW, FOOT_HEIGHT_MM
from scanproc.anatomy.landmarks import FootPoints
from scanproc.anatomy.mirrored_soles import is_mirrored
from scanproc.anatomy.plantar_surface import Cap, PlantarSurface, SoleMap, sole_map
from scanproc.anatomy.sole_membranes import RimRelations, rim_relations
from scanproc.artifacts import BoolArray, ByteArray, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.edges import border_edges, edges_of
from scanproc.mesh.meshes import face_areas, face_centres, face_normals, vertex_normals

log = logging.getLogger(__name__)

# Shares of the foot length: discs wide enough to average 0.3 mm of noise out of their curvature, and the curvature and
# slope up to which they count as flat: a radius of 300 mm at 260 mm of length, 6 degrees. Of nine feet, smoothed by up
# to 80 Laplacian steps, made coarse, with noise up to 0.3 mm, at most 3 % of the midfoot is so flat, of arches that are
# half as high 9 to 16 %. Of plateaus smoothed by up to 80 steps it is 13 % and more, of their heels nothing. Feet
# pressed 6 mm deep on glass: 23 to 45 %, always less than of their heels (33 to 69 %), and an arch of 5 mm is left.
# Planes 8 mm high: 25 to 49 %, with an arch of 3 mm.
_DISC_SHARE, _FLAT_CURVATURE, _LEVEL_SLOPE = 0.046, 0.87, 0.1
_HEEL, _BALL = (0.03, 0.25), (0.62, 0.75)
# Mean curvature times length where heel and ball are steeper than that slope. Of five feet, pressed, smoothed and with
# low arches, 2.7 and more, raised ones up to 9; of films over a rim (harmonic fills, whose mean curvature is nought),
# low polynomials and images of the dorsum at most 0.6 at one of the two. Fewer cells tell nothing.
_ROUND, _STEEP_CELLS = 1.4, 15
_RAISED_MM = 0.7  # flat skin that lies lower may be pressed on glass
_FLAT_SHARE, _PRESSED_SHARE, _ARCH_LEFT_MM = 0.12, 0.25, 4.0
_BELLY_MM, _BELLY_SHARE = 1.0, 0.05  # thin plates: 7 to 22 % of the midfoot lie so low; of feet nothing
# Of eleven feet, smoothed, coarse, noisy, pressed on glass by 4 mm, soles hang by 0.0041 to 0.0105 of the length, and
# pressed by 6 mm, if an arch is left, by 0.0040 and more; of 250 broader, slimmer, twisted ones with other arches by
# 0.0045 to 0.0134. Of films over a rim by 0.0005 to 0.0033, smoothed by 60 steps up to 0.0039, by 100 up to 0.0051; of
# thin plates 0.0140 and more, of Poisson's skirts 0.0109 and more.
_LEAST_HANG, _MOST_HANG = 0.0039, 0.0150
# The same feet: 0.59 to 0.87, 6 mm deep on glass 0.51 and more; films 0.07 to 0.43, smoothed by 100 steps 0.36 to 0.60.
_LEAST_CONTACT_DEPTH, _FLAT_CONTACT_DEPTH = 0.48, 0.6
# Times the edges beside it: of feet, decimated, too, 0.99 to 1.2; of skirts and flat fillings 1.2 to 7.9.
_COARSER = 1.8
_LOUD_MM, _STOPS = 0.01, 0.25  # roughness of a scan with noise; that of an invented sole, as a share of the rest's
_SOLE_COSINE, _UNDER_COSINE, _WALL_COSINE, _SOLE_MM = 0.7, 0.5, 0.3, 30.0
_STEP_MM = 2.0


@dataclass(frozen=True)
class InventedSole:
    """Why a sole is no skin, in words, and the (V,) vertices that count as not seen."""

    reason: str
    vertices: BoolArray


def believed_views(views: ByteArray, mesh: Mesh, as_scanned: Mesh, cap: Cap, points: FootPoints | None) -> ByteArray:
    """Return (V,) views in which a sole that was made up counts as what it is: not seen.

    Parameters
    ----------
    mesh, as_scanned : foot frame; the same before anything evened it, with its noise.
    points : of a foot that another scanner finished, whose file does not say what was seen; None of others.
    """
    if cap.closes_the_arch:
        log.warning("align: the sole is closed by a plane; it counts as not seen")
        views = np.where(np.isin(np.arange(len(views)), mesh.faces[cap.faces]), 0, views).astype(np.uint8)
    if points is None:
        return views
    invented = invented_sole(mesh, as_scanned, views > 0, float(points.pternion[0]), points.length_mm)
    if invented is None:
        return views
    log.warning("align: a program made up the sole, which counts as not seen: %s", invented.reason)
    return np.where(invented.vertices, 0, views).astype(np.uint8)


def invented_sole(mesh: Mesh, as_scanned: Mesh, seen: BoolArray, rear: float, length: float) -> InventedSole | None:
    """Find out whether the sole of a foot in its frame was invented by a program; None where nothing tells so.

    Parameters
    ----------
    mesh, as_scanned : the same before anything evened it, with its noise.
    seen : (V,) bool.
    rear, length : mm, of the pternion and of the foot.
    """
    normals = vertex_normals(mesh)
    sole = (normals[:, 2] < -_SOLE_COSINE) & (mesh.vertices[:, 2] < _SOLE_MM)
    reason = _too_smooth(as_scanned, sole & seen) or _too_coarse(mesh) or _no_skin(mesh, seen, rear, length)
    return (
        None
        if reason is None
        else InventedSole(reason, (normals[:, 2] < -_UNDER_COSINE) & (mesh.vertices[:, 2] < _SOLE_MM))
    )


def _no_skin(mesh: Mesh, seen: BoolArray, rear: float, length: float) -> str | None:
    """Return what is wrong with the shape of a sole: skin is pressed flat under the heel before it is at the arch."""
    low = mesh.vertices[mesh.vertices[:, 2] < FOOT_HEIGHT_MM, 1]
    disc_mm = _DISC_SHARE * length
    plantar = PlantarSurface.of(mesh, seen.astype(np.uint8))
    last = rear + _BALL[1] * length + disc_mm
    found = sole_map(plantar, rear, last, float(low.min()), float(low.max()), _STEP_MM)
    height = np.where(found.seen & (found.height < _SOLE_MM), found.height, np.nan)
    bends = _bends(found, height, disc_mm, length)

    def part_of(part: tuple[float, float]) -> BoolArray:
        return np.asarray((found.x >= rear + part[0] * length) & (found.x <= rear + part[1] * length))[:, None]

    def within(part: tuple[float, float]) -> BoolArray:
        return bends.known & part_of(part)

    def share_of(part: tuple[float, float], cells: BoolArray) -> float:
        return float((cells & within(part)).sum() / max(within(part).sum(), 1))

    flat = (bends.greatest < _FLAT_CURVATURE) & (bends.slope < _LEVEL_SLOPE)
    midfoot, heel = share_of(ARCH_WINDOW, flat), share_of(_HEEL, flat)
    raised = share_of(ARCH_WINDOW, flat & (height > _RAISED_MM))
    arch_mm = float(np.max(height, where=within(ARCH_WINDOW), initial=0.0))
    pressed = np.inf if arch_mm > _ARCH_LEFT_MM else _PRESSED_SHARE
    if raised > _FLAT_SHARE or midfoot > min(max(_FLAT_SHARE, heel), pressed):
        return f"{midfoot:.0%} of its midfoot is flat and level, as no skin is"
    if share_of(ARCH_WINDOW, height < -_BELLY_MM) > _BELLY_SHARE:
        return "its midfoot hangs below heel and ball, as a hole that was closed does"
    for name, part in (("heel", _HEEL), ("ball", _BALL)):
        steep = within(part) & (bends.slope >= _LEVEL_SLOPE)
        if steep.sum() >= _STEEP_CELLS and np.median(bends.mean[steep]) < _ROUND:
            return f"its {name} is not round where it leaves the ground, as a film over a hole is not"
    if is_mirrored(found, height, rear, length):
        return "one half of it is the image of the other"
    rim = rim_relations(found, height, np.broadcast_to(part_of(_HEEL), height.shape), length)
    return _against_rim(rim, arch_mm, length)


def _against_rim(rim: RimRelations, arch_mm: float, length: float) -> str | None:
    """Return what is wrong with how a sole lies against its own rim."""
    if rim.contact_depth < _LEAST_CONTACT_DEPTH:
        return "its heel rests on its rim, as a film over a hole does"
    in_membrane = rim.hang < _LEAST_HANG and rim.contact_depth < _FLAT_CONTACT_DEPTH
    if in_membrane and arch_mm > _ARCH_LEFT_MM:  # a flat foot on glass lies in one, too
        return "it lies in a membrane over its rim, as a film over a hole does"
    if rim.hang > _MOST_HANG:
        return f"it hangs {rim.hang * length:.1f} mm below its rim, farther than skin does"
    return None


@dataclass(frozen=True)
class _Bends:
    """How a sole bends in the disc round each of (A, B) cells, by the parabola that fits its heights best.

    Attributes
    ----------
    greatest, mean : the greater principal curvature, and the mean one, positive where it is round like a bowl, both
        times the length of the foot.
    slope : rise by run.
    known : whether all of the disc was seen.
    """

    greatest: FloatArray
    mean: FloatArray
    slope: FloatArray
    known: BoolArray


def _bends(found: SoleMap, height: FloatArray, disc_mm: float, length: float) -> _Bends:
    """Return how a sole of (A, B) heights, nan where it was not seen, bends."""
    step_x, step_y = float(found.x[1] - found.x[0]), float(found.y[1] - found.y[0])
    reach = [np.arange(-int(disc_mm / step), int(disc_mm / step) + 1) * step for step in (step_x, step_y)]
    x, y = np.meshgrid(*reach, indexing="ij")
    disc = np.hypot(x, y) <= disc_mm
    design = np.stack([np.ones_like(x), x, y, 0.5 * x * x, x * y, 0.5 * y * y], axis=-1)[disc]
    there = np.isfinite(height)
    known = correlate(there.astype(np.float64), disc.astype(np.float64), mode="constant") > disc.sum() - 0.5
    fitted = []
    for row in np.linalg.pinv(design)[1:]:
        kernel = np.zeros(disc.shape)
        kernel[disc] = row
        fitted.append(correlate(np.where(there, height, 0.0), kernel, mode="constant"))
    slope_x, slope_y, bend_x, twist, bend_y = fitted
    mean = (bend_x + bend_y) / 2.0 * length
    greatest = np.abs(mean) + np.hypot((bend_x - bend_y) / 2.0, twist) * length
    return _Bends(greatest, mean, np.hypot(slope_x, slope_y), known)


def _too_smooth(mesh: Mesh, sole: BoolArray) -> str | None:
    """Tell whether the noise of a scan stops at the sole: the rest of the foot is rough, its (V,) sole is not."""
    normals = vertex_normals(mesh)
    rest = (normals[:, 2] > -_WALL_COSINE) & (mesh.vertices[:, 2] < FOOT_HEIGHT_MM)
    if not sole.any() or not rest.any():
        return None
    rough = np.abs(_roughness(mesh, normals))
    under, beside = float(np.median(rough[sole])), float(np.median(rough[rest]))
    if beside < _LOUD_MM or under > _STOPS * beside:
        return None
    return f"the scan's noise stops there: {under:.3f} mm against {beside:.3f} mm elsewhere"


def _too_coarse(mesh: Mesh) -> str | None:
    """Tell whether the triangles of a sole are coarser than those beside it, as where nothing was seen to make them."""
    heights, looks_up, areas = face_centres(mesh)[:, 2], face_normals(mesh)[:, 2], face_areas(mesh)
    under = areas[(looks_up < -_SOLE_COSINE) & (heights < _SOLE_MM)]
    beside = areas[(looks_up > -_WALL_COSINE) & (heights < FOOT_HEIGHT_MM)]
    if not len(under) or not len(beside):
        return None
    coarser = float(np.sqrt(_middle_area(under) / _middle_area(beside)))
    return f"its triangles are {coarser:.1f} times as long as those beside it" if coarser > _COARSER else None


def _middle_area(areas: FloatArray) -> float:
    """Return the area of the faces that half of a surface's area is of the size of, or less."""
    ordered = np.sort(areas)
    return float(ordered[np.searchsorted(np.cumsum(ordered), ordered.sum() / 2.0)])


def _roughness(mesh: Mesh, normals: FloatArray) -> FloatArray:
    """Return how far (V,) each vertex stands out of its neighbours, less what they all do: the bend of the surface."""
    edges = edges_of(mesh.faces, len(mesh.vertices))
    border = border_edges(edges)
    start = np.concatenate([np.repeat(np.arange(len(mesh.vertices)), np.diff(edges.starts)), border[:, 0]])
    end = np.concatenate([edges.ends, border[:, 1]])
    count = np.maximum(np.bincount(start, minlength=len(mesh.vertices)), 1)

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(start, values[end], minlength=len(mesh.vertices)) / count)

    middle = np.column_stack([mean(mesh.vertices[:, k]) for k in range(3)])
    out = ((mesh.vertices - middle) * normals).sum(axis=1)
    return np.asarray(out - mean(out))
