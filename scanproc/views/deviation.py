"""Pictures of how far one foot's surface lies from another's."""

from __future__ import annotations

import numpy as np

from scanproc.measures.deviation import Deviation
from scanproc.views.colors import BLUE_RED, CUT, GREY, colors_of
from scanproc.views.foot import ANKLE_MM, TOP_MM
from scanproc.views.scene import ABOVE, BELOW, Legend, Scene, Shot, Skin, lateral, medial

_SCALES_MM = (
    1.0,
    2.0,
    3.0,
    5.0,
    10.0,
    20.0,
)  # ends of the colour bar, of which the least that holds nearly all is taken


def deviation_shots(shown: Deviation) -> tuple[Shot, Shot, Shot, Shot, Legend]:
    """Return foot B, laid onto foot A, from four sides: red where it lies outside A, blue where inside."""
    most = scale_mm(shown)
    color = colors_of(np.nan_to_num(shown.distance_mm), -most, most, BLUE_RED)
    color[np.isnan(shown.distance_mm)] = GREY
    scene = Scene((Skin(shown.mesh, color),))
    return (
        Shot("Dorsum", scene, *ABOVE, below_mm=ANKLE_MM),
        Shot("Sole", scene, *BELOW, below_mm=ANKLE_MM),
        Shot("Medial", scene, *medial(shown.medial_y), top_mm=TOP_MM),
        Shot("Lateral", scene, *lateral(shown.medial_y), top_mm=TOP_MM),
        Legend(
            "B lies inside A (blue) or outside (red)",
            -most,
            most,
            BLUE_RED,
            marks=((GREY, "not compared: not seen in both"), (CUT, "inside, where it is open or cut")),
            unit="mm",
        ),
    )


def scale_mm(shown: Deviation) -> float:
    """Return the end of the colour bar, mm: nearly all that was compared is nearer, a swelling with it."""
    figures = shown.summary()
    nearly_all = max(-figures.inmost_mm, figures.outmost_mm)
    return next((scale for scale in _SCALES_MM if scale >= nearly_all), _SCALES_MM[-1])
