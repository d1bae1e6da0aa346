"""Many recordings of the same feet: what was measured of each, by foot, session and capture, and what that tells."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from scanproc.artifacts import FootMeasures, Ground, Loading, Measure, Measures, ScanFacts, Side
from scanproc.errors import ScanError
from scanproc.measures.table import MEASURES, in_table_order
from scanproc.measures.two_scans import own_sd
from scanproc.pipeline import STAGES
from scanproc.readers.facts import FILE_NAME, read_facts
from scanproc.readers.manual_values import ManualValues
from scanproc.reliability.agreement import Agreement, Pair, agreement
from scanproc.reliability.repeated import Gate, Repeated, Value, gate, repeated
from scanproc.scan import holds_a_scan, name_of
from scanproc.several.scans import check_distinct
from scanproc.store import Store

#: Measures that can be studied; sizes go in steps, and scatter by none or a whole one.
STUDIED = tuple(row.key for row in MEASURES if not row.dimension.in_steps)
_DEPTH = 3  # folders in folders: subject, session, capture


class Condition(NamedTuple):
    """What is never put together: another foot of the person, another load, position or ground."""

    side: Side
    loading: Loading
    position: str
    ground: Ground


@dataclass(frozen=True)
class Recorded:
    """One foot in one recording."""

    facts: ScanFacts
    foot: FootMeasures

    @property
    def condition(self) -> Condition:
        return Condition(self.foot.side, self.foot.loading, self.facts.position, self.foot.ground)

    def value(self, measure: Measure) -> Value:
        """Return a measure of it with the foot, session and capture that it is of."""
        assert measure.value is not None
        return Value(*_capture(self.facts), measure.value, own_sd(measure))


@dataclass(frozen=True)
class Studied:
    """One measure under one condition.

    Attributes
    ----------
    num_without : recordings that have no such value, or an inferred one: neither counts.
    wanted : change that somebody wants to see; None if none was stated.
    pairs : scans with values by hand, and what they agree by.
    """

    name: str
    condition: Condition
    repeated: Repeated
    num_without: int
    wanted: float | None
    pairs: tuple[Pair, ...]
    agreement: Agreement | None

    @property
    def gate(self) -> Gate | None:
        """The judgement; None where no change is wanted, or the noise is not known whole."""
        if self.wanted is None or self.repeated.noise is None or not self.repeated.complete:
            return None
        return gate(self.repeated.noise.estimate, self.wanted)


@dataclass(frozen=True)
class Study:
    """All measures, by condition and in the order of their table; and the recordings that were left out, and why."""

    folder: str
    recorded: tuple[Recorded, ...]
    studied: tuple[Studied, ...]
    left_out: tuple[str, ...]


def recordings_of(folder: Path) -> tuple[Path, ...]:
    """Return the scans in a folder, and in its folders, sorted.

    Raises
    ------
    ScanError
        If there are none, or two of one name, which would share their outputs.
    """
    if not folder.is_dir():
        raise ScanError(f"{folder} is no folder; expected one that holds the recordings of a study. Check the path.")
    try:
        found = tuple(_scans_below(folder, _DEPTH))
    except OSError as error:
        raise ScanError(f"{error.filename} cannot be read ({error.strerror}). Change its rights, or move it.") from None
    if not found:
        raise ScanError(f"{folder} holds no recording; expected a folder of scans. Check the path.")
    check_distinct(found)
    return found


def _scans_below(folder: Path, depth: int) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if holds_a_scan(entry):
            yield entry
        elif depth > 1 and entry.is_dir() and not entry.is_symlink():
            yield from _scans_below(entry, depth - 1)


def study_of(folder: Path, out: Path, by_hand: Sequence[ManualValues], wanted: Mapping[str, float]) -> Study:
    """Put together what was measured of the recordings in a folder.

    Parameters
    ----------
    out : folder that holds the scans' outputs; nothing is measured here.
    by_hand : values that somebody took, of the same feet.
    wanted : changes that somebody wants to see, by measure, in its unit.

    Raises
    ------
    ScanError
        If nothing was measured, or a value by hand is of no foot of the study.
    """
    recorded, left_out = _gathered(recordings_of(folder), out)
    if not recorded:
        raise ScanError(f"no recording of {folder} can be studied; expected some. {' '.join(left_out)}")
    _check_by_hand(recorded, by_hand)
    studied = tuple(condition_studies(recorded, by_hand, wanted))
    return Study(name_of(folder), tuple(recorded), studied, tuple(left_out))


def _gathered(paths: Sequence[Path], out: Path) -> tuple[list[Recorded], list[str]]:
    """Return each measured foot, and why recordings are left out, in a sentence each."""
    recorded: list[Recorded] = []
    unmeasured: list[Path] = []
    left_out: list[str] = []
    seen: dict[frozenset[object], ScanFacts] = {}
    for path in paths:
        try:
            facts = _facts(path)
        except ScanError as error:
            left_out.append(f"{path} is left out: {error}")
            continue
        measures = _measures(path, out, facts)
        if measures is None:
            unmeasured.append(path)
            continue
        twin = seen.setdefault(_contents(path, out), facts)
        if _lacking(facts):
            left_out.append(f"{facts.name} is left out: its scan.toml states no {_lacking(facts)}. State it there.")
        elif twin is not facts and _capture(twin) != _capture(facts):
            left_out.append(
                f"{facts.name} is left out: it is the same recording as {twin.name}, which would make the noise too "
                "small. State the same subject, session and capture in both if it was read anew, else take it away."
            )
        else:
            recorded += [Recorded(facts, foot) for foot in measures.feet]
    if unmeasured:
        command = shlex.join(["scanproc", "batch", *map(str, unmeasured), "--to", "measure", "--out", str(out)])
        left_out.append(f"not measured, or not as scan.toml has it now; run: {command}")
    return recorded, left_out


def condition_studies(
    recorded: Sequence[Recorded], by_hand: Sequence[ManualValues], wanted: Mapping[str, float]
) -> Iterator[Studied]:
    """Yield each measure under each condition, in the order of conditions and of the table of measures."""
    for condition in sorted({one.condition for one in recorded}):
        yield from _studied(condition, recorded, by_hand, wanted)


def _capture(facts: ScanFacts) -> tuple[str, str, str]:
    """Return the subject, session and capture that a recording is of."""
    return facts.subject or "", facts.session or facts.date or "", facts.capture or facts.name


def _contents(path: Path, out: Path) -> frozenset[object]:
    """Return the hashes of what was recorded; what is stated beside it is no part of it."""
    inputs = Store(out / name_of(path)).read_run().get("inputs", {})
    return frozenset(str(digest) for name, digest in inputs.items() if name != FILE_NAME)


def _facts(path: Path) -> ScanFacts:
    return read_facts((path.parent if path.is_file() else path) / FILE_NAME, name_of(path))


def _lacking(facts: ScanFacts) -> str:
    """Return which facts a study needs that are not stated; empty if none."""
    lacks = ["subject"] if facts.subject is None else []
    return " and no ".join(lacks + ([] if facts.session or facts.date else ["session (or date)"]))


def _measures(path: Path, out: Path, facts: ScanFacts) -> Measures | None:
    """Return what was measured of a scan; None if nothing was, or of another scan, or under another loading."""
    (stage,) = (stage for stage in STAGES if stage.makes is Measures)
    store = Store(out / name_of(path))
    if not store.is_whole(stage) or store.read_run().get("recording") != store.way_to(path):
        return None
    found: Measures = store.load(stage)
    return found if all(foot.loading == facts.loading for foot in found.feet) else None


def _check_by_hand(recorded: Sequence[Recorded], by_hand: Sequence[ManualValues]) -> None:
    for row in by_hand:
        if not any(_is_of(row, one) for one in recorded):
            which = ", ".join(word for word in (row.subject, row.side, row.session, row.loading) if word)
            raise ScanError(
                f"values by hand are of {which}, and no measured recording is; expected feet of the study. Correct the "
                "table, or take the row away."
            )


def _is_of(row: ManualValues, one: Recorded) -> bool:
    session = one.facts.session or one.facts.date
    return (
        (row.subject, row.side) == (one.facts.subject, one.foot.side)
        and row.session in ("", session)
        and row.loading in ("", one.foot.loading)
    )


def _studied(
    condition: Condition, recorded: Sequence[Recorded], by_hand: Sequence[ManualValues], wanted: Mapping[str, float]
) -> Iterator[Studied]:
    """Yield each measure that any recording of one condition has."""
    feet = [one for one in recorded if one.condition == condition]
    names = {name for one in feet for name in one.foot.measures if name in STUDIED}
    for name in in_table_order(names):
        known = [(one, found) for one in feet if (found := one.foot.measures.get(name)) and found.status == "measured"]
        if not known:
            continue
        values = [one.value(found) for one, found in known]
        pairs = [
            Pair(value, fmean(taken))
            for (one, _), value in zip(known, values, strict=True)
            if (taken := [row.values[name] for row in by_hand if name in row.values and _is_of(row, one)])
        ]
        without = len(feet) - len(known)
        agreed = agreement(pairs) if pairs else None
        yield Studied(name, condition, repeated(values), without, wanted.get(name), tuple(pairs), agreed)
