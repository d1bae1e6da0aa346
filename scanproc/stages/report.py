"""Stage 8: the pages that are looked at, shared and printed: report, job sheet, page for the wearer.

Each is one HTML file that needs nothing else.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from scanproc.artifacts import (
    CleanViews,
    Exports,
    Feet,
    Insoles,
    Measures,
    Refusals,
    Registration,
    Report,
    ScanFacts,
    Surface,
)
from scanproc.measures.coverage import seen_share_over
from scanproc.pages.clinic import clinic_of
from scanproc.pages.details import measure_table, print_rows, proof
from scanproc.pages.findings import findings
from scanproc.pages.first_screen import Fact, headline, insole_cards, refusal_texts, trust
from scanproc.pages.html import Figure, embedded, fill
from scanproc.pages.job_sheet import job_sheet
from scanproc.pages.model import model_json
from scanproc.pages.provenance import (
    count_names,
    feet_apart_text,
    file_rows,
    landmark_texts,
    rim_text,
    stated,
    view_rows,
)
from scanproc.pages.sentences import Said
from scanproc.pages.strips import strips
from scanproc.pages.wearer import wearer_page
from scanproc.pages.words import Words
from scanproc.parallel import parallel_map
from scanproc.settings import setting

if TYPE_CHECKING:
    from scanproc.views import Panel, Shown

log = logging.getLogger(__name__)

#: Pictures that the page keeps of each stage, by the end of their titles; the model shows the rest. Of others, all.
_KEPT: Mapping[str, tuple[str, ...]] = {
    "registration": ("Cameras, from above", "Slice across the middle, from behind"),
    "surface": ("Sole", "Medial", "Lateral", "Above", "Below"),
    "feet": ("Sole", "Medial"),
    "insoles": ("Top", "Below", "Gap to the sole", "Under the foot, medial", "Under the foot, rear"),
}

_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-ZÀ-Ý¿])")  # the first line says what was found; what to do stands below


@dataclass(frozen=True)
class ReportConfig:
    """The report's pictures, its language, and what its first line warns of."""

    language: Literal["en", "de", "es", "fr"] = setting("en", "of all pages: en, de, es, fr")
    anonymous: bool = setting(False, "leave out name, pseudonym, date and paths")
    model: bool = setting(True, "put a model to turn into the page")
    pixels_per_mm: float = setting(2.4, "size of pictures; two of their pixels are one on the page", low=1.0, high=8.0)
    text_px: int = setting(32, "height of the texts in pictures, pixels", low=12, high=60)
    jpeg_quality: int = setting(86, "of the pictures", low=30, high=95)
    max_thumbnails: int = setting(48, "most views in the contact sheet; of more, every 2nd, 3rd …", low=1, high=500)
    max_page_mb: float = setting(4.0, "pictures are compressed harder until they are smaller than this", low=0.5)
    unseen_sole_share: float = setting(
        0.05, "share of the sole above an insole; more unseen is named in the first line", low=0, high=1
    )
    clinic: str = setting("", "the clinic, as one text", hidden=True)
    version: str = setting("", "name of the version of the insole; empty: the scan's own", hidden=True)


def report(
    facts: ScanFacts,
    refusals: Refusals,
    views: CleanViews | None,
    registration: Registration | None,
    surface: Surface | None,
    feet: Feet | None,
    measures: Measures | None,
    insoles: Insoles | None,
    exports: Exports | None,
    config: ReportConfig,
) -> Report:
    """Write the pages of a scan from whatever its stages made; what was refused is said, what is absent is left out.

    Raises
    ------
    ScanError
        If there is neither a display nor EGL to draw the pictures with.
    """
    words, clinic = Words(config.language), clinic_of(config.clinic)
    if config.anonymous:
        facts, refusals = _anonymous(facts, refusals)
    measured, made = measures.feet if measures else (), insoles.insoles if insoles else ()
    reasons = refusal_texts(words, refusals, insoles)
    shown: dict[str, Shown | None] = {
        "views": _thinned(views, config.max_thumbnails),
        "registration": registration,
        "surface": surface,
        "feet": feet,
        "measures": measures,
        "insoles": insoles,
        "exports": exports,
    }
    who = [fact for fact in stated(words, facts, config.anonymous) if fact.name in _names(words)]
    version = [Fact(words("fact.version"), config.version)] if config.version else []
    with ThreadPoolExecutor(1, "drawing") as beside:  # VTK lets go of the GIL while it draws
        figures = beside.submit(_figures, shown, words, config)
        html = fill(
            "report.html",
            t=words,
            name=", ".join(name for name in (facts.name, config.version) if name),
            clinic=clinic,
            headline=headline(words, facts, feet, measures),
            who=[*(fact.text for fact in who), *(f"{fact.name}: {fact.text}" for fact in version)],
            reasons=[(fact.name, first_sentence(fact.text)) for fact in reasons],
            warnings=unseen_soles(words, feet, insoles, config.unseen_sole_share),
            first={
                "findings": findings(words, [(foot, facts) for foot in measured]),
                "strips": strips(words, measured, facts),
                "trust": trust(words, facts, registration, feet, measures),
                "insoles": [replace(card, facts=(*version, *card.facts)) for card in insole_cards(words, insoles)],
                "refusals": reasons,
            },
            model=model_of(words, feet, measures, insoles) if config.model else "",
            figures=figures.result(),
            measured=measure_table(words, measures, facts),
            ground=f" {words('and')} ".join(dict.fromkeys(words(f"ground.{foot.ground}") for foot in measured)),
            proofs=[(insole.side, proof(words, insole)) for insole in made],
            print_rows=print_rows(words, exports),
            origin=_origin(words, facts, views, registration, feet, exports, config),
        )
    log.info("report: %d bytes, %s", len(html), "refused" if reasons else "usable")
    sheet = job_sheet(words, made, clinic, [*who, *version]) if made else None
    return Report(html, sheet, wearer_page(words, facts, measured, made, clinic, [*who, *version]))


