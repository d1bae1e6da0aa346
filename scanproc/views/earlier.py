"""Another visit laid over what is shown, foot by foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scanproc.artifacts import Feet, Insoles, Mesh
from scanproc.errors import ScanError
from scanproc.frames import transform
from scanproc.measures.deviation import deviation
from scanproc.views.colors import BLUE_RED, GREY, PURPLE, colors_of, even
from scanproc.views.deviation import scale_mm
from scanproc.views.display import Display, Layer, shifted, skin_layer
from scanproc.views.scene import Legend, Skin


def laid_over(display: Display, feet: Feet, other: str, other_feet: Feet, other_insoles: Insoles | None) -> Display:
    """Return a display with another scan's feet laid onto these: translucent, and coloured by how far off they lie.

    Parameters
    ----------
    other : name of the other scan.
    other_insoles : shown with its feet, where they are given.

    Raises
    ------
    ScanError
        If no foot of the other scan is of a side that this one has, or their surfaces have nothing in common.
    """
    layers: list[Layer] = []
    pairs = [(mine, theirs) for mine in feet.feet for theirs in other_feet.feet if mine.side == theirs.side]
    if not pairs:
        sides = " and ".join(foot.side for foot in other_feet.feet) or "no"
        raise ScanError(f"{other} holds {sides} foot; expected one of a side that this scan has. Give another scan.")
    for mine, theirs in pairs:
        number = [foot.side for foot in feet.feet].index(mine.side)
        found = deviation(mine, theirs)
        most = scale_mm(found)
        color = colors_of(np.nan_to_num(found.distance_mm), -most, most, BLUE_RED)
        color[np.isnan(found.distance_mm)] = GREY
        title = f"{other} lies inside (blue) or outside (red)"
        legend = Legend(title, -most, most, BLUE_RED, ((GREY, "not seen in both"),), "mm")
        clear = Skin(found.mesh, even(PURPLE, len(found.mesh.vertices)))
        own = [
            skin_layer(f"{other}: foot", clear, opacity=0.35),
            skin_layer(f"{other}: deviation", Skin(found.mesh, color), legend, shown=False, values=found.distance_mm),
        ]
        for insole in other_insoles.insoles if other_insoles else ():
            if insole.side == mine.side and insole.solid is not None:
                moved = Mesh(transform(found.T_a_b, insole.solid.vertices), insole.solid.faces)
                skin = Skin(moved, even(PURPLE, len(moved.vertices)), sharp=True)
                own.append(skin_layer(f"{other}: insole", skin, opacity=0.5))
        layers += _beside(own, display, number)
    return replace(display, layers=(*display.layers, *layers))


def _beside(layers: Sequence[Layer], display: Display, number: int) -> list[Layer]:
    """Move layers to where the part of a number is shown."""
    if len(display.parts) == 1:
        return list(layers)
    part = display.parts[number]
    return [
        replace(layer, name=f"{part.name}: {layer.name}", scene=shifted(layer.scene, part.shift), part=number)
        for layer in layers
    ]
