"""Insoles that were made earlier, or for another scan, laid onto the feet that are designed for."""

from __future__ import annotations

from collections.abc import Mapping

from scanproc.artifacts import Feet, Insoles, Mesh, Side
from scanproc.errors import ScanError
from scanproc.frames import transform
from scanproc.measures.deviation import deviation


def laid_under(feet: Feet, other_feet: Feet, other_insoles: Insoles) -> Mapping[Side, Mesh]:
    """Return the solids of other insoles by side, moved with their feet onto these.

    Raises
    ------
    ScanError
        If no insole is of a side that these feet have, or the feet have nothing in common.
    """
    theirs = {foot.side: foot for foot in other_feet.feet}
    solids = {insole.side: insole.solid for insole in other_insoles.insoles}
    found: dict[Side, Mesh] = {}
    for foot in feet.feet:
        solid, other = solids.get(foot.side), theirs.get(foot.side)
        if solid is not None and other is not None:
            T_foot_other = deviation(foot, other).T_a_b
            found[foot.side] = Mesh(transform(T_foot_other, solid.vertices), solid.faces)
    if not found:
        sides = " and ".join(foot.side for foot in feet.feet)
        raise ScanError(f"the other has no insole of the {sides} foot; expected one to compare with. Name another.")
    return found
