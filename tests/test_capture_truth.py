"""A whole live session at the camera's own resolution: it stops by itself, and what it recorded keeps the bounds.

By librealsense's software device, fed with a D435's measured noise; judged as BENCHMARK.md judges recordings.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from recordings import leg
from software_camera import SoftwareCamera

from scanproc.artifacts import DepthFrame, Recording
from scanproc.capture.realsense import RealSenseCamera, StreamAsked
from scanproc.capture.session import CaptureSession
from scanproc.capture.settings import CaptureConfig
from scanproc.capture.stated import captured_facts
from scanproc.readers.captured import GrowingRecording
from scanproc.scan import open_scan, read_recording
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import Simulation, write_simulation

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from benchmarking.evaluation import case_at, evaluate  # type: ignore[import-not-found, unused-ignore]

WAYS = {
    "raised": SimulationConfig(path="raised", camera="d435", views=90),
    "raised-faster": SimulationConfig(path="raised", camera="d435", views=72),
    "hand-held": SimulationConfig(path="hand-held", camera="d435", views=60),
}


def recorded_live(folder: Path, simulation: Simulation) -> Simulation:
    """Capture a simulation, and return what was kept of it with its truth."""
    soft = SoftwareCamera(simulation)
    camera = RealSenseCamera(soft.device, StreamAsked(warm_up=0))
    loading = "non-weight-bearing" if simulation.config.path == "raised" else "standing"
    facts = captured_facts(folder.name, [camera], {"side": "left", "loading": loading})
    recording = GrowingRecording(folder, {camera.facts.serial: camera.facts.intrinsics}, facts)
    end = soft.play()
    notes = CaptureSession([camera], recording, "left", CaptureConfig(), soft.taken).by_hand()
    end()
    camera.stop()
    assert notes.is_complete and notes.share == 1.0, notes
    assert notes.views < len(soft.frames)
    truth_of = {
        frame.depth.tobytes(): view
        for frame, view in zip(simulation.recording.frames, simulation.views, strict=True)
        if isinstance(frame, DepthFrame)
    }
    scan = open_scan(folder)
    assert scan.facts.remarks == ()
    frames = [frame for frame in read_recording(scan).frames if isinstance(frame, DepthFrame)]
    views = tuple(replace(truth_of[frame.depth.tobytes()], name=frame.name) for frame in frames)
    return replace(simulation, recording=Recording(tuple(frames)), facts=scan.facts, views=views)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_what_was_captured_keeps_the_bounds(way: str, tmp_path: Path) -> None:
    live = recorded_live(tmp_path / way, simulate(leg(), WAYS[way]))
    write_simulation(tmp_path / "with-truth", live)
    outcome = evaluate(case_at(tmp_path / "with-truth"), with_measures=True)
    assert outcome.verdict == "ok", outcome
    assert not any("the foot moved" in reason for reason in outcome.lost.values()), outcome
    assert outcome.num_accepted >= 0.95 * outcome.num_views
    assert outcome.unmeasured is None
