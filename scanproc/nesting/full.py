"""What is said where parts do not all fit on a plate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.nesting.packing import Packing, Room, plates_needed


def full(
    outlines: Sequence[FloatArray], names: Sequence[str], packing: Packing, room: Room, plate: str, source: str
) -> ScanError:
    """Return the refusal of parts that do not all fit: what fits, what is left over, how many plates they take.

    Parameters
    ----------
    plate : what it is called; `source`, the settings that its size comes from.
    """
    fit = ", ".join(names[one.part] for one in packing.placements) or "none"
    sizes = {k: np.ptp(outlines[k], axis=0) for k in packing.left_out}
    left = ", ".join(f"{names[k]} ({length:.0f} x {width:.0f} mm)" for k, (length, width) in sizes.items())
    plates = plates_needed(outlines, room)
    remedy = f"They take {plates} {plate}s." if plates is not None else f"One of them fits on no such {plate}."
    return ScanError(
        f"found room for {len(packing.placements)} of {len(outlines)} parts on one {plate} ({fit}), left over: {left}; "
        f"expected all on {room.size_mm[0]:.0f} x {room.size_mm[1]:.0f} mm, {room.gap_mm:g} mm apart (machine.toml: "
        f"{source}). {remedy}"
    )
