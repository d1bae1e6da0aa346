"""The grid in BENCHMARK.md: a table of its groups, and one of all its recordings."""

from __future__ import annotations

from benchmarking.outcome import Outcome, number, outcome_of, ratio, totals
from benchmarking.parts import Rows
from benchmarking.tables import table


def grid_section(rows: Rows) -> str:
    outcomes = [outcome_of(row) for row in rows]
    total = totals(outcomes)
    bounds, noise = total.bounds, outcomes[0].noise_model
    refused = 100.0 * total.refused / max(total.recordings, 1)
    found, lost = 100.0 * total.found / max(total.planted, 1), 100.0 * total.lost / max(total.good, 1)
    ways = table(
        ("way, camera", "recordings", "within bounds", "refused", "bad views found", "good views lost",
         "median", "p95", "times true poses", "tilt, °", "lacking, %"),
        (_group(name, group) for name, group in _groups(outcomes)),
    )  # fmt: skip
    return f"""## The grid, {noise}

{total.recordings} recordings: 4 legs × left and right × hand-held, turntable, raised × D405 at 300 mm, D435 at 380 mm,
D415 at 450 mm, and four pairs; depth unit 0.1 and 1 mm, sway 0, 0.3, 1 mm, a tenth of the views bad (blank, ankle bent
by 15°, another object, the image before once more).

- {total.ok} within bounds, {total.broken} out of bounds
- good recordings refused: {total.refused}, {refused:.1f} %; bound {100 * bounds.refused_share:g} %
- bad views found: {total.found} of {total.planted}, {found:.1f} %; bound {100 * bounds.bad_found_share:g} %
- good views lost: {total.lost} of {total.good}, {lost:.2f} %; bound {100 * bounds.good_lost_share:g} %

{ways}

Each figure is the worst of its group.

- *median*, *p95*: distance of the surface, where seen, from the truth after a rigid best fit, below the cut of the leg.
  Bounds: {bounds.median_mm} and {bounds.p95_mm} mm, or {bounds.times_true_poses} times the error with true poses.
- *times true poses*: median and p95 against those of the same fusion of the good views with their true poses.
- *tilt*: between the floor found and the true one, before the fit; standing feet only. Bound: {bounds.tilt_deg}°.
- *lacking*: share of the truth that two or more good views saw (cosine > 0.25, unoccluded, in the image) without any
  surface within 2 mm. Bound: {100 * bounds.lacking_share:g} %, or {bounds.times_true_poses} times true poses."""


def recordings_section(rows: Rows) -> str:
    outcomes = [outcome_of(row) for row in rows]
    body = table(
        ("recording", "views", "bad found", "lost", "median", "p95", "with true poses", "times", "tilt, °", "floor",
         "lacking, %", "pose, °", "pose", "seconds", "verdict"),
        (_recording(found) for found in outcomes),
    )  # fmt: skip
    notes = [
        f"- {found.name}: {found.refused or found.crashed}" for found in outcomes if found.refused or found.crashed
    ]
    notes += [f"- {found.name}: missed {view} ({fault})" for found in outcomes for view, fault in found.missed.items()]
    notes += [f"- {found.name}: lost {view}: {reason}" for found in outcomes for view, reason in found.lost.items()]
    return f"""## Each recording of the grid, {outcomes[0].noise_model}

*views*: accepted of recorded. *with true poses*: median and p95 of the fusion of the good views with their true
poses; *times*: ours against that. *floor*: height of the floor found over the true one. *lacking*: in brackets with
true poses. *pose*: median error of the accepted good views' poses, and shift at the foot. *seconds*: clean + register +
surface, one thread, two recordings at a time.

{body}

{chr(10).join(notes) or "No good view was lost, and no bad one let in."}"""


def _recording(found: Outcome) -> list[object]:
    lacking = [number(None if share is None else 100.0 * share, 2) for share in (found.lacking, found.true_lacking)]
    times = [ratio(found.median_mm, found.true_median_mm), ratio(found.p95_mm, found.true_p95_mm)]
    return [
        found.name, f"{found.num_accepted} / {found.num_views}",
        f"{len(found.planted) - len(found.missed)} / {len(found.planted)}", len(found.lost), number(found.median_mm),
        number(found.p95_mm), f"{number(found.true_median_mm)} / {number(found.true_p95_mm)}", " / ".join(times),
        number(found.tilt_deg), number(found.floor_mm, 2), f"{lacking[0]} ({lacking[1]})", number(found.pose_deg),
        number(found.pose_mm, 2), number(sum(found.seconds.values()), 1), found.verdict,
    ]  # fmt: skip


def _groups(outcomes: list[Outcome]) -> list[tuple[str, list[Outcome]]]:
    groups: dict[str, list[Outcome]] = {}
    for found in outcomes:
        groups.setdefault(
            " ".join(found.name.removeprefix(f"{found.noise_model}-").split("-leg")[0].rsplit("-", 1)), []
        ).append(found)
    return list(groups.items())


def _group(name: str, group: list[Outcome]) -> list[object]:
    total = totals(group)
    times = [_worst_ratio(group, "median_mm"), _worst_ratio(group, "p95_mm")]
    lacking = _worst(group, "lacking")
    return [
        name, total.recordings, total.ok, total.refused, f"{total.found} / {total.planted}",
        f"{total.lost} / {total.good}", number(_worst(group, "median_mm")), number(_worst(group, "p95_mm")),
        " / ".join(times), number(_worst(group, "tilt_deg")), number(None if lacking is None else 100.0 * lacking, 2),
    ]  # fmt: skip


def _worst(group: list[Outcome], name: str) -> float | None:
    return max((getattr(found, name) for found in group if getattr(found, name) is not None), default=None)


def _worst_ratio(group: list[Outcome], name: str) -> str:
    pairs = [(getattr(found, name), getattr(found, f"true_{name}")) for found in group]
    return number(max((value / true for value, true in pairs if value and true), default=None), 2)
