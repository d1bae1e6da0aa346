"""The noise of a cast: how rough a height field is at which wavelengths, and how it is taken out without its form."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.solid.blending import smooth_step
from scanproc.solid.height_fields import HeightField

_STD_PER_MEDIAN = 1.4826  # of the normal distribution
_NOISES, _LEAST_FORM_MM, _MOST_MOVED_MM, _AROUND_MM = 3.0, 0.04, 0.14, 1.0
_SIGMAS_MM = (1.0, 1.5, 2.0, 2.5, 3.0)  # the last takes what is shorter than 10 mm; more would take a heel's form
_LOOKED_OVER_MM, _SMOOTH_MM = 6.0, 0.010  # over such a length third differences of noise-free feet are 0.009 or less


def smoothing_asked_mm(field: HeightField, trusted: BoolArray) -> float:
    """Return the sigma that the noise of a cast asks for, mm: the least after which it is as smooth as a foot.

    Parameters
    ----------
    trusted : (I, J) bool, the cells that show the foot.
    """
    for sigma_mm in _SIGMAS_MM[:-1]:
        if _waviness_mm(smoothed(field, sigma_mm), trusted) <= _SMOOTH_MM:
            return sigma_mm
    return _SIGMAS_MM[-1]


def _waviness_mm(field: HeightField, trusted: BoolArray) -> float:
    """Return the noise of a field by third differences over 6 mm, mm; its form is less than half of the places."""
    step = max(round(_LOOKED_OVER_MM / 3.0 / field.step), 1)
    thirds = []
    for z, kept in ((field.z, trusted), (field.z.T, trusted.T)):
        third = (z[: -3 * step] - z[3 * step :]) - 3.0 * (z[step : -2 * step] - z[2 * step : -step])
        thirds.append(third[kept[: -3 * step] & kept[step : -2 * step] & kept[2 * step : -step] & kept[3 * step :]])
    return third_noise(np.concatenate(thirds), 0.5)


def third_noise(thirds: FloatArray, share: float) -> float:
    """Return the sigma of a white noise of which a share of third differences is as small as that of some, mm.

    Of white noise of 1 their variance is 20. A small share looks past places of form: edges of grooves are no noise.
    """
    if not len(thirds):
        return 0.0
    return float(np.quantile(np.abs(thirds), share) / (NormalDist().inv_cdf(0.5 + 0.5 * share) * np.sqrt(20.0)))


def smoothed(field: HeightField, sigma_mm: float) -> HeightField:
    """Smooth with the kernel 2 G - G * G of a Gaussian G: unlike G it keeps parabolas, so that cups stay as deep."""
    if sigma_mm <= 0.0:
        return field
    once = ndimage.gaussian_filter(field.z, sigma_mm / field.step, mode="nearest")
    twice = ndimage.gaussian_filter(once, sigma_mm / field.step, mode="nearest")
    return field.replaced(2.0 * once - twice)


def denoised(field: HeightField, sigma_mm: float, trusted: BoolArray) -> HeightField:
    """Smooth a cast without losing its form: what smoothing takes is given back where it is clearly more than noise.

    The noise is the median of what smoothing takes, along the normal; where the root mean square around a place exceeds
    three times that (and 0.04 mm), a share is given back as by Wiener's filter (Lee 1980), nearly all where it is form.
    A wide smoothing takes form everywhere: it may take 0.14 mm, or three times what a narrow one takes. Less left more
    noise, and fitted the true sole no better, in raised scans with realistic noise (`benchmark.py insole --printed`).

    Parameters
    ----------
    trusted : (I, J) bool; elsewhere, on bridged holes and opened walls, nothing is given back.
    """
    if sigma_mm <= 0.0 or not trusted.any():
        return smoothed(field, sigma_mm)
    smooth = smoothed(field, sigma_mm)
    taken = field.z - smooth.z
    upright = np.hypot(np.hypot(*np.gradient(smooth.z, field.step)), 1.0)
    along_normal = np.where(trusted, taken / upright, 0.0)
    noise = _STD_PER_MEDIAN * float(np.median(np.abs(along_normal[trusted])))
    narrow = noise
    if sigma_mm > _SIGMAS_MM[0]:
        narrowly = (field.z - smoothed(field, _SIGMAS_MM[0]).z) / upright
        narrow = _STD_PER_MEDIAN * float(np.median(np.abs(narrowly[trusted])))
    may_take = max(_NOISES * narrow, min(_NOISES * noise, _MOST_MOVED_MM), _LEAST_FORM_MM)
    cells = _AROUND_MM / field.step
    power = np.maximum(ndimage.gaussian_filter(along_normal**2, cells, mode="nearest"), 1e-12)
    share = np.maximum(1.0 - may_take**2 / power, 0.0)
    # The Gaussian of the trusted cells is 0.5 at their border: there nothing is given back, so that no edge is left.
    share *= smooth_step(ndimage.gaussian_filter(trusted.astype(np.float64), cells, mode="nearest"), 0.5, 0.95)
    return smooth.replaced(smooth.z + share * taken)
