"""The page for the wearer, in plain words: what was measured, what the insole does, how to wear it in.

It claims nothing that was not measured: no word on pain, pressure or gait, and on the arch only where people's figures
hold for the foot.
"""

from __future__ import annotations

from collections.abc import Sequence

from scanproc.artifacts import FootMeasures, Insole, ScanFacts
from scanproc.measures.population import band_of
from scanproc.pages.clinic import Clinic
from scanproc.pages.findings import arch_measure, level_of
from scanproc.pages.first_screen import Fact
from scanproc.pages.html import fill
from scanproc.pages.words import Words

#: What a dose is to its wearer, by the check that measures it; several of one kind are one sentence.
_PLAIN = {
    "cup_depth_rear_mm": "cup", "arch_fill_mm": "fill", "rearfoot_post_deg": "post", "forefoot_post_deg": "post",
    "medial_skive_mm": "skive", "lateral_skive_mm": "skive", "heel_lift_mm": "lift", "met_pad_mm": "pad",
    "met_bar_mm": "pad",
}  # fmt: skip


def wearer_page(
    words: Words,
    facts: ScanFacts,
    feet: Sequence[FootMeasures],
    insoles: Sequence[Insole],
    clinic: Clinic,
    who: Sequence[Fact],
) -> str:
    """Return the page as HTML, one A4 page."""
    made = [insole for insole in insoles if insole.proven]
    return fill(
        "wearer.html",
        t=words,
        clinic=clinic,
        who=who,
        measured=[sentence for foot in feet for sentence in measured_of(words, foot, facts)],
        loading=words(f"wearer.{facts.loading}"),
        compared=any(_arch(words, foot, facts) for foot in feet),
        insoles=[does(words, insole) for insole in made],
        wear=wearing(words, made),
    )


def measured_of(words: Words, foot: FootMeasures, facts: ScanFacts) -> list[str]:
    """Return what was measured of a foot: length, width, and the arch where figures of people hold for it."""
    sentences, side = [], words(foot.side)
    length, size = foot.measures.get("foot_length_mm"), foot.measures.get("eu_size")
    if length and length.value is not None and size and size.value is not None:
        told = {"value": words.number(length.value, 0), "size": words.value("eu_size", size.value)}
        sentences.append(words("wearer.length", side=side, **told))
    width = foot.measures.get("foot_width_mm")
    if width and width.value is not None and width.status == "measured":
        sentences.append(words("wearer.width", value=words.number(width.value, 0)))
    return [*sentences, *_arch(words, foot, facts)]


def _arch(words: Words, foot: FootMeasures, facts: ScanFacts) -> list[str]:
    """Return how high the arch is among people; nothing where that is not known, or doubtful."""
    name = arch_measure([(foot, facts)])
    band, measure = band_of(name, foot.measures, foot.loading, facts), foot.measures.get(name)
    if band is None or measure is None or measure.value is None or measure.status != "measured":
        return []
    if measure.sd is None or min(abs(measure.value - end) for end in band.outer) < 2.0 * measure.sd:
        return []
    return [words(f"wearer.arch.{level_of(name, measure.value, band)}", side=words(foot.side))]


def does(words: Words, insole: Insole) -> list[str]:
    """Return what an insole does, by the doses that were measured back from it."""
    got = {check.name: check for check in insole.checks}
    thick = got["thickness_mm"].asked if "thickness_mm" in got else None
    sentences = []
    if isinstance(thick, float):
        told = {"value": words.short(thick), "material": insole.making.material}
        sentences.append(words("wearer.conforms", side=words(insole.side), **told))
    for name, kind in _PLAIN.items():
        asked = got[name].asked if name in got else None
        if isinstance(asked, float) and asked != 0.0:
            sentences.append(words(f"wearer.{kind}", value=words.short(abs(asked))))
    return sentences


def wearing(words: Words, insoles: Sequence[Insole]) -> list[str]:
    """Return how to wear insoles in; nothing where there are none."""
    if not insoles:
        return []
    marks = [
        words("wearer.mark", mark=insole.side[0].upper(), side=words(insole.side))
        for insole in insoles
        if any(check.name == "side_mark" for check in insole.checks)
    ]
    return [*(words(f"wearer.wear.{number}") for number in (1, 2)), *marks,
            *(words(f"wearer.wear.{number}") for number in (3, 4, 5))]  # fmt: skip
