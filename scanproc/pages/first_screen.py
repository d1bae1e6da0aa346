"""The first screen but for its finding: what it is, whether it can be trusted and why, the insole, what was refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Check, Feet, Insole, Insoles, Measures, Refusals, Registration, ScanFacts
from scanproc.measures.coverage import seen_share, seen_sole_share
from scanproc.measures.sensor_classes import scale_sd_of
from scanproc.pages.sentences import Said
from scanproc.pages.words import Words

_LENGTH = "foot_length_mm"


@dataclass(frozen=True)
class Fact:
    """A name and what is said of it; `doubt`: it is a reason for care."""

    name: str
    text: str | Said
    doubt: bool = False


@dataclass(frozen=True)
class InsoleCard:
    """An insole in a few lines; `status` says whether it may be made."""

    title: str
    made: bool
    status: str
    facts: tuple[Fact, ...]


def headline(words: Words, facts: ScanFacts, feet: Feet | None, measures: Measures | None) -> str:
    """Return the first line up to the verdict: side, loading, foot length, size."""
    sides = [foot.side for foot in feet.feet] if feet else [facts.side]
    side = "both" if len(sides) > 1 else sides[0]
    what = feet.feet[0].object if feet and side != "auto" else "foot"
    lengths = _values(words, measures, _LENGTH)
    size = next((name for name in ("eu_size", "mondopoint") if _values(words, measures, name)), "")
    sizes = f"{'EU' if size == 'eu_size' else 'Mondopoint'} {_values(words, measures, size)}" if size else ""
    return " · ".join(
        [
            words(f"{side}.{what}"),
            words(f"loading.{facts.loading}"),
            f"{lengths} mm" if lengths else words("no_length"),
            sizes or words("no_size"),
        ]
    )


def _values(words: Words, measures: Measures | None, name: str) -> str:
    """Return the measure of every foot in one phrase, or nothing if no foot has it."""
    found = [foot.measures[name].value for foot in (measures.feet if measures else ()) if name in foot.measures]
    return f" {words('and')} ".join(words.value(name, value, unit=False) for value in found if value is not None)


# --------------------------------------------------------------------------------------------------------- the trust


def trust(
    words: Words, facts: ScanFacts, registration: Registration | None, feet: Feet | None, measures: Measures | None
) -> list[Fact]:
    """Return whether a scan can be trusted, and why: views, coverage, movement, camera, side; nothing of no result."""
    if registration is None and feet is None and measures is None:
        return []
    rows = [*_views(words, registration)]
    for foot in feet.feet if feet else ():
        share, sole = seen_share(foot), seen_sole_share(foot)
        key = "trust.coverage" if registration is not None else "trust.closed"  # of a mesh nobody knows what was seen
        text = words(key, foot=words.number(100.0 * share, 0), sole=words.number(100.0 * sole, 0))
        rows.append(Fact(_of_side(words, "coverage", foot.side, feet), text, share < 0.9 or sole < 0.5))
    rows.append(_camera(words, facts, measures))
    for foot in feet.feet if feet else ():
        text = words("trust.side", side=words(foot.side), value=words.number(foot.side_confidence, 2))
        rows.append(Fact(_of_side(words, "side", foot.side, feet), text, foot.side_confidence < 0.8))
    return rows


def _of_side(words: Words, key: str, side: str, feet: Feet | None) -> str:
    return f"{words(key)} ({words(side)})" if feet and len(feet.feet) > 1 else words(key)


def _views(words: Words, registration: Registration | None) -> list[Fact]:
    if registration is None or not registration.views:
        return [Fact(words("views"), words("trust.mesh"), True)] if registration is None else []
    used = [view for view in registration.views if view.accepted]
    residuals = [view.residual_rms_mm for view in used if view.residual_rms_mm is not None]
    text = words("trust.views", used=str(len(used)), all=str(len(registration.views)))
    if residuals:
        text += "; " + words("trust.residual", value=words.number(float(np.median(residuals)), 2))
    moved = sum("moved" in (view.reason or "") for view in registration.views)
    still = words("trust.moved", count=str(moved)) if moved else words("trust.still")
    few = len(used) < 0.8 * len(registration.views)
    return [Fact(words("views"), text, few), Fact(words("movement"), still, moved > 0)]


def _camera(words: Words, facts: ScanFacts, measures: Measures | None) -> Fact:
    """Return how true the camera's scale is, as the uncertainty of the lengths has it."""
    lengths = [foot.measures[_LENGTH] for foot in (measures.feet if measures else ()) if _LENGTH in foot.measures]
    known = [length for length in lengths if length.value]
    if known and all(length.sd is None for length in known):
        return Fact(words("camera"), words("trust.unknown"), True)
    told = [length.sd_parts.scale / length.value for length in known if length.sd_parts and length.value]
    share = words.short(round(100.0 * (told[0] if told else scale_sd_of(facts)), 2))
    if facts.certificate is None or facts.certificate.scale_sd is None:
        return Fact(words("camera"), words("trust.unchecked", share=share), True)
    if facts.certificate.date is None:
        return Fact(words("camera"), words("trust.certificate_undated", share=share))
    return Fact(words("camera"), words("trust.certificate", share=share, date=words.date(facts.certificate.date)))


