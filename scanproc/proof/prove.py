"""The proof of an insole: every dose that was asked, measured back from the finished solid."""

from __future__ import annotations

from scanproc.artifacts import Check
from scanproc.design.shape import Design
from scanproc.design.solid import Built
from scanproc.parallel import parallel_map
from scanproc.proof.finished import Finished
from scanproc.proof.table import CHECKS


def prove(built: Built, asked: Design, *, quick: bool = False) -> tuple[Check, ...]:
    """Measure a finished solid against what was asked, in the order of `checks.json`.

    Nothing here knows how the solid was made: it is touched, and compared with the design, with the design as it would
    be without a dose, and with the scan.

    Parameters
    ----------
    built : its solid rounded to single precision, as it is going to be written.
    quick : touch the wall at the triangles' corners and middles alone, for a preview.
    """
    done = Finished(
        built.solid, built.flattened_mm, built.edge_radius_mm, asked, quick, built.extension, built.lowered_mm
    )
    done.ready()
    found = parallel_map(lambda checks: checks(done), CHECKS, "insole: proof")
    return tuple(check for checks in found for check in checks)
