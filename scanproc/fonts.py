"""The font of drawings: it has the letters of most of Europe, as pseudonyms and languages do, on every machine."""

from __future__ import annotations

from functools import cache
from importlib.metadata import distribution
from pathlib import Path

NAME = "DejaVuSans"
# Loading matplotlib itself takes as long as a stage.
_FONT_OF, _FONT_FILE = "matplotlib", "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf"
_OTHERWISE = "Vera.ttf"  # reportlab's own


@cache
def font_file() -> str:
    """Return where the font is."""
    file = Path(str(distribution(_FONT_OF).locate_file(_FONT_FILE)))
    return str(file) if file.is_file() else _OTHERWISE
