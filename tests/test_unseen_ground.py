"""Feet on a ground that was not seen, nor their sole: level by an upright axis, or refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from feet import AnalyticFoot, mirrored, moved, without
from recordings import leg
from rings import of_length
from scipy.spatial.transform import Rotation

from scanproc.artifacts import Feet, Foot, Measure, Mesh, ScanFacts, Surface, Vertical
from scanproc.errors import ScanError
from scanproc.frames import rigid
from scanproc.measures.table import MEASURES
from scanproc.mesh.meshes import keep_faces
from scanproc.prescription.fields import InsoleConfig
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.insole import insole
from scanproc.stages.measure import MeasureConfig, measure

FOOT = AnalyticFoot(heel_deg=4.0, leg_deg=2.0, step_mm=3.0)
STANDING = ScanFacts(name="test", side="auto", loading="standing")
CUT_MM = 6.0  # as far below the lowest skin seen as align.unseen_ground_mm guesses it
AXIS = Vertical(0.2, "turn")


def seen_from_above(mesh: Mesh, vertical: Vertical | None = AXIS, replicates: int = 2, torn: bool = False) -> Surface:
    """Return a surface without errors; few replicates will do where its uncertainty is not looked at."""
    views = np.full(len(mesh.vertices), 9, dtype=np.uint8)
    errors = np.zeros((len(mesh.vertices), replicates), dtype=np.float16)
    return Surface(mesh, views, floor_seen=False, errors_mm=errors, vertical=vertical, torn=torn)


def compact(mesh: Mesh) -> Mesh:
    return keep_faces(mesh, np.ones(len(mesh.faces), dtype=np.bool_)).mesh


def turned(mesh: Mesh, yaw_deg: float = 130.0, upside_down: bool = False, tilt_deg: float = 0.0) -> Mesh:
    """Return a mesh whose z stays upright, but for a tilt, up or down."""
    R = Rotation.from_euler("xyz", [180.0 * upside_down + tilt_deg, 0.0, yaw_deg], degrees=True).as_matrix()
    return moved(mesh, rigid(R, np.array([40.0, -90.0, 700.0])))


def measured(foot: Foot) -> Mapping[str, Measure]:
    (found,) = measure(Feet((foot,)), STANDING, MeasureConfig(scale_sd=0.004)).feet
    return found.measures


@cache
def cropped(high_mm: float = CUT_MM) -> Mesh:
    return without(FOOT.mesh(), high=high_mm)


def the_foot(surface: Surface, facts: ScanFacts = STANDING) -> Foot:
    (foot,) = align(surface, facts, AlignConfig()).feet
    return foot


@pytest.mark.parametrize("upside_down", [False, True])
def test_a_foot_with_neither_floor_nor_sole_is_measured_but_for_heights(upside_down: bool) -> None:
    foot = the_foot(seen_from_above(turned(cropped(), upside_down=upside_down)))
    assert (foot.side, foot.ground) == ("left", "estimated")
    assert np.linalg.det(foot.T_foot_scan[:3, :3]) == pytest.approx(1.0)
    assert abs(foot.T_foot_scan[2, 2]) == pytest.approx(1.0)  # z of the scan is upright, either way
    assert foot.T_foot_scan[2] @ [40.0, -90.0, 700.0, 1.0] == pytest.approx(0.0, abs=4.0)  # a guess of where it stands
    assert foot.mesh.vertices[:, 2].max() == pytest.approx(200.0, abs=4.0)  # the leg is above
    found = measured(foot)
    truth = {
        "foot_length_mm": FOOT.length,
        "truncated_foot_length_mm": FOOT.truncated_length,
        "outside_ball_length_mm": FOOT.outside_ball_length,
        "foot_width_mm": FOOT.width,
        "heel_width_mm": FOOT.heel_width,
    }
    assert {name: found[name].value for name in truth} == pytest.approx(truth, abs=0.4)
    assert {found[name].status for name in truth} == {"measured"}
    assert found["leg_angle_deg"].value == pytest.approx(2.0, abs=0.3)
    for row in MEASURES:
        refused = (None, "refused") if row.needs_ground else (found[row.key].value, "measured")
        if row.key not in ("ball_girth_mm", "instep_girth_mm"):  # tapes that are closed where nothing was seen
            assert (found[row.key].value, found[row.key].status) == refused, row.key
        if row.needs_ground:
            assert str(found[row.key].reason).startswith("the height of the ground is not known")


def true_dorsum_mm(mesh: Mesh) -> float:
    """Return the height of the dorsum of a whole mesh that stands on z = 0, with its sole."""
    surface = replace(seen_from_above(mesh), floor_seen=True, vertical=None)
    value = measured(the_foot(surface, replace(STANDING, side="left")))["dorsum_height_mm"].value
    assert value is not None
    return value


@cache
def real_leg(length_mm: float = 250.0) -> Mesh:
    return of_length(leg(), length_mm)


@pytest.mark.few(5)
@pytest.mark.parametrize("upside_down", [False, True])
@pytest.mark.parametrize(
    ("cut_mm", "torn"),
    [(2.0, False), (4.0, False), (8.0, False), (12.0, False), (12.0, True), (14.0, True), (16.0, True)],
)
@pytest.mark.parametrize("mesh_of", [FOOT.mesh, real_leg, lambda: real_leg(215.0), lambda: real_leg(285.0)])
def test_the_dorsum_is_as_high_as_it_says_wherever_the_foot_was_cut(
    mesh_of: Callable[[], Mesh], cut_mm: float, torn: bool, upside_down: bool
) -> None:
    """Torn borders end higher, cut or not: walls that overhang are hardly seen."""
    whole = mesh_of()
    surface = seen_from_above(turned(compact(without(whole, high=cut_mm)), upside_down=upside_down), torn=torn)
    dorsum = measured(the_foot(surface))["dorsum_height_mm"]
    assert dorsum.status == "measured" and dorsum.value is not None and dorsum.sd is not None
    assert 1.3 < dorsum.sd < 3.0
    assert dorsum.value == pytest.approx(true_dorsum_mm(whole), abs=min(2.0 * dorsum.sd, 3.6))


def test_where_a_torn_border_was_cut_off_the_lowest_skin_lies_higher() -> None:
    """Of a leg that is torn off 14 mm up: as of a cut it would stand 3 mm too low, on its toes' word alone 1 mm."""
    surface = seen_from_above(turned(compact(without(real_leg(), high=14.0))))
    found = [measured(the_foot(replace(surface, torn=torn)))["dorsum_height_mm"] for torn in (False, True)]
    errors, sds = (np.array([getattr(one, name) for one in found]) for name in ("value", "sd"))
    assert errors - true_dorsum_mm(real_leg()) == pytest.approx([-2.4, 0.6], abs=0.6)
    assert sds[1] < sds[0] < 3.0  # the toes contradict what is not so


