"""The proof of an insole: every dose that was asked, measured back from the finished solid."""

from __future__ import annotations

from scanproc.artifacts import Check, Foot
from scanproc.design.balance import balanced
from scanproc.design.shape import Design
from scanproc.design.solid import Built
from scanproc.proof.arch import arch_checks, edge_checks
from scanproc.proof.bodies import body_checks
from scanproc.proof.checks import at_most
from scanproc.proof.finished import Finished
from scanproc.proof.ground import ground_checks
from scanproc.proof.heel import heel_checks
from scanproc.proof.making import making_checks
from scanproc.proof.marks import mark_checks
from scanproc.proof.pads import pad_checks
from scanproc.proof.posts import post_checks
from scanproc.proof.room import room_checks
from scanproc.proof.sizes import size_checks
from scanproc.proof.surface import surface_checks
from scanproc.proof.walls import wall_checks
from scanproc.solid.face_grid import FaceGrid


def prove(built: Built, asked: Design, foot: Foot) -> tuple[Check, ...]:
    """Measure a finished solid against what was asked, in the order of `checks.json`.

    Nothing here knows how the solid was made: it is touched, and compared with the design, with the design as it would
    be without a dose, and with the scan.

    Parameters
    ----------
    built : its solid rounded to single precision, as it is going to be written.
    foot : the scan, which clearance and fit are measured from.
    """
    rx = asked.rx
    done = Finished(built.solid, built.pressed_mm, built.edge_radius_mm, asked, balanced(foot, rx))
    bins = FaceGrid.of(built.solid)
    most_unseen = 1.0 if rx.allow_unseen_sole else rx.max_unseen_sole
    return (
        *body_checks(built.solid, bins),
        *wall_checks(done, rx),
        *surface_checks(done, rx),
        *size_checks(done, rx),
        *heel_checks(done, rx),
        *arch_checks(done, rx),
        *edge_checks(done, rx),
        *post_checks(done, rx),
        *pad_checks(done, rx),
        *mark_checks(done, rx),
        at_most("unseen_sole", most_unseen, asked.unseen_share),
        *room_checks(done, rx),
        *ground_checks(done, rx),
        *making_checks(done, rx, bins),
    )
