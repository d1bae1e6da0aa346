"""Pictures of what each stage made: as panels for the report, as one PNG, and in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from scanproc.artifacts import CleanViews, Exports, Feet, Insoles, Measures, Registration, Surface
from scanproc.errors import ScanError
from scanproc.measures.deviation import Deviation
from scanproc.views.beside import Beside
from scanproc.views.deviation import deviation_shots
from scanproc.views.display import Display
from scanproc.views.foot import feet_shots, portrait
from scanproc.views.foot_display import feet_display, measures_display, surface_display
from scanproc.views.insole_display import exports_display, insoles_display
from scanproc.views.measured import measure_shots
from scanproc.views.milling import milling_shots
from scanproc.views.model import deviation_model, model
from scanproc.views.pen import Look
from scanproc.views.raised_top import RaisedTop, raised_top_model, raised_top_shots
from scanproc.views.recording import contact_sheet, registration_shots
from scanproc.views.recording_display import clean_pages, registration_display
from scanproc.views.render import Studio
from scanproc.views.scene import Legend, Shot
from scanproc.views.sheet import Panel, compose, develop, encode_jpeg, encode_png
from scanproc.views.shell import insole_shots
from scanproc.views.surface import surface_shots

__all__ = [
    "Beside", "Look", "Panel", "RaisedTop", "Shown", "Studio", "deviation_model", "encode_jpeg", "encode_png", "model",
    "pages", "panels", "picture", "portraits", "raised_top_model",
]  # fmt: skip

Shown = CleanViews | Registration | Surface | Feet | Measures | Insoles | Exports | Deviation | RaisedTop


PICTURES: Mapping[type, Callable[[Any, Beside], Sequence[Shot | Legend | Panel]]] = {
    CleanViews: lambda shown, beside: contact_sheet(shown),
    Registration: lambda shown, beside: registration_shots(shown, beside.views, beside.feet),
    Surface: lambda shown, beside: surface_shots(shown, beside.feet),
    Feet: lambda shown, beside: feet_shots(shown),
    Measures: lambda shown, beside: measure_shots(shown, beside.feet),
    Insoles: lambda shown, beside: insole_shots(shown, beside.feet),
    Exports: lambda shown, beside: milling_shots(shown),
    Deviation: lambda shown, beside: deviation_shots(shown),
    RaisedTop: lambda shown, beside: raised_top_shots(shown),
}


DISPLAYS: Mapping[type, Callable[[Any, Beside], Display]] = {
    Registration: registration_display,
    Surface: surface_display,
    Feet: feet_display,
    Measures: measures_display,
    Insoles: insoles_display,
    Exports: exports_display,
}


def panels(
    artifact: Shown,
    beside: Sequence[object] = (),
    look: Look | None = None,
    kept: Sequence[str] | None = None,
    studio: Studio | None = None,
) -> tuple[Panel, ...]:
    """Return the pictures of an artifact one by one, all at one scale.

    Parameters
    ----------
    beside : other artifacts of the scan.
    kept : how the titles end of those that are wanted, beside legends; None: of all.
    studio : the renderer that several artifacts share.
    """
    chosen = look or Look()
    shots = PICTURES[type(artifact)](artifact, Beside.of(beside))
    wanted = [shot for shot in shots if kept is None or isinstance(shot, Legend) or _ends(shot.title, kept)]
    with nullcontext(studio) if studio else Studio() as one:
        return tuple(shot if isinstance(shot, Panel) else develop(shot, chosen, one) for shot in wanted)


def portraits(feet: Feet, studio: Studio, pixels_per_mm: float) -> tuple[Panel, ...]:
    """Return a small picture of each foot."""
    return tuple(develop(portrait(foot), Look(pixels_per_mm, 12), studio) for foot in feet.feet)


def _ends(title: str, kept: Sequence[str]) -> bool:
    """Tell whether a title is one of those, the foot before it left out."""
    return title in kept or title.partition(" foot, ")[2] in kept


def picture(artifact: Shown, beside: Sequence[object] = (), look: Look | None = None) -> bytes:
    """Return all pictures of an artifact on one sheet, as a PNG; the same bytes for the same artifact.

    Raises
    ------
    ScanError
        If there is nothing to show, or nothing to draw with.
    """
    return encode_png(compose(_not_empty(panels(artifact, beside, look), artifact), look or Look()))


def pages(artifact: Shown, beside: Sequence[object] = ()) -> Sequence[Callable[[], Display]]:
    """Return what a window shows of an artifact, page by page, each made when it is looked at."""
    known = Beside.of(beside)
    if isinstance(artifact, CleanViews):
        return clean_pages(artifact, known)
    return (lambda: DISPLAYS[type(artifact)](artifact, known),)


def _not_empty(things: Sequence[Any], artifact: Shown) -> Sequence[Any]:
    if not things:
        raise ScanError(
            f"found nothing to draw of {type(artifact).__name__.lower()}; expected a foot."
            " Look at the stage before it, or make a picture: scanproc view SCAN STAGE --screenshot FILE.png."
        )
    return things