def test_toes_that_are_held_up_make_the_height_less_sure() -> None:
    """How low skin is seen then speaks against them."""
    sds = []
    for held_mm in (0.0, 12.0):
        vertices = np.array(cropped().vertices)
        vertices[:, 2] += held_mm * np.clip((vertices[:, 0] / FOOT.length - 0.75) / 0.15, 0.0, 1.0)
        dorsum = measured(the_foot(seen_from_above(turned(Mesh(vertices, cropped().faces)))))["dorsum_height_mm"]
        assert dorsum.value is not None and dorsum.sd is not None
        assert dorsum.value == pytest.approx(FOOT.dorsum_height, abs=2.5 * dorsum.sd)
        sds.append(dorsum.sd)
    assert sds[1] > 1.5 * sds[0]


def test_angles_carry_the_tilt_of_the_axis_and_lengths_hardly_do() -> None:
    sds = {}
    for axis_sd_deg in (0.0, 2.0):
        found = measured(the_foot(seen_from_above(turned(cropped()), Vertical(axis_sd_deg, "turn"), replicates=8)))
        sds[axis_sd_deg] = {name: one.sd for name, one in found.items() if one.sd is not None}
    tilt_sd_deg = AlignConfig().axis_tilt_sd_deg
    for axis_sd_deg, found_sds in sds.items():
        assert found_sds["leg_angle_deg"] == pytest.approx(np.hypot(axis_sd_deg, tilt_sd_deg), rel=0.1)
        assert found_sds["foot_width_mm"] < 0.6


def test_a_sole_that_was_seen_counts_more_than_an_axis() -> None:
    """A foot may be turned in the air about any axis."""
    foot = the_foot(seen_from_above(turned(FOOT.mesh(), tilt_deg=12.0)))
    assert foot.ground == "support"
    assert measured(foot)["plantar_arch_height_mm"].value == pytest.approx(FOOT.arch_mm, abs=0.3)


def test_what_nothing_levels_is_refused() -> None:
    wide_open = turned(cropped(8.0))
    with pytest.raises(ScanError, match=r"open edge under the heel, .* without a floor"):
        the_foot(seen_from_above(wide_open, vertical=None))
    with pytest.raises(ScanError, match=r"open edge under the heel"):
        the_foot(seen_from_above(turned(cropped()), vertical=None))
    with pytest.raises(ScanError, match=r"open edge under the heel"):  # it hangs in the air
        the_foot(seen_from_above(wide_open), replace(STANDING, loading="non-weight-bearing"))


@pytest.mark.few(2)
@pytest.mark.parametrize("pitch_deg", [-12.0, -6.0, 6.0, 12.0])
def test_a_foot_that_hangs_is_refused_or_hardly_shortened(pitch_deg: float) -> None:
    hanging = moved(cropped(), rigid(Rotation.from_euler("y", pitch_deg, degrees=True).as_matrix(), np.zeros(3)))
    if abs(pitch_deg) > 10.0:
        with pytest.raises(ScanError, match="does not look like a foot"):
            the_foot(seen_from_above(hanging))
    else:
        assert measured(the_foot(seen_from_above(hanging)))["foot_length_mm"].value == pytest.approx(250.0, abs=1.0)


def test_there_is_no_insole_on_a_ground_that_was_not_seen() -> None:
    foot = the_foot(seen_from_above(turned(cropped())), replace(STANDING, side="left"))
    with pytest.raises(ScanError, match="neither the floor under the foot nor its sole"):
        insole(Feet((foot,)), STANDING, replace(InsoleConfig(), allow_unseen_sole=True))


def test_a_pair_comes_out_as_two_feet_on_its_axis() -> None:
    apart = np.array([0.0, 90.0, 0.0])
    left, right = cropped(), mirrored(cropped())
    both = Mesh(
        np.concatenate([left.vertices + apart, right.vertices - apart]),
        np.concatenate([left.faces, right.faces + len(left.vertices)]).astype(np.int32),
    )
    surface = seen_from_above(turned(both, upside_down=True))
    feet = align(surface, replace(STANDING, side="both"), AlignConfig()).feet
    assert [(foot.side, foot.ground) for foot in feet] == [("left", "estimated"), ("right", "estimated")]
    for foot in feet:
        assert foot.landmarks["longest_toe_tip"].xyz_mm[0] == pytest.approx(FOOT.length, abs=0.5)
