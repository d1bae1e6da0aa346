"""What the model inside a report shows: foot, landmarks, measures, insole, their maps; a layer each, as in a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from scanproc.artifacts import Feet, Foot, FootMeasures, Insole, Insoles, Measures, Side
from scanproc.measures.deviation import Deviation
from scanproc.views.beside import Beside
from scanproc.views.coarse import coarse
from scanproc.views.colors import BLUES, ORANGE
from scanproc.views.deviation import deviation_shots
from scanproc.views.display import Display, Layer, side_by_side, skin_layer
from scanproc.views.foot_display import feet_display, measures_display
from scanproc.views.insole_display import insoles_display
from scanproc.views.scene import ABOVE, Legend, Skin, medial
from scanproc.views.surface import seen_colors

_SHOWN = frozenset({"foot", "insole, by wall thickness", "soft extension", "Arch"})  # at first: all are a thicket
_FACES = 50_000  # of more, a browser gets a coarser body
_LEFT_OUT = frozenset({"foot, translucent", "foot frame and ground"})  # of what the displays of other stages repeat


def model(feet: Feet, measures: Measures | None, insoles: Insoles | None) -> Display:
    """Return each foot with all that is known of it; bodies with fewer faces, as a browser turns them."""
    found = {foot.side: foot for foot in (measures.feet if measures else ())}
    made = {insole.side: insole for insole in (insoles.insoles if insoles else ())}
    layers = tuple(_layers(foot, found.get(foot.side), made.get(foot.side)) for foot in feet.feet)
    parts, shown = side_by_side(tuple(foot.side for foot in feet.feet), layers)
    one = feet.feet[0].medial_y if len(feet.feet) == 1 else 0.0
    return Display("", tuple(shown), *(medial(one) if one else ABOVE), parts=parts, medial_y=one)


def deviation_model(maps: Mapping[Side, Deviation]) -> Display:
    """Return how each foot of a scan lies to that of another, by their sides."""
    layers = []
    for shown in maps.values():
        shots = deviation_shots(shown)
        (skin,) = shots[0].scene.skins
        layers.append((_light(skin_layer("distance of B from A", skin, shots[-1])),))
    parts, placed = side_by_side(tuple(maps), tuple(layers))
    one = next(iter(maps.values())).medial_y if len(maps) == 1 else 0.0
    return Display("", tuple(placed), *(medial(one) if one else ABOVE), parts=parts, medial_y=one)


def _layers(foot: Foot, found: FootMeasures | None, insole: Insole | None) -> tuple[Layer, ...]:
    feet = Feet((foot,))
    beside = Beside(feet=feet)
    layers = [*feet_display(feet, beside).layers, _by_views(foot)]
    if found is not None:
        layers += measures_display(Measures((found,)), beside).layers
    if insole is not None and insole.solid is not None:
        layers += insoles_display(Insoles((insole,)), beside).layers
    named: dict[str, Layer] = {}
    for layer in layers:
        if layer.name not in _LEFT_OUT:
            named.setdefault(layer.name, replace(layer, shown=layer.name in _SHOWN))
    return tuple(_light(layer) for layer in named.values())


def _by_views(foot: Foot) -> Layer:
    """Return the map of what was seen."""
    most = max(int(np.percentile(foot.views, 99)), 2)
    marks = ((ORANGE, "not seen, invented"),)
    legend = Legend("Views that saw the point", 1, most, BLUES, marks)
    return skin_layer("foot, by views", Skin(foot.mesh, seen_colors(foot.views, most)), legend, group="foot")


def _light(layer: Layer) -> Layer:
    """Return a layer whose bodies have few enough faces."""
    skins = tuple(skin if len(skin.mesh.faces) < _FACES else coarse(skin) for skin in layer.scene.skins)
    return replace(layer, scene=replace(layer.scene, skins=skins))
