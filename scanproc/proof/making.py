"""What printer, mill and scales ask of a finished solid."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Check, Mesh
from scanproc.frames import transform
from scanproc.prescription.fields import DENSITY_G_PER_CM3
from scanproc.proof.checks import at_least, at_most, told
from scanproc.proof.finished import Finished
from scanproc.solid.resting_plane import TOUCHES_MM, stable_pose
from scanproc.solid.topology import contact_area_mm2, undercut, volume_mm3

_HIDDEN_MM2 = 0.5


def making_checks(done: Finished) -> tuple[Check, ...]:
    """What a mill cannot see, what a printer's first layer finds, volume, mass, size, triangles."""
    rx, solid = done.rx, done.solid
    lying = Mesh(transform(stable_pose(solid), solid.vertices), solid.faces)
    hidden = undercut(solid, done.faces)
    volume = volume_mm3(solid) / 1e3
    size = " x ".join(f"{length:.1f}" for length in np.ptp(lying.vertices, axis=0))
    patch = rx.making.contact_patch_mm2
    touching = contact_area_mm2(lying, TOUCHES_MM)
    on_posts = max(rx.posts.forefoot_post_deg, rx.posts.rearfoot_post_deg, rx.posts.rearfoot_motion_deg) > 0.0
    return (
        # A post is not flattened onto the plane of the other end.
        told("contact_patch_mm2", touching, "stands on its posts, is printed on supports")
        if on_posts and touching < 0.9 * patch
        else at_least("contact_patch_mm2", patch, touching, 0.1 * patch),
        at_most("undercut_above_mm2", 0.0, hidden.from_above, _HIDDEN_MM2),
        at_most("undercut_below_mm2", 0.0, hidden.from_below, _HIDDEN_MM2),
        told("volume_cm3", volume),
        told("mass_g", volume * DENSITY_G_PER_CM3[rx.device.material], f"measured, {rx.device.material}"),
        told("print_size_mm", size),
        at_most("triangles", rx.judgement.max_triangles, len(solid.faces)),
    )
