"""Presets of `machine.toml`: what is milled, by the values in which it differs from the defaults."""

from __future__ import annotations

from scanproc.settings import Chosen

_FLAT_8 = {
    "kind": Chosen("flat", "it clears"),
    "diameter_mm": Chosen(8.0, "stiff"),
    "flute_mm": Chosen(40.0, "as deep as a block of 35 mm"),
}
_FLAT_6 = {
    "kind": Chosen("flat", "square walls"),
    "flute_mm": Chosen(40.0, "as deep as a block of 35 mm"),
}
_BALL_6 = {"diameter_mm": Chosen(6.0, "insole.cutter_mm: a common ball for a foot's curves")}
_BALL_3 = {
    "diameter_mm": Chosen(3.0, "half the finishing ball"),
    "flute_mm": Chosen(12.0, "slender"),
    "out_mm": Chosen(40.0, "slender"),
    "feed_mm_min": Chosen(1200.0, "slender"),
}
PRESETS: dict[str, dict[str, dict[str, Chosen]]] = {
    "block": {"rough": _FLAT_8, "finish": _BALL_6, "trim": _FLAT_6, "pencil": _BALL_3},
    "shell": {
        "cutting": {"leave_mm": Chosen(0.3, "a thin wall gives way under a deep finishing cut")},
        "rough": {
            **_FLAT_8,
            "feed_mm_min": Chosen(1800.0, "polypropylene melts and chatters before foam does"),
            "step_down_mm": Chosen(3.0, "solid plastic"),
        },
        "finish": {**_BALL_6, "feed_mm_min": Chosen(1800.0, "solid plastic")},
        "pencil": {**_BALL_3, "feed_mm_min": Chosen(900.0, "solid plastic")},
        "trim": {
            **_FLAT_6,
            "feed_mm_min": Chosen(1200.0, "a full slot in solid plastic"),
            "step_down_mm": Chosen(3.0, "solid plastic"),
        },
    },
    "positive": {
        "cutting": {
            "tabs": Chosen(0, "a model stands on its base"),
            "scallop_mm": Chosen(0.1, "a sheet bridges finer ridges"),
            "max_unreached_mm": Chosen(1.0, "a sheet of 3 mm does not follow into tighter hollows"),
        },
        "rough": _FLAT_8,
        "finish": _BALL_6,
        "trim": _FLAT_6,
        "pencil": _BALL_3,
    },
}
