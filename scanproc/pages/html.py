"""Pages of HTML that need nothing else: templates filled in, pictures inside. The only importer of jinja2."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from scanproc.pages.sentences import Said

if TYPE_CHECKING:
    from scanproc.views import Panel

log = logging.getLogger(__name__)

_MARKUP_MB = 0.2  # of a page, beside its pictures
_LEAST_QUALITY = 30
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Figure:
    """A picture on the page: its caption, what a screen reader says, a data URI, and its size on the page in px."""

    caption: str
    alt: str
    uri: str
    width: int
    height: int


def fill(template: str, **values: Any) -> str:
    """Return a template of `templates/` with its values; a text that is not marked as safe stays text."""
    text: str = _templates().get_template(template).render(**values)
    return text


@cache
def _templates() -> Any:
    """Return all templates; each is compiled once, however many pages it stands in."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("scanproc"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _visible(value: Any) -> Any:
    """Return a value of which no letter controls anything: HTML has no place for those."""
    if isinstance(value, Said):
        return replace(value, text=_CONTROLS.sub("\ufffd", value.text))
    return _CONTROLS.sub("\ufffd", value) if isinstance(value, str) and _CONTROLS.search(value) else value


def embedded(
    panels: Mapping[str, Sequence[Panel]], alt: Mapping[str, str], jpeg_quality: int, max_page_mb: float
) -> dict[str, list[Figure]]:
    """Return pictures as figures, all compressed alike, and harder until the page keeps its size.

    Parameters
    ----------
    panels : by the section of the page that they belong to.
    alt : of each section, what its pictures show, for a screen reader.
    """
    from scanproc.views import encode_jpeg

    shown = [(section, panel) for section, those in panels.items() for panel in those]
    quality = jpeg_quality
    files = [encode_jpeg(panel.pixels, quality) for _, panel in shown]
    while sum(map(len, files)) * 4 / 3 > (max_page_mb - _MARKUP_MB) * 1e6 and quality > _LEAST_QUALITY:
        quality -= 10  # base64 makes 4 bytes of 3
        files = [encode_jpeg(panel.pixels, quality) for _, panel in shown]
    log.info("report: %d pictures, %.2f MB at quality %d", len(files), sum(map(len, files)) / 1e6, quality)
    figures: dict[str, list[Figure]] = {section: [] for section in panels}
    for (section, panel), file in zip(shown, files, strict=True):
        figures[section].append(_figure(panel, alt[section], file))
    return figures


def _figure(panel: Panel, alt: str, file: bytes) -> Figure:
    height, width = panel.pixels.shape[:2]
    uri = "data:image/jpeg;base64," + base64.b64encode(file).decode("ascii")
    return Figure(panel.title, f"{alt}: {panel.title}", uri, width // 2, height // 2)
