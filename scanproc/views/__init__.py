"""Pictures of what each stage made: as panels for the report, as one PNG, and in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scanproc.artifacts import CleanViews, Exports, Feet, Insoles, Measures, Registration, Surface
from scanproc.errors import ScanError
from scanproc.measures.deviation import Deviation
from scanproc.views.deviation import deviation_shots
from scanproc.views.foot import feet_shots
from scanproc.views.measured import measure_shots
from scanproc.views.milling import milling_shots
from scanproc.views.pen import Look
from scanproc.views.recording import contact_sheet, registration_shots
from scanproc.views.render import window
from scanproc.views.scene import Legend, Scene, Shot
from scanproc.views.sheet import Panel, compose, develop, encode_jpeg, encode_png
from scanproc.views.shell import insole_shots
from scanproc.views.surface import surface_shots

__all__ = ["Look", "Panel", "Shown", "encode_jpeg", "encode_png", "panels", "picture", "show"]

Shown = CleanViews | Registration | Surface | Feet | Measures | Insoles | Exports | Deviation


@dataclass(frozen=True)
class Beside:
    """What else is known of the scan; a picture uses what it can."""

    views: CleanViews | None = None
    feet: Feet | None = None

    @staticmethod
    def of(artifacts: Sequence[object]) -> Beside:
        views = next((item for item in artifacts if isinstance(item, CleanViews)), None)
        return Beside(views, next((item for item in artifacts if isinstance(item, Feet)), None))


PICTURES: Mapping[type, Callable[[Any, Beside], Sequence[Shot | Legend | Panel]]] = {
    CleanViews: lambda shown, beside: contact_sheet(shown),
    Registration: lambda shown, beside: registration_shots(shown, beside.views, beside.feet),
    Surface: lambda shown, beside: surface_shots(shown, beside.feet),
    Feet: lambda shown, beside: feet_shots(shown),
    Measures: lambda shown, beside: measure_shots(shown, beside.feet),
    Insoles: lambda shown, beside: insole_shots(shown, beside.feet),
    Exports: lambda shown, beside: milling_shots(shown),
    Deviation: lambda shown, beside: deviation_shots(shown),
}


def panels(artifact: Shown, beside: Sequence[object] = (), look: Look | None = None) -> tuple[Panel, ...]:
    """Return the pictures of an artifact one by one, all at one scale; `beside` holds other artifacts of the scan."""
    chosen = look or Look()
    shots = PICTURES[type(artifact)](artifact, Beside.of(beside))
    return tuple(shot if isinstance(shot, Panel) else develop(shot, chosen) for shot in shots)


def picture(artifact: Shown, beside: Sequence[object] = (), look: Look | None = None) -> bytes:
    """Return all pictures of an artifact on one sheet, as a PNG; the same bytes for the same artifact.

    Raises
    ------
    ScanError
        If there is nothing to show, or nothing to draw with.
    """
    return encode_png(compose(_not_empty(panels(artifact, beside, look), artifact), look or Look()))


def show(artifact: Shown, title: str = "scanproc", beside: Sequence[object] = ()) -> None:
    """Open a window with the scene of `picture`, to be turned by hand; returns when it is closed.

    Raises
    ------
    ScanError
        If there is no display, or nothing that can be turned.
    """
    shots = [shot for shot in PICTURES[type(artifact)](artifact, Beside.of(beside)) if isinstance(shot, Shot)]
    first = _not_empty(shots, artifact)[0].scene
    lines = {id(line): line for shot in shots for line in shot.scene.lines}
    labels = {(label.name, label.value): label for shot in shots for label in shot.scene.labels}
    window(title, Scene(first.skins, first.clouds, tuple(lines.values()), tuple(labels.values())))


def _not_empty(things: Sequence[Any], artifact: Shown) -> Sequence[Any]:
    if not things:
        raise ScanError(
            f"found nothing to draw of {type(artifact).__name__.lower()}; expected a foot."
            " Look at the stage before it, or make a picture: scanproc view SCAN STAGE --screenshot FILE.png."
        )
    return things
