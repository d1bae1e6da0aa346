"""Balance of the cast: a foot levelled otherwise than on heel and metatarsal heads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.anatomy.foot_regions import surface_length
from scanproc.artifacts import Foot, Landmark, Mesh
from scanproc.design.plan import HEEL_END
from scanproc.errors import ScanError
from scanproc.frames import rigid, rotation_about, transform
from scanproc.measures.heels import heel_angle_deg
from scanproc.measures.readings import FootShape
from scanproc.prescription.doses import Posts

_CONTACT_MM = 2.0  # what is lower than this over the heel's lowest point is its contact
_MOST_TURNS, _UPRIGHT_DEG = 5, 0.05
_MOST_UNSEEN = 0.25  # of the heel that its angle is read from


def balanced(foot: Foot, posts: Posts) -> Foot:
    """Return the foot as the prescription levels it: turned about the long axis under the middle of the heel's contact.

    `tripod` leaves it as it is. `inverted` and `everted` turn it from there by `balance_deg`; inverting raises the
    medial side. `heel_vertical` inverts it by the heel's valgus, so that the calcaneal line stands upright and a
    forefoot varus comes back. Its lowest point stays on the ground; x does not change, nor does the meaning of y.

    Raises
    ------
    ScanError
        If the heel of a foot that bears load on a floor, or a heel that was not seen, is to be set upright.
    """
    inversion = _inversion_deg(foot, posts)
    return foot if inversion == 0.0 else _inverted(foot, inversion)


def _inversion_deg(foot: Foot, posts: Posts) -> float:
    if posts.cast_balance == "heel_vertical":
        return _heel_valgus_deg(foot)
    return {"tripod": 0.0, "inverted": posts.balance_deg, "everted": -posts.balance_deg}[posts.cast_balance]


def _heel_valgus_deg(foot: Foot) -> float:
    if foot.ground != "support":
        raise ScanError(
            "found a foot that stands on a floor, expected a raised one for insole.cast_balance = heel_vertical"
            " (rule balance-raised): its sole is flat on the ground, and would be tilted with it. Scan the foot raised,"
            ' or set insole.cast_balance = "tripod".'
        )
    inversion = 0.0
    for _ in range(_MOST_TURNS):
        # The slices that the line is fitted to are level ones: of a turned heel they are others.
        left = _seen_heel_valgus_deg(foot if inversion == 0.0 else _inverted(foot, inversion))
        inversion += left
        if abs(left) < _UPRIGHT_DEG:
            break
    return inversion


def _seen_heel_valgus_deg(foot: Foot) -> float:
    angle = heel_angle_deg(FootShape(foot))
    if angle.value is None or angle.unseen_share > _MOST_UNSEEN:
        found = angle.refused or f"{angle.unseen_share:.0%} of {angle.where} unseen"
        raise ScanError(
            f"found no heel line ({found}), expected one for insole.cast_balance = heel_vertical"
            " (rule balance-heel-seen). Scan the back of the heel up to 50 mm, or set insole.cast_balance ="
            ' "tripod".'
        )
    return angle.value


def _inverted(foot: Foot, inversion_deg: float) -> Foot:
    """Turn a foot about x, so that its medial side rises, and set it on the ground again."""
    vertices = foot.mesh.vertices
    turn = rotation_about(np.array([1.0, 0.0, 0.0]), foot.medial_y * np.deg2rad(inversion_deg))
    axis = np.array([0.0, _heel_contact_y(foot), 0.0])
    T = rigid(turn, axis - turn @ axis)
    T[2, 3] -= float(transform(T, vertices)[:, 2].min())
    return replace(
        foot,
        T_foot_scan=T @ foot.T_foot_scan,
        mesh=Mesh(transform(T, vertices), foot.mesh.faces),
        landmarks={
            name: Landmark(transform(T, mark.xyz_mm[None, :])[0], mark.method, mark.confidence)
            for name, mark in foot.landmarks.items()
        },
    )


def _heel_contact_y(foot: Foot) -> float:
    """Return the middle across of what lies lowest under the heel, mm."""
    vertices = foot.mesh.vertices
    heel = vertices[vertices[:, 0] < HEEL_END * surface_length(foot)]
    contact = heel[heel[:, 2] < heel[:, 2].min() + _CONTACT_MM]
    return 0.5 * float(contact[:, 1].min() + contact[:, 1].max())
