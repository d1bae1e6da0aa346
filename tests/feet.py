"""Feet whose measures are known by formula, built in the foot frame of a left foot, and scans made of them.

The body is swept along x. Its section at x is bounded above by half an ellipse and below by a flat sole with rounded
corners, so that borders, heights, girths and the arch have formulas; toes are ellipsoids, the leg is a leaning tube.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import manifold3d  # type: ignore[import-not-found]
import numpy as np
from scipy.special import ellipe

from scanproc.artifacts import Mesh, Surface
from scanproc.frames import FloatArray, transform

# Shares of the length. Borders and heights run through these points as monotone-safe cubics (PCHIP).
_BODY_END = 0.90
_BORDER_X = (0.0, 0.14, 0.24, 0.45, 0.66, 0.72, 0.78, 0.90)
_MEDIAL = (0.0, 0.120, 0.120, 0.100, 0.160, 0.164, 0.160, 0.060)
_LATERAL_X = (0.0, 0.14, 0.24, 0.45, 0.57, 0.63, 0.69, 0.90)
_LATERAL = (0.0, 0.120, 0.120, 0.150, 0.186, 0.190, 0.186, 0.060)
_TOP_X = (0.0, 0.08, 0.14, 0.34, 0.50, 0.70, 0.80, 0.90)
_TOP = (0.08, 0.22, 0.30, 0.31, 0.28, 0.18, 0.13, 0.09)
_WAIST_Z = 0.07  # height of the borders
_CORNER = 0.06  # rounding of the sole's edge
# tip x, tip y, half length, half width, half height of the toes' ellipsoids
_TOES = (
    (1.000, -0.090, 0.16, 0.046, 0.045),
    (0.985, 0.000, 0.15, 0.036, 0.040),
    (0.950, 0.070, 0.15, 0.032, 0.036),
    (0.900, 0.130, 0.14, 0.030, 0.034),
    (0.840, 0.155, 0.12, 0.028, 0.032),
)


@dataclass(frozen=True)
class AnalyticFoot:
    """A left foot of a given length, heel lean, leg lean and arch; lengths in mm.

    The heel leans about the height of the pternion, and less and less from a quarter to half of the length, so that the
    pternion and the toes stay where they are: the foot is in its own foot frame.
    """

    length: float = 250.0
    heel_deg: float = 0.0
    leg_deg: float = 0.0
    arch_mm: float = 12.0
    leg_top_mm: float = 200.0
    step_mm: float = 2.0

    # ------------------------------------------------------------------------------------------- truth

    @property
    def truncated_length(self) -> float:
        return 0.72 * self.length

    @property
    def outside_ball_length(self) -> float:
        return 0.63 * self.length

    @property
    def width(self) -> float:
        return (0.164 + 0.190) * self.length

    @property
    def heel_width(self) -> float:
        return float(self.medial(0.16) + self.lateral(0.16))

    @property
    def dorsum_height(self) -> float:
        return float(self.top(0.5))

    @property
    def ball_angle_deg(self) -> float:
        return float(np.rad2deg(np.arctan2(0.72 - 0.63, 0.164 + 0.190)))

    @property
    def instep_girth(self) -> float:
        """Half an ellipse above, two quarter ellipses and the flat sole below."""
        half = float(self.medial(0.5) + self.lateral(0.5)) / 2.0
        waist, arch, corner = self._waist, float(self.underside(0.5)), _CORNER * self.length
        above = _quarter_ellipse(half, self.dorsum_height - waist)
        below = _quarter_ellipse(corner, waist - arch)
        return 2.0 * above + 2.0 * below + 2.0 * (half - corner)

    @property
    def arch_volume(self) -> float:
        """Under the medial half of each section: a box as high as the flat sole, and what the corner leaves open."""
        share = np.linspace(0.30, 0.60, 3001)
        half = (self.medial(share) + self.lateral(share)) / 2.0
        corner = _CORNER * self.length * (self._waist - self.underside(share)) * (1.0 - np.pi / 4.0)
        area = half * self.underside(share) + corner
        return float(np.trapezoid(area, share * self.length))

    def medial(self, share: FloatArray | float) -> FloatArray:
        """Distance of the medial border from y = 0, mm."""
        return self._rounded(share, _BORDER_X, _MEDIAL)

    def lateral(self, share: FloatArray | float) -> FloatArray:
        return self._rounded(share, _LATERAL_X, _LATERAL)

    def top(self, share: FloatArray | float) -> FloatArray:
        """Height of the dorsum without the leg, mm."""
        return self.length * _curve(share, _TOP_X, _TOP)

    def underside(self, share: FloatArray | float) -> FloatArray:
        """Height of the flat part of the sole, mm: a cosine bump from 0.25 to 0.60 of the length."""
        phase = np.clip((np.asarray(share) - 0.425) / 0.175, -1.0, 1.0)
        return np.asarray(self.arch_mm * (1.0 + np.cos(np.pi * phase)) / 2.0)

    # ------------------------------------------------------------------------------------------- shape

    def mesh(self) -> Mesh:
        """Return the closed surface, in the foot frame."""
        solid = self._body()
        for toe in _TOES:
            solid += self._toe(*(value * self.length for value in toe))
        return _as_mesh((solid + self._leg()).to_mesh64())

    def _body(self) -> manifold3d.Manifold:
        # closer slices at the ends, where the outline turns
        count = int(np.ceil(_BODY_END * self.length / self.step_mm * 1.3))
        share = _BODY_END * (1.0 - np.cos(np.linspace(0.0, np.pi, count + 1))) / 2.0
        share = share[1:-1]
        sections = np.array([self._section(float(at)) for at in share])
        rear = np.array([0.0, 0.0, self._waist])
        front = np.array([_BODY_END * self.length, sections[-1, :, 1].mean(), self._waist * 0.6])
        return _tube(sections, rear, front)

    def _section(self, share: float) -> FloatArray:
        """Return the outline of one section, (K, 3) mm, seen from the front counter-clockwise in (y, z)."""
        right, left = -float(self.medial(share)), float(self.lateral(share))
        half, middle = (left - right) / 2.0, (left + right) / 2.0
        waist, sole, top = self._waist, float(self.underside(share)), float(self.top(share))
        corner = min(_CORNER * self.length, half)
        upper = np.linspace(0.0, np.pi, 72, endpoint=False)
        lower = np.linspace(0.0, np.pi / 2.0, 10)
        flat = np.linspace(-1.0, 1.0, 24)[1:-1] * (half - corner)
        y = np.concatenate(
            [
                half * np.cos(upper),
                -(half - corner) - corner * np.cos(lower),
                flat,
                half - corner + corner * np.sin(lower[:-1]),
            ]
        )
        z = np.concatenate(
            [waist + (top - waist) * np.sin(upper), waist - (waist - sole) * np.sin(lower), np.full(len(flat), sole),
             waist - (waist - sole) * np.cos(lower[:-1])]
        )  # fmt: skip
        fade = np.clip((0.5 - share) / 0.25, 0.0, 1.0)
        lean = np.tan(np.deg2rad(self.heel_deg)) * fade * fade * (3.0 - 2.0 * fade)
        y = y + middle - lean * (z - self._waist)  # medial is -y: valgus leans there with its top
        return np.stack([np.full(len(y), share * self.length), y, z], axis=1)

    def _toe(self, x: float, y: float, long: float, wide: float, high: float) -> manifold3d.Manifold:
        sphere = manifold3d.Manifold.sphere(1.0, 96)
        return sphere.scale([long, wide, high]).translate([x - long, y, high + 1.0])

    def _leg(self) -> manifold3d.Manifold:
        low, high, radius = 0.26 * self.length, self.leg_top_mm, 0.115 * self.length
        turn = np.linspace(0.0, 2.0 * np.pi, 96, endpoint=False)
        rings = []
        for z in np.linspace(low, high, int((high - low) / self.step_mm) + 2):
            y = -np.tan(np.deg2rad(self.leg_deg)) * (z - low)
            rings.append(
                np.stack(
                    [0.22 * self.length + radius * np.cos(turn), y + radius * np.sin(turn), np.full(96, z)], axis=1
                )
            )
        sections = np.array(rings)
        return _tube(sections, sections[0].mean(axis=0), sections[-1].mean(axis=0))

    @property
    def _waist(self) -> float:
        """Height of the borders, mm."""
        return _WAIST_Z * self.length

    def _rounded(self, share: FloatArray | float, x: tuple[float, ...], y: tuple[float, ...]) -> FloatArray:
        """A border that is round behind (a quarter ellipse up to 0.14 of the length) and smooth ahead of it."""
        at = np.asarray(share, dtype=np.float64)
        round_end = y[1] * np.sqrt(np.clip(1.0 - ((0.14 - np.minimum(at, 0.14)) / 0.14) ** 2, 0.0, 1.0))
        return np.asarray(self.length * np.where(at < 0.14, round_end, _curve(at, x[1:], y[1:])))


def _curve(share: FloatArray | float, x: tuple[float, ...], y: tuple[float, ...]) -> FloatArray:
    from scipy.interpolate import PchipInterpolator

    return np.asarray(PchipInterpolator(x, y)(share))


def _quarter_ellipse(a: float, b: float) -> float:
    long, short = max(a, b), min(a, b)
    return float(long * ellipe(1.0 - (short / long) ** 2))


def _tube(sections: FloatArray, start: FloatArray, end: FloatArray) -> manifold3d.Manifold:
    """Return the solid through (N, K, 3) closed outlines, with a fan to a point at each end."""
    count, around = sections.shape[:2]
    ring = np.arange(count * around).reshape(count, around)
    a, b = ring[:-1], ring[1:]
    a_next, b_next = np.roll(a, -1, axis=1), np.roll(b, -1, axis=1)
    faces = [np.stack([a, a_next, b_next], axis=-1).reshape(-1, 3), np.stack([a, b_next, b], axis=-1).reshape(-1, 3)]
    first, last = count * around, count * around + 1
    faces.append(np.stack([np.full(around, first), np.roll(ring[0], -1), ring[0]], axis=1))
    faces.append(np.stack([np.full(around, last), ring[-1], np.roll(ring[-1], -1)], axis=1))
    vertices = np.concatenate([sections.reshape(-1, 3), [start, end]])
    solid = manifold3d.Manifold(manifold3d.Mesh64(vertices, np.concatenate(faces).astype(np.uint64)))
    if solid.is_empty():
        raise ValueError(f"not a solid: {solid.status()}")
    return (
        solid
        if solid.volume() > 0.0
        else manifold3d.Manifold(manifold3d.Mesh64(vertices, np.concatenate(faces).astype(np.uint64)[:, ::-1].copy()))
    )


def _as_mesh(mesh: manifold3d.Mesh64) -> Mesh:
    return Mesh(np.array(mesh.vert_properties[:, :3], dtype=np.float64), np.array(mesh.tri_verts, dtype=np.int32))


# ------------------------------------------------------------------------------------------------ scans made of shapes


def mirrored(mesh: Mesh) -> Mesh:
    """Return the other side's foot."""
    return Mesh(mesh.vertices * [1.0, -1.0, 1.0], mesh.faces[:, ::-1].copy())


