"""Where a foot is read: up to which height, at which shares of its length, and what its length is."""

from __future__ import annotations

from scanproc.artifacts import Foot

FOOT_HEIGHT_MM = 60.0  # "the foot below z = 60 mm" of the definitions: above it is leg
SOLE_HEIGHT_MM = 40.0  # the width of a section is read below this
# Shares of the foot length.
HEEL_SECTION = 0.16  # the heel's width
ARCH_WINDOW = (0.30, 0.60)  # the arch,
ARCH_LINE_SHARE = 0.25  # along the line at this share of the section's width, from its medial border
DORSUM_SECTION = 0.50  # the dorsum's height, the instep's girth

_ENDS = ("pternion", "longest_toe_tip")


def rear_of(foot: Foot) -> float:
    """Return x of the pternion, mm: 0 unless the landmark was edited."""
    return float(foot.landmarks[_ENDS[0]].xyz_mm[0])


def foot_length(foot: Foot) -> float:
    """Return the foot length FL, mm: from the pternion to the tip of the longest toe, along x."""
    return float(foot.landmarks[_ENDS[1]].xyz_mm[0]) - rear_of(foot)


def surface_length(foot: Foot) -> float:
    """Return how far forward the surface of a foot reaches below 60 mm, which an insole must bear, mm.

    Landmarks are sought on a smoothed surface, whose foremost point lies up to 0.3 mm behind that of the surface. Where
    someone set an end of the foot by hand, the surface is known to mislead: there the foot length counts.
    """
    if any(foot.landmarks[name].method == "edited" for name in _ENDS if name in foot.landmarks):
        return foot_length(foot)
    low = foot.mesh.vertices[:, 2] < FOOT_HEIGHT_MM
    return float(foot.mesh.vertices[low, 0].max())
