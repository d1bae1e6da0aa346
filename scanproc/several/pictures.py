"""The pictures of a page about several scans: drawn as the report's, by the same settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scanproc.pages.html import Figure, embedded
from scanproc.pages.words import Words
from scanproc.settings import build_configs
from scanproc.stages.report import ReportConfig

if TYPE_CHECKING:
    from scanproc.views import Shown


def picture_settings(tables: Iterable[Mapping[str, Any]]) -> ReportConfig:
    """Return the report's settings; those of other stages are left to their run."""
    mine = [{"report": table["report"]} for table in tables if "report" in table]
    config: ReportConfig = build_configs({"report": ReportConfig}, *mine)["report"]
    return config


def pictures(
    sections: Mapping[str, tuple[Shown, Sequence[object]]], alt: Mapping[str, str], config: ReportConfig, words: Words
) -> dict[str, list[Figure]]:
    """Draw an artifact for each section of a page, with what else is known of its scan."""
    from scanproc.views import Look, Studio, panels

    look = Look(config.pixels_per_mm, config.text_px, say=words.say, accented=words.language != "en")
    with Studio() as studio:
        drawn = {name: panels(shown, beside, look, studio=studio) for name, (shown, beside) in sections.items()}
    return embedded(drawn, alt, config.jpeg_quality, config.max_page_mb)
