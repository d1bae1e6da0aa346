"""A prescription while it is edited: what changes, what is undone, what comes out."""

from __future__ import annotations

import numpy as np
import pytest
from insole_feet import leg

from scanproc.artifacts import Feet, Insole, Insoles, Mesh, ScanFacts
from scanproc.editing.earlier import laid_under
from scanproc.editing.form import form
from scanproc.editing.session import EditSession
from scanproc.errors import ScanError
from scanproc.prescription.fields import InsoleConfig
from scanproc.stages.insole import proven_insole

FIELDS = {field.name: field for section in form() for field in section.fields}


@pytest.fixture(scope="module")
def feet() -> Feet:
    return Feet((leg(1),))


@pytest.fixture
def session(feet: Feet) -> EditSession:
    return EditSession(feet, ScanFacts("leg"), {"heel_cup_depth_mm": 12.0})


def test_the_form_holds_every_field_of_a_device_once() -> None:
    names = [field.name for section in form() for field in section.fields]
    assert len(names) == len(set(names))
    for name in ("length", "thickness_mm", "top_cover_mm", "arch_fill_mm", "rearfoot_post", "met_pad_mm", "text"):
        assert name in names
        assert FIELDS[name].default == getattr(InsoleConfig(), name)


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.kind == "number"])
def test_a_number_is_led_through_its_whole_range_in_round_steps(name: str) -> None:
    field = FIELDS[name]
    value, seen = field.next(field.low, 0), set()
    while value < field.high and len(seen) < 200:
        seen.add(value)
        value = field.next(value, 1)
    assert value == field.high and 5 <= len(seen) <= 80
    assert field.next(field.low, -1) == field.low


def test_choices_go_round_and_switches_turn() -> None:
    length = FIELDS["length"]
    assert [length.next("shell", steps) for steps in (1, 2, 3, -1)] == ["sulcus", "full", "shell", "full"]
    assert FIELDS["arch_support"].next(False, 1) is True


def test_changes_are_undone_and_redone(session: EditSession) -> None:
    session.change("heel_cup_depth_mm", 14.0)
    session.change("length", "full")
    assert (session.value("heel_cup_depth_mm"), session.value("length")) == (14.0, "full")
    assert session.undo() and session.undo() and not session.undo()
    assert session.values == {"heel_cup_depth_mm": 12.0} and session.is_saved
    assert session.redo() and session.value("heel_cup_depth_mm") == 14.0 and session.value("length") == "shell"
    session.change("heel_cup_depth_mm", 15.0)  # what was undone is gone
    assert not session.redo() and session.value("length") == "shell"


def test_what_is_said_of_one_foot_stays_there_until_it_is_said_of_both(session: EditSession) -> None:
    session.change("heel_lift_mm", 4.0, "left")
    assert [session.value("heel_lift_mm", side) for side in ("left", "right")] == [4.0, 0.0]
    session.copy_to_other("left")
    assert session.value("heel_lift_mm", "right") == 4.0
    session.change("heel_lift_mm", 2.0)
    assert [session.value("heel_lift_mm", side) for side in ("left", "right")] == [2.0, 2.0]
    assert "left" not in session.values


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [("heel_cup", 3.0, "no setting"), ("heel_lift_mm", 99.0, "heel_lift_mm"), ("pair", "from-right", "right foot")],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    session: EditSession, name: str, value: object, word: str
) -> None:
    if name == "pair" and session.feet.feet[0].side == "right":
        value, word = "from-left", "left foot"
    with pytest.raises(ScanError, match=word):
        session.change(name, value)
    assert session.is_saved and not session.undo()


def test_a_preview_is_proven_and_a_broken_rule_is_told_in_words(session: EditSession) -> None:
    (side,) = session.sides
    first = session.preview(side)
    assert first.passed and first.solid is not None and len(first.checks) > 30
    session.change("medial_skive_mm", 4.0)  # in a cup of 12 mm
    refused = session.preview(side)
    assert not refused.passed and refused.solid is None and "skive-needs-cup" in refused.refused
    session.undo()
    assert session.preview(side) is first


