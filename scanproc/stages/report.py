"""Stage 8: the page that is looked at, shared and printed. One HTML file that needs nothing else."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanproc.artifacts import (
    CleanViews,
    Exports,
    Feet,
    Foot,
    Insole,
    Insoles,
    Measures,
    Refusals,
    Registration,
    Report,
    ScanFacts,
    Surface,
)
from scanproc.measures.plain_words import GROUND_WORDS
from scanproc.mesh.meshes import face_areas, face_normals
from scanproc.mesh.polyline_distance import inside
from scanproc.pages.html import Figure, embedded, fill
from scanproc.pages.report_text import (
    check_texts,
    count_names,
    edited_names,
    headline,
    measure_groups,
    print_rows,
    refusal_texts,
    rim_text,
    scale_note,
    view_rows,
)
from scanproc.settings import setting

if TYPE_CHECKING:
    from scanproc.views import Panel, Shown

log = logging.getLogger(__name__)

_ALT = {
    "views": "Depth image of one view, the foot alone",
    "registration": "All views in their places",
    "surface": "The fused surface",
    "feet": "The foot in its frame with its landmarks",
    "measures": "Measures drawn on the foot",
    "insoles": "The insole",
    "exports": "Milling",
}
_SOLE_MM = 25.0  # what looks down from higher than this is not sole


@dataclass(frozen=True)
class ReportConfig:
    """The report's pictures, and what its first line warns of."""

    pixels_per_mm: float = setting(2.4, "size of pictures; two of their pixels are one on the page", low=1.0, high=8.0)
    text_px: int = setting(22, "height of the texts in pictures, pixels", low=12, high=60)
    jpeg_quality: int = setting(86, "of the pictures", low=30, high=95)
    max_thumbnails: int = setting(48, "most views in the contact sheet; of more, every 2nd, 3rd …", low=1, high=500)
    max_page_mb: float = setting(4.0, "pictures are compressed harder until the page is smaller than this", low=0.5)
    unseen_sole_share: float = setting(
        0.05, "share of the sole above an insole; more unseen is named in the first line", low=0, high=1
    )


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
    """Write the page of a scan from whatever its stages made; what was refused is said, what is absent is left out.

    Raises
    ------
    ScanError
        If there is neither a display nor EGL to draw the pictures with.
    """
    reasons = refusal_texts(refusals, insoles)
    shown: dict[str, Shown | None] = {
        "views": _thinned(views, config.max_thumbnails),
        "registration": registration,
        "surface": surface,
        "feet": feet,
        "measures": measures,
        "insoles": insoles,
        "exports": exports,
    }
    html = fill(
        "report.html",
        facts=facts,
        headline=headline(facts, feet, measures),
        reasons=reasons,
        warnings=unseen_soles(feet, insoles, config.unseen_sole_share),
        refusals=refusals.refusals,
        figures=_figures(shown, config),
        feet=feet.feet if feet else (),
        edited=edited_names(feet),
        measured=[(foot, measure_groups(foot, facts)) for foot in (measures.feet if measures else ())],
        scale_note=scale_note(facts, measures),
        insoles=insoles.insoles if insoles else (),
        check_texts=check_texts,
        grounds=GROUND_WORDS,
        count_names=count_names(views),
        view_rows=view_rows(views, registration),
        rim_text=rim_text(views, registration),
        print_rows=print_rows(exports),
        files=file_rows(exports),
    )
    log.info("report: %d bytes, %s", len(html), "usable" if not reasons else f"refused: {'; '.join(reasons)}")
    return Report(html)


def unseen_soles(feet: Feet | None, insoles: Insoles | None, max_share: float) -> list[str]:
    """Return a warning for each insole whose sole was invented: prescriptions can allow that, readers must know."""
    warnings = []
    for foot in feet.feet if feet else ():
        for insole in insoles.insoles if insoles else ():
            share = _unseen_sole(foot, insole) if insole.side == foot.side else 0.0
            if share > max_share:
                warnings.append(f"{share:.0%} of the sole above the {insole.side} insole was not seen and is invented")
    return warnings


def _unseen_sole(foot: Foot, insole: Insole) -> float:
    """Return the share of the sole's area inside an insole's outline that no view saw."""
    if insole.outline is None:
        return 0.0
    centres = foot.mesh.vertices[foot.mesh.faces].mean(axis=1)
    low = (face_normals(foot.mesh)[:, 2] < -0.5) & (centres[:, 2] < _SOLE_MM)
    low[low] = inside(insole.outline, centres[low][:, :2])
    areas = face_areas(foot.mesh)[low]
    unseen = (foot.views[foot.mesh.faces[low]] == 0).any(axis=1)
    return float(areas[unseen].sum() / max(areas.sum(), 1e-9))


def file_rows(exports: Exports | None) -> list[tuple[str, str, str]]:
    """Return name, size in bytes and SHA-256 of every exported file."""
    files = sorted(exports.files.items()) if exports else []
    return [(name, f"{len(data):,}", hashlib.sha256(data).hexdigest()) for name, data in files]


def _thinned(views: CleanViews | None, most: int) -> CleanViews | None:
    return CleanViews(views.views[:: -(-len(views.views) // most)]) if views and views.views else None


def _figures(shown: dict[str, Shown | None], config: ReportConfig) -> dict[str, list[Figure]]:
    """Draw every artifact; a section without one has no pictures."""
    from scanproc import views

    look = views.Look(config.pixels_per_mm, config.text_px)
    beside = [artifact for artifact in shown.values() if artifact is not None]
    panels: dict[str, Sequence[Panel]] = {
        stage: views.panels(artifact, beside, look) if artifact is not None else () for stage, artifact in shown.items()
    }
    return embedded(panels, _ALT, config.jpeg_quality, config.max_page_mb)