def moved(mesh: Mesh, T: FloatArray) -> Mesh:
    """Return the mesh moved by a (4, 4) transform."""
    return Mesh(transform(T, mesh.vertices), mesh.faces)


def scaled(mesh: Mesh, factor: float) -> Mesh:
    return Mesh(mesh.vertices * factor, mesh.faces)


def noisy(mesh: Mesh, sigma_mm: float, seed: int = 0) -> Mesh:
    """Return the mesh with white noise on its vertices."""
    noise = np.random.default_rng(seed).normal(scale=sigma_mm, size=mesh.vertices.shape)
    return Mesh(mesh.vertices + noise, mesh.faces)


def without(mesh: Mesh, low: float = -np.inf, high: float = np.inf) -> Mesh:
    """Return the mesh without the faces that lie between two heights, such as the unseen sole of a standing foot."""
    z = mesh.vertices[:, 2][mesh.faces]
    return Mesh(mesh.vertices, mesh.faces[~((z.min(axis=1) >= low) & (z.max(axis=1) <= high))])


def as_surface(mesh: Mesh, floor_seen: bool, views: int = 9) -> Surface:
    """Return a surface of which all was seen."""
    return Surface(mesh, np.full(len(mesh.vertices), views, dtype=np.uint8), floor_seen)


def as_recorded(mesh: Mesh, floor_seen: bool) -> Surface:
    """Return the same of a recording, which knows what it saw, and whose two replicates do not err."""
    return replace(as_surface(mesh, floor_seen), errors_mm=np.zeros((len(mesh.vertices), 2), dtype=np.float16))
