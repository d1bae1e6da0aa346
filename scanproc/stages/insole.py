"""Stage 6: the insole. Prescription in, solid and proof out."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.open_boundaries import unseen_borders
from scanproc.artifacts import Check, Feet, Foot, Insole, Insoles, Making, Mesh, ScanFacts
from scanproc.design.mirror import feet_to_design, is_mirrored
from scanproc.design.plan_curves import plan_curves
from scanproc.design.shape import Design, design
from scanproc.design.sole import ScannedSole
from scanproc.design.solid import Built, build
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.prescription.fields import InsoleConfig, Prescription
from scanproc.prescription.making_rules import is_milled
from scanproc.prescription.preview import for_preview
from scanproc.prescription.resolve import resolved
from scanproc.prescription.rules import block_height_mm
from scanproc.proof.advice import advice, failure
from scanproc.proof.checks import told
from scanproc.proof.prove import prove
from scanproc.proof.walls import lacking_wall_mm

log = logging.getLogger(__name__)


def insole(feet: Feet, facts: ScanFacts, config: InsoleConfig) -> Insoles:
    """Design, build and prove the insole of each foot.

    A foot that cannot be trusted gets no insole but the reason; the other foot of a pair still gets its own. A solid
    that fails its proof is kept to be looked at, and says what to change.

    Raises
    ------
    ScanError
        If no foot gets an insole.
    """
    asked_for = feet_to_design(feet.feet, config.pair)
    absent = _said_of_absent_feet(asked_for, config)
    insoles = tuple(_insole_or_reason(foot, facts, config, absent) for foot in asked_for)
    reasons = [f"{made.side} foot: {made.refused}" for made in insoles if made.refused]
    if len(reasons) == len(insoles):
        raise ScanError(" ".join(reasons) or "there is no foot. Scan one.")
    return Insoles(insoles)


def _said_of_absent_feet(feet: tuple[Foot, ...], config: InsoleConfig) -> tuple[str, ...]:
    """Return what has to be said of doses of a foot that gets no insole: they were not dropped unnoticed."""
    there = {foot.side for foot in feet}
    said = []
    for side, doses in (("left", config.left), ("right", config.right)):
        if doses and side not in there:
            names = ", ".join(name for name, _ in doses)
            said.append(f"[insole.{side}] asks for {names}, but there is no {side} foot: it is not used")
            log.warning("insole: %s", said[-1])
    return tuple(said)


def _insole_or_reason(foot: Foot, facts: ScanFacts, config: InsoleConfig, said: tuple[str, ...]) -> Insole:
    try:
        made = proven_insole(foot, facts, config)
        making = _making(made)
    except ScanError as error:
        return Insole(foot.side, None, None, (), refused=str(error))
    _log_checks(foot, made)
    return Insole(
        foot.side,
        made.solid,
        made.outline,
        made.checks,
        notes=(*said, *made.notes, *_chosen(made, making)),
        failed=failure(made.checks, made.rx),
        making=making,
        curves=plan_curves(made.asked),
        extension=made.built.extension,
    )


def _making(made: Proven) -> Making:
    """Return how a proven insole is made; refuse one that stands higher than the block that is asked."""
    device = made.rx.device
    return Making(
        device.process,
        device.style,
        block_height_mm(float(np.ptp(made.solid.vertices[:, 2])), made.rx),
        made.rx.making.cutter_mm,
        device.material,
        device.length,
        device.extension,
        device.extension_material,
    )


def _chosen(made: Proven, making: Making) -> list[str]:
    """Return what followed from the finished form: the height of its block, and of its letters."""
    device, marks, asked_mm = made.rx.device, made.asked.underside.marks, made.rx.marks.letter_mm
    chosen = []
    if is_milled(device) and device.block_height_mm is None:
        high_mm = float(np.ptp(made.solid.vertices[:, 2]))
        chosen.append(f"block {making.block_height_mm:g} mm: the device is {high_mm:.1f} mm high")
    if marks is not None and marks.letter_mm < asked_mm:
        chosen.append(f"letters {marks.letter_mm:g} mm: in {asked_mm:g} mm the text finds no room under the arch")
    return chosen


@dataclass(frozen=True)
class Proven:
    """An insole as it was asked, as it was made, and what the proof says of it."""

    rx: Prescription
    asked: Design
    built: Built
    checks: tuple[Check, ...]
    notes: tuple[str, ...]

    @property
    def solid(self) -> Mesh:
        """The finished solid."""
        return self.built.solid

    @property
    def outline(self) -> FloatArray:
        """(K, 2) mm, counter-clockwise from the rear."""
        return self.asked.outline


def proven_insole(
    foot: Foot, facts: ScanFacts, config: InsoleConfig, before: ScannedSole | None = None, *, preview: bool = False
) -> Proven:
    """Design, build and prove the insole of one foot.

    Parameters
    ----------
    before : what another prescription of the same foot was designed on; the rays are not cast again.
    preview : make and prove it coarsely, to be looked at while it is changed.

    Raises
    ------
    ScanError
        If the foot cannot be trusted, or what is prescribed cannot be made on it.
    """
    _refuse_doubtful_side(foot, facts, config)
    _refuse_guessed_ground(foot)
    _refuse_unseen_borders(foot)
    rx = resolved(config, foot, facts)
    rx = for_preview(rx) if preview else rx
    asked, built, checks = _proven(foot, rx, before, quick=preview)
    thickened: tuple[str, ...] = ()
    if config.fix and (more_mm := lacking_wall_mm(checks)) > 0.0:
        asked, built, checks = _thickened(foot, rx, asked.scanned, more_mm, quick=preview)
        thickened = (f"the wall came out thin and was thickened by {more_mm:.2f} mm (insole.fix)",)
    mirrored = (
        ("the mirror image of the other foot: this one was not scanned",) if is_mirrored(foot, config.pair) else ()
    )
    return Proven(rx, asked, built, checks, (*mirrored, *thickened, *rx.evidence))


def _log_checks(foot: Foot, made: Proven) -> None:
    checks = made.checks
    failed = [check for check in checks if not check.passed]
    if failed:
        names = ", ".join(check.name for check in failed)
        log.warning(
            "insole: %s foot, %d checks, failed: %s; %s", foot.side, len(checks), names, advice(failed[0], made.rx)
        )
    else:
        log.info("insole: %s foot, %d checks, failed: none", foot.side, len(checks))


def _proven(
    foot: Foot, rx: Prescription, before: ScannedSole | None, *, quick: bool
) -> tuple[Design, Built, tuple[Check, ...]]:
    asked = design(foot, rx, before)
    built = build(asked)
    return asked, built, prove(built, asked, quick=quick)


def _thickened(
    foot: Foot, rx: Prescription, scanned: ScannedSole, more_mm: float, *, quick: bool
) -> tuple[Design, Built, tuple[Check, ...]]:
    """Design, build and prove again with a thicker wall, which may lack as much as it was thickened."""
    thicker = rx.changed(
        thickness_mm=rx.thickness.thickness_mm + more_mm,
        distal_edge_mm=rx.thickness.distal_edge_mm + more_mm,
        wall_tolerance_mm=rx.judgement.wall_tolerance_mm + more_mm,
    )
    asked, built, checks = _proven(foot, thicker, scanned, quick=quick)
    return asked, built, (*checks, told("wall_thickened_mm", more_mm))


def _refuse_guessed_ground(foot: Foot) -> None:
    if foot.ground == "estimated":
        raise ScanError(
            "found neither the floor under the foot nor its sole, expected one of them: there is nothing that an insole"
            " could be built on. Scan the sole, of the raised foot from below."
        )


def _refuse_unseen_borders(foot: Foot) -> None:
    unseen = unseen_borders(foot)
    if unseen:
        raise ScanError(
            f"{' and '.join(unseen)} ended in an open edge, expected the skin to turn upward there: the sole goes on"
            " where it was not seen. Scan the foot from both sides."
        )


def _refuse_doubtful_side(foot: Foot, facts: ScanFacts, config: InsoleConfig) -> None:
    if foot.side_confidence < config.min_side_confidence:
        raise ScanError(
            f"left or right is in doubt (confidence {foot.side_confidence:.2f} < insole.min_side_confidence = "
            f"{config.min_side_confidence}; scan.toml: side = {facts.side}). "
            + ('State it: side = "left" or "right".' if facts.side == "auto" else "Scan this foot alone and again.")
        )
