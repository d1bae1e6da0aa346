"""Depth images that are decoded when they are asked for: a long recording is never in memory as a whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import DepthFrame, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.parallel import parallel_map

log = logging.getLogger(__name__)

_HELD_BYTES = 200_000_000  # of decoded images that are kept; those of a longer recording are decoded each time
_CHECKED = 40  # images, evenly over a long recording, that its unit is judged by

# The nearest tenth of a recording of a foot lies within these: closer no camera
# measures, farther the foot is too coarse.
PLAUSIBLE_NEAR_MM = (60.0, 1500.0)
# Units that cameras write, the commonest first: most 1 mm, D405 0.1 mm, TUM's data sets 0.2 mm, SR300 0.125 mm.
KNOWN_UNITS_MM = (1.0, 0.1, 0.2, 0.125, 0.01, 10.0)
_SAMPLED_ROWS = 100  # of a frame, to find its nearest tenth


class StreamedFrames(Sequence[DepthFrame]):
    """The frames of a recording, each decoded when it is taken; any thread may take one.

    Parameters
    ----------
    names : of the frames, in recorded order.
    decode : (place in that order) -> frame.
    """

    def __init__(self, names: Sequence[str], decode: Callable[[int], DepthFrame]) -> None:
        self.names = tuple(names)
        self._decode = decode

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, place: int) -> DepthFrame: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[DepthFrame]: ...
    def __getitem__(self, place: int | slice) -> DepthFrame | Sequence[DepthFrame]:
        if isinstance(place, slice):
            return [self._decode(each) for each in range(len(self))[place]]
        return self._decode(range(len(self))[place])


def recording_of(
    source: Path, names: Sequence[str], decode: Callable[[int], DepthFrame], facts: ScanFacts
) -> Recording:
    """Return the recording of these frames, decoded at once where there is room for them, else as they are taken.

    Parameters
    ----------
    source : file or folder, for messages.
    decode : (place) -> frame with `facts.depth_unit_mm`, which is settled.

    Raises
    ------
    ScanError
        If nothing was measured, or the depth unit is plainly wrong; of a short recording, if one frame is broken.
    """
    first = decode(0)
    frame_bytes = first.depth.nbytes + (0 if first.color is None else first.color.nbytes)
    frames: Sequence[DepthFrame] = StreamedFrames(names, decode)
    if len(frames) * frame_bytes <= _HELD_BYTES:
        frames = tuple(parallel_map(decode, range(len(names)), "reading depth images"))
        near_steps = [near_depth(frame.depth) for frame in frames]
    else:
        places = np.unique(np.linspace(0, len(frames) - 1, _CHECKED).round().astype(int))
        near_steps = parallel_map(lambda k: near_depth(decode(k).depth), places.tolist(), "looking at depth images")
    near_mm = _check_unit(source, near_steps, facts.depth_unit_mm)
    _check_range(facts, near_mm)
    log.info("%s: %d depth images of %d × %d", source.name, len(frames), first.depth.shape[1], first.depth.shape[0])
    return Recording(frames)


def near_depth(depth: NDArray[np.uint16] | NDArray[np.float32]) -> float:
    """Return the depth that a tenth of an image's readings is nearer than, 0 in an empty image."""
    step = max(len(depth) // _SAMPLED_ROWS, 1)
    sample = depth[::step, ::step]
    valid = sample[sample > 0] if sample.any() else depth[depth > 0]
    return float(np.percentile(valid, 10.0)) if len(valid) else 0.0


def _check_unit(source: Path, near_steps: Sequence[float], depth_unit_mm: float) -> float:
    """Return the depth of near surfaces, mm; refuse a recording that has none, or none that a foot's can be."""
    measured = [near for near in near_steps if near > 0]
    if not measured:
        raise ScanError(
            f"all {len(near_steps)} depth images of {source} are zero; expected depth readings. Record again."
        )
    near = float(np.median(measured))
    low, high = PLAUSIBLE_NEAR_MM
    if low <= near * depth_unit_mm <= high:
        return near * depth_unit_mm
    likely = next((unit for unit in KNOWN_UNITS_MM if low <= near * unit <= high), None)
    hint = "scan.toml: depth_unit_mm" + (f" = {likely:g}" if likely else "")
    raise ScanError(
        f"the nearest tenth of {source} lies at {near * depth_unit_mm:.0f} mm (depth_unit_mm = {depth_unit_mm:g}); "
        f"expected {low:.0f} to {high:.0f} mm. Is the depth unit right? {hint}"
    )


def _check_range(facts: ScanFacts, near_mm: float) -> None:
    """Say so where a recording is nearer or farther than its camera was checked at."""
    checked = None if facts.certificate is None else facts.certificate.range_mm
    if checked is not None and not checked[0] <= near_mm <= checked[1]:
        log.warning(
            "the certificate %s holds from %.0f to %.0f mm; the nearest tenth of the recording lies at %.0f mm",
            facts.camera,
            *checked,
            near_mm,
        )