# -------------------------------------------------------------------------------------------------------- the insole

#: Checks that measure back what a prescriber asked for, in the order of the first screen.
DOSES = (
    "thickness_mm", "thickness_medial_mm", "thickness_lateral_mm", "cup_depth_rear_mm", "arch_fill_mm",
    "arch_target_mm", "arch_fill_limited_mm", "medial_skive_mm", "medial_skive_angle_deg", "lateral_skive_mm",
    "lateral_skive_angle_deg", "rearfoot_post", "rearfoot_post_deg", "rearfoot_motion_deg", "forefoot_post",
    "forefoot_post_deg", "heel_lift_mm", "heel_expansion_mm", "medial_expansion_mm", "lateral_expansion_mm",
    "medial_edge_mm", "side_edge_mm", "distal_gap_mm", "distal_edge_mm", "distal_taper_mm", "clearance_mm",
    "met_pad_mm", "met_pad_back_mm", "met_bar_mm", "met_bar_back_mm", "mortons_extension_mm", "first_ray_cut_mm2",
    "fifth_ray_cut_mm2", "groove_mm", "navicular_relief_mm", "cuboid_relief_mm", "toe_crest_mm", "shoe_width_mm",
    "arch_support_mm2", "extension_mm",
)  # fmt: skip
#: Of those, what every insole has and nobody asks about at first.
_IN_PASSING = frozenset({"clearance_mm", "distal_edge_mm", "distal_taper_mm", "distal_gap_mm", "medial_edge_mm",
                         "side_edge_mm"})  # fmt: skip


def doses_of(insole: Insole) -> list[Check]:
    """Return the checks of what was prescribed, in the prescription's order."""
    checks = {check.name: check for check in insole.checks}
    return [checks[name] for name in DOSES if name in checks]


def insole_cards(words: Words, insoles: Insoles | None) -> list[InsoleCard]:
    """Return each insole in a few lines."""
    return [_card(words, insole) for insole in (insoles.insoles if insoles else ())]


def _card(words: Words, insole: Insole) -> InsoleCard:
    title, failed = words(f"{insole.side}.insole"), [check for check in insole.checks if not check.passed]
    if insole.refused is not None:
        return InsoleCard(title, False, words("insole.absent"), ())
    passed = words("insole.made", passed=str(len(insole.checks) - len(failed)), all=str(len(insole.checks)))
    names = ", ".join(words.check(check.name)[0] for check in failed)
    status = words("insole.failed", names=names) if failed else passed
    doses = [check for check in doses_of(insole) if check.name not in _IN_PASSING and check.asked != 0.0]
    return InsoleCard(
        title,
        not failed,
        status,
        (
            Fact(words("device"), device_text(words, insole)),
            *(Fact(words.check(check.name)[0], amount(words, check)) for check in doses),
        ),
    )


def device_text(words: Words, insole: Insole) -> str:
    """Return what kind of device an insole is: shell, to behind the ball, printed, PA12."""
    making = insole.making
    style, reach, process = (f"style.{making.style}", f"reach.{making.reach}", f"process.{making.process}")
    text = f"{words(style)}, {words(reach)}, {words(process)}, {making.material}"
    if making.extension == "none":
        return text
    return f"{text}; {words(f'extension.{making.extension}')}, {making.extension_material}"


def amount(words: Words, check: Check) -> str:
    """Return what was asked of a dose with its unit; of what is only told, what was got."""
    unit = words.check(check.name)[1]
    value = check.got if check.rule == "told" else check.asked
    text = words.asked_or_got(value)
    text = words.known(f"towards.{text}", text)
    return text + (unit if unit in ("", "°") else f" {unit}")


def refusal_texts(words: Words, refusals: Refusals, insoles: Insoles | None) -> list[Fact]:
    """Return why this scan is not usable, a stage or an insole each; nothing if it is."""
    reasons = [
        Fact(words(f"stage.{refusal.stage}"), words.tell(refusal.message), True) for refusal in refusals.refusals
    ]
    said = " ".join(refusal.message for refusal in refusals.refusals)
    for insole in insoles.insoles if insoles else ():
        failed, name = [check for check in insole.checks if not check.passed], words(f"{insole.side}.insole")
        if insole.refused is not None and insole.refused not in said:
            reasons.append(Fact(name, words.tell(insole.refused), True))
            said += insole.refused
        elif failed and failed[0].name not in said:
            reasons.append(Fact(name, Said("; ".join(_failed(words, check) for check in failed)), True))
    return reasons


def _failed(words: Words, check: Check) -> str:
    asked, got = (words.asked_or_got(value) for value in (check.asked, check.got))
    return f"{words('FAILED')}: {words.check(check.name)[0]} ({words('asked')} {asked}, {words('got')} {got})"
