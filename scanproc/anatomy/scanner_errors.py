"""How far the finished mesh of another scanner can be trusted: its noise, and what else that scanner may have made."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from scanproc.artifacts import Mesh, Surface
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import vertex_normals
from scanproc.mesh.smoothing import smoothed_vertices

log = logging.getLogger(__name__)

# Noise of so much, and by the spacing of the vertices, is averaged out: heights pick the worst of it. Of 0.5 mm, a mm
# apart, it made dorsum and arch 1.4 and 1.2 mm higher; where vertices lie far apart, averages take more than noise.
_LOUD_MM, _LOUD_SHARE = 0.15, 0.08
_COARSE_MM = 4.5  # of vertices farther apart, their shape looks like noise
_EVEN_EDGES = 2.0  # times the median edge: shorter ones are averaged along
_LEFT_SHARE = 0.5  # of the noise, that is left in places where extremes are sought
_EVEN_ROUNDS, _EVEN_MM = 4, 2.0  # rounds of means, up to this spacing; where it is wider, fewer reach as far

_COUNT = 8  # replicates, as of a recording
_FORM_MM = 25.0  # over which the error of a scanner's form changes: a view's width on a foot is a few of it
_WAVES = 32  # of a random field: its covariance is within 1/sqrt(32) of the Gaussian's (Rahimi & Recht 2007)
_ROUND_MM = 30.0  # of a heel: chords of its curve lie edge² / (8 · 30 mm) inside it
_PLACES, _NEIGHBOURS = 400, 24  # where the noise is looked at, and among how many vertices
_TERMS = 6  # of a quadric


def without_loud_noise(surface: Surface, form_sd_mm: float | None) -> Surface:
    """Return a finished mesh averaged along its edges, if it is so noisy that its extremes are those of the noise.

    Parameters
    ----------
    form_sd_mm : standard uncertainty of what the scanner's software makes, apart from noise: the mesh gets replicates
        of its error. None where nothing is known of the scanner, nor of the error.
    """
    noise_mm, edge_mm = noise_of(surface.mesh), _edge_length(surface.mesh)
    spacing_mm = float(np.sqrt(max(edge_mm**2 - 6.0 * noise_mm**2, edge_mm**2 / 9.0)))  # noise makes edges longer
    left_mm = 0.0
    if spacing_mm < _COARSE_MM and noise_mm > max(_LOUD_MM, _LOUD_SHARE * spacing_mm):
        log.info("align: the mesh is noisy by %.2f mm, and was averaged along its edges", noise_mm)
        rounds = int(np.clip(round(_EVEN_ROUNDS * (_EVEN_MM / spacing_mm) ** 2), 1, _EVEN_ROUNDS))
        even = smoothed_vertices(surface.mesh, _EVEN_EDGES * edge_mm, rounds)
        surface = replace(surface, mesh=Mesh(even, surface.mesh.faces))
        left_mm = _LEFT_SHARE * noise_mm * float(np.sqrt(_EVEN_ROUNDS / rounds))
    return surface if form_sd_mm is None else with_scanner_errors(surface, float(np.hypot(form_sd_mm, left_mm)))


def with_scanner_errors(surface: Surface, form_sd_mm: float) -> Surface:
    """Return a finished mesh with replicates of its error: of its own noise and spacing, and of its scanner's form.

    Parameters
    ----------
    form_sd_mm : standard uncertainty of what the scanner's software makes, apart from noise.
    """
    mesh = surface.mesh
    noise_mm, edge_mm = noise_of(mesh), _edge_length(mesh)
    smooth_mm = float(np.hypot(form_sd_mm, edge_mm**2 / (8.0 * _ROUND_MM)))
    rng = np.random.default_rng(0)
    errors = np.empty((len(mesh.vertices), _COUNT))
    for k in range(_COUNT):
        errors[:, k] = smooth_mm * _random_field(mesh.vertices, rng)
        errors[:, k] += rng.normal(scale=noise_mm, size=len(mesh.vertices))
    return replace(surface, errors_mm=errors.astype(np.float16))


def noise_of(mesh: Mesh) -> float:
    """Return the standard deviation of a mesh's vertices off quadrics through their neighbours, mm, by its median."""
    from scipy.spatial import cKDTree  # here: recordings do without

    tree = cKDTree(mesh.vertices)
    normals = vertex_normals(mesh)
    places = np.unique(np.linspace(0, len(mesh.vertices) - 1, _PLACES).round().astype(np.int64))
    count = min(_NEIGHBOURS, len(mesh.vertices))
    near = np.asarray(tree.query(mesh.vertices[places], count)[1])
    found = [_off_quadric(mesh.vertices[each], normals[place]) for place, each in zip(places, near, strict=True)]
    return float(np.median(found))


def _off_quadric(points: FloatArray, normal: FloatArray) -> float:
    """Return the residual standard deviation of (N, 3) points off the quadric over their tangent plane."""
    first = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    first /= max(float(np.linalg.norm(first)), 1e-12)
    centred = points - points.mean(axis=0)
    u, v, w = centred @ first, centred @ np.cross(normal, first), centred @ normal
    rows = np.column_stack([np.ones(len(u)), u, v, u * u, u * v, v * v])
    off = w - rows @ np.linalg.lstsq(rows, w, rcond=None)[0]
    return float(np.sqrt((off**2).sum() / max(len(points) - _TERMS, 1)))


def _edge_length(mesh: Mesh) -> float:
    """Return the median length of the edges, mm."""
    starts, ends = mesh.faces[:, 0], mesh.faces[:, 1]
    return float(np.median(np.linalg.norm(mesh.vertices[starts] - mesh.vertices[ends], axis=1)))


def _random_field(points: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return a smooth random function at (N, 3) points, of unit variance over many draws."""
    waves = rng.normal(scale=1.0 / _FORM_MM, size=(3, _WAVES))
    phases = rng.uniform(0.0, 2.0 * np.pi, size=_WAVES)
    return np.asarray(np.sqrt(2.0 / _WAVES) * np.cos(points @ waves + phases).sum(axis=1))