def first_sentence(text: str | Said) -> Said:
    """Return what was found; what was expected and what to do stands below."""
    return Said(_SENTENCE.split(str(text))[0], text.foreign if isinstance(text, Said) else "")


def _names(words: Words) -> set[str]:
    """Return what the facts are called that say whose report it is."""
    return {words(f"fact.{name}") for name in ("scan", "subject", "date")}


def _anonymous(facts: ScanFacts, refusals: Refusals) -> tuple[ScanFacts, Refusals]:
    """Leave out whatever names a person, a day or a place on the disk."""
    names = [re.escape(name) for name in (facts.name, facts.subject, facts.date, facts.camera) if name]
    hidden = re.compile("|".join([*names, r"[^\s\"'(]*[/\\\\][^\s\"')]*"]))
    told = tuple(replace(refusal, message=hidden.sub("…", refusal.message)) for refusal in refusals.refusals)
    certificate = facts.certificate and replace(facts.certificate, date=None, serial=None)
    bare = replace(
        facts, name="", subject=None, date=None, serial=None, camera=None, certificate=certificate, remarks=()
    )
    return bare, Refusals(told)


def _origin(
    words: Words,
    facts: ScanFacts,
    views: CleanViews | None,
    registration: Registration | None,
    feet: Feet | None,
    exports: Exports | None,
    config: ReportConfig,
) -> dict[str, Any]:
    """Return what stands under provenance."""
    return {
        "stated": stated(words, facts, config.anonymous),
        "assumed": ", ".join(facts.assumed),
        "remarks": facts.remarks,
        "landmarks": landmark_texts(words, feet),
        "view_rows": view_rows(words, views, registration),
        "count_names": count_names(views),
        "rim": rim_text(words, views, registration),
        "feet_apart": feet_apart_text(words, registration),
        "files": file_rows(exports),
    }


def unseen_soles(words: Words, feet: Feet | None, insoles: Insoles | None, max_share: float) -> list[str]:
    """Return a warning for each insole whose sole was invented: prescriptions can allow that, readers must know."""
    warnings = []
    for foot in feet.feet if feet else ():
        for insole in insoles.insoles if insoles else ():
            if insole.side == foot.side and insole.outline is not None:
                share = 1.0 - seen_share_over(foot, insole.outline)
                told = {"share": words.number(100.0 * share, 0), "side": words(insole.side)}
                warnings += [words("unseen_sole", **told)] if share > max_share else []
    return warnings


def _thinned(views: CleanViews | None, most: int) -> CleanViews | None:
    return CleanViews(views.views[:: -(-len(views.views) // most)]) if views and views.views else None


def model_of(words: Words, feet: Feet | None, measures: Measures | None, insoles: Insoles | None) -> str:
    """Return the model to turn as JSON; nothing without a foot."""
    from scanproc import views

    return model_json(views.model(feet, measures, insoles), words) if feet is not None and feet.feet else ""


def _figures(shown: Mapping[str, Shown | None], words: Words, config: ReportConfig) -> dict[str, list[Figure]]:
    """Draw every artifact; a section without one has no pictures."""
    from scanproc import views

    look = views.Look(config.pixels_per_mm, config.text_px, say=words.say, accented=words.language != "en")
    beside = [artifact for artifact in shown.values() if artifact is not None]
    with views.Studio() as studio:

        def drawn(stage: str) -> Sequence[Panel]:
            artifact = shown[stage]
            return () if artifact is None else views.panels(artifact, beside, look, _KEPT.get(stage), studio)

        panels = dict(zip(shown, parallel_map(drawn, tuple(shown), "drawing pictures"), strict=True))
    alt = {stage: words(f"alt.{stage}") for stage in shown}
    return embedded(panels, alt, config.jpeg_quality, config.max_page_mb)