def test_the_difference_to_what_was_saved_is_the_dose(session: EditSession) -> None:
    (side,) = session.sides
    session.change("arch_fill_mm", session.preview(side).rx.arch.arch_fill_mm + 1.5)  # type: ignore[union-attr]
    raised = session.raised_mm(side)
    assert raised is not None
    assert -1.6 < np.nanquantile(raised, 0.01) < -1.4 and np.nanmax(raised) < 1.0  # at steep edges more, both ways
    session.note_saved()
    assert np.nanmax(np.abs(session.raised_mm(side))) == 0.0  # type: ignore[arg-type]


def test_an_insole_from_the_mirror_image_is_offered_for_both_sides(session: EditSession) -> None:
    session.change("pair", f"from-{session.sides[0]}")
    assert session.sides == ("left", "right")
    left, right = (session.preview(side) for side in session.sides)
    assert left.solid is not None and right.solid is not None
    assert np.ptp(left.solid.vertices, axis=0) == pytest.approx(np.ptp(right.solid.vertices, axis=0), abs=0.5)


def test_a_preset_lies_below_what_is_said(feet: Feet) -> None:
    session = EditSession(feet, ScanFacts("leg"), {"preset": "dress"})
    preset_depth = session.value("heel_cup_depth_mm")
    assert preset_depth != 12.0
    session.change("heel_cup_depth_mm", preset_depth - 1.0)
    assert session.value("heel_cup_depth_mm") == preset_depth - 1.0
    session.undo()
    assert session.value("heel_cup_depth_mm") == preset_depth


def test_another_prescription_than_the_saved_one_is_a_change(feet: Feet) -> None:
    session = EditSession(feet, ScanFacts("leg"), {"heel_cup_depth_mm": 14.0}, {"heel_cup_depth_mm": 12.0})
    assert session.value("heel_cup_depth_mm") == 14.0 and not session.is_saved
    raised = session.raised_mm(session.sides[0])
    assert raised is not None and 1.5 < np.nanmax(raised) < 3.2  # 2 mm, and 1 by which the rim was round


def test_the_insole_follows_a_landmark_that_is_moved_and_comes_back(feet: Feet, session: EditSession) -> None:
    before, front = session.preview("left"), feet.feet[0].landmarks["metatarsale_tibiale"].xyz_mm
    assert before.asked is not None
    skin = feet.feet[0].mesh.vertices
    place = skin[np.argmin(np.linalg.norm(skin - (front - [10.0, 0.0, 0.0]), axis=1))]
    session.move("metatarsale_tibiale", place, "left")
    assert not session.is_saved and not session.are_marks_saved
    assert session.now.marks == {"left": {"metatarsale_tibiale": tuple(place)}}
    after = session.preview("left")
    assert after.asked is not None
    moved = before.asked.outline[:, 0].max() - after.asked.outline[:, 0].max()
    assert 1.0 < moved < 12.0  # the front end lies behind the line of the heads
    assert after.asked.scanned.raw is before.asked.scanned.raw  # no ray was cast again
    whole = proven_insole(session.foot("left"), session.facts, _made_by(session), preview=True)
    assert after.solid is not None and np.array_equal(whole.solid.vertices, after.solid.vertices)
    with pytest.raises(ScanError, match="expected at most 50 mm"):
        session.move("metatarsale_tibiale", skin[np.argmin(skin[:, 0])], "left")
    assert session.undo() and session.is_saved and session.preview("left") is before


def _made_by(session: EditSession) -> InsoleConfig:
    return InsoleConfig(**session.values)


def test_an_earlier_insole_is_compared_with(feet: Feet) -> None:
    first = EditSession(feet, ScanFacts("leg"), {})
    solid = first.preview("left").solid
    assert solid is not None and first.over_earlier_mm("left") is None
    lower = Mesh(solid.vertices - [0.0, 0.0, 1.5], solid.faces)
    earlier = laid_under(feet, feet, Insoles((Insole("left", lower, None, ()),)))
    session = EditSession(feet, ScanFacts("leg"), {}, earlier=earlier)
    over = session.over_earlier_mm("left")
    assert over is not None and np.isfinite(over).mean() > 0.2
    assert np.nanmedian(over) == pytest.approx(1.5, abs=0.05)
    with pytest.raises(ScanError, match="no insole of the left foot"):
        laid_under(feet, feet, Insoles((Insole("right", solid, None, ()),)))
