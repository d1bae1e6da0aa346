"""A live recording without a camera: librealsense's software device, or the simulator's own, before a known leg."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from recordings import leg, textbook
from software_camera import FIRMWARE, SERIAL, SoftwareCamera

from scanproc.artifacts import DepthFrame, Intrinsics
from scanproc.capture.camera import CameraLost, LiveFrame
from scanproc.capture.preview import draw_status
from scanproc.capture.preview_page import PreviewPage
from scanproc.capture.realsense import RealSenseCamera, StreamAsked
from scanproc.capture.session import CaptureSession, Status
from scanproc.capture.settings import CaptureConfig
from scanproc.capture.stated import captured_facts
from scanproc.cli import main
from scanproc.errors import ScanError
from scanproc.readers.captured import CaptureNotes, GrowingRecording, read_notes
from scanproc.scan import open_scan, read_recording
from scanproc.simulation.live_camera import SimulatedCamera
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import Simulation

#: The recordings of the tests are small: all of their pixels are tracked, and few frames are enough.
SMALL = CaptureConfig(tracking_step=1, min_times_seen=2, min_frames=8, patience_s=60.0)


class Listener:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Status] = []

    def __call__(self, status: Status) -> None:
        self.told.append(status)


def session(
    folder: Path, camera: SimulatedCamera | RealSenseCamera, listen: Listener, config: CaptureConfig = SMALL
) -> CaptureSession:
    facts = captured_facts(folder.name, [camera], {"side": "left", "subject": "test"})
    recording = GrowingRecording(folder, {camera.facts.serial: camera.facts.intrinsics}, facts)
    return CaptureSession([camera], recording, "left", config, listen)


# ------------------------------------------------------------------------------------------------ by a RealSense


@cache
def round_the_foot() -> Simulation:
    return simulate(leg(), textbook(path="hand-held", camera="d435", views=40, image_scale=0.4))


def test_a_software_device_is_recorded_until_all_was_seen(tmp_path: Path) -> None:
    """Every frame that was kept is on disk bit by bit, the device's word about itself is stated, and it ends itself."""
    soft = SoftwareCamera(round_the_foot())
    camera = RealSenseCamera(soft.device, StreamAsked(warm_up=0))
    listen = Listener()

    def told(status: Status) -> None:
        listen(status)
        on_disk = len(list((tmp_path / "scan" / "depth").glob("*.png")))
        assert on_disk == status.num_kept  # as it comes, not at the end
        soft.taken()

    end = soft.play()
    notes = session(tmp_path / "scan", camera, told).by_hand()  # type: ignore[arg-type]
    end()
    camera.stop()
    assert notes.is_complete and notes.share == 1.0 and not notes.missing
    assert 8 <= notes.views < len(soft.frames)
    assert listen.told[-1].kept and len(listen.told) <= len(soft.frames)

    scan = open_scan(tmp_path / "scan")
    assert scan.facts.remarks == ()
    stated = scan.facts
    assert (stated.sensor, stated.serial, stated.firmware) == ("RealSense D435", SERIAL, FIRMWARE)
    assert "visual preset 3" in (stated.camera_settings or "") and "laser 1" in (stated.camera_settings or "")
    sent = [frame.depth.tobytes() for frame in soft.frames]
    frames = read_recording(scan).frames
    assert len(frames) == notes.views
    for frame in frames:
        assert isinstance(frame, DepthFrame)
        assert frame.depth.tobytes() in sent
        assert frame.intrinsics.fx == pytest.approx(soft.frames[0].intrinsics.fx, rel=1e-6)


def test_an_unplugged_camera_is_said_and_loses_nothing(tmp_path: Path) -> None:
    soft = SoftwareCamera(round_the_foot())
    soft.frames = soft.frames[:5]
    camera = RealSenseCamera(soft.device, StreamAsked(warm_up=0))
    end = soft.play()
    with pytest.raises(
        CameraLost, match=rf"camera {SERIAL} sends nothing.*views are kept in .*missing: .*scanproc run"
    ):
        session(tmp_path / "scan", camera, soft.taken, replace(SMALL, patience_s=2.0)).by_hand()  # type: ignore[arg-type]
    end()
    camera.stop()
    scan = open_scan(tmp_path / "scan")
    (remark,) = scan.facts.remarks
    assert "ended early (the camera" in remark and "missing: " in remark
    assert 1 <= len(read_recording(scan).frames) <= 5


def test_color_is_aligned_and_a_size_that_is_not_there_is_refused() -> None:
    soft = SoftwareCamera(round_the_foot(), color=True)
    camera = RealSenseCamera(soft.device, StreamAsked(warm_up=0, color=True))
    for number in range(3):
        soft.send(number, 0.1 * number)
    frame = camera.next_frame(60.0)
    camera.stop()
    assert frame.color is not None and frame.color.shape == (*frame.depth.shape, 3)
    seen = frame.depth > 0
    assert np.abs(frame.color[seen].astype(int) - (200, 100, 50)).max() <= 2
    with pytest.raises(ScanError, match=r"no depth of 640x480; expected one of 339x192"):
        RealSenseCamera(SoftwareCamera(round_the_foot()).device, StreamAsked((640, 480)))


def test_without_a_camera_or_the_library_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = CliRunner().invoke(main, ["capture", str(tmp_path / "scan")])
    assert answer.exit_code == 1
    assert answer.output.startswith("scanproc: no RealSense camera was found")
    assert answer.output.count("\n") == 1
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    answer = CliRunner().invoke(main, ["capture", str(tmp_path / "scan")])
    assert answer.exit_code == 1
    assert "pip install 'scanproc[realsense]'" in answer.output and answer.output.count("\n") == 1
    assert not (tmp_path / "scan").exists()


def practised(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    """Run the command on a rendered recording that is there already."""
    monkeypatch.setattr("scanproc.simulation.simulate.simulate", lambda mesh, config: round_the_foot())
    small = [word for name in ("tracking_step=1", "min_times_seen=2", "min_frames=8") for word in ("--set", name)]
    mesh = Path(__file__).parents[1] / "scans" / "demo" / "truth" / "mesh.ply"
    return CliRunner().invoke(main, ["capture", str(folder), "--simulate", str(mesh), *small, *options])


def test_the_command_ends_with_the_folder_and_says_how_it_went(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = practised(tmp_path / "scan", monkeypatch, "--side", "left", "--loading", "standing", "--subject", "anna")
    assert answer.exit_code == 0, answer.output
    assert answer.stdout == f"{tmp_path / 'scan'}\n"
    assert "all of the foot was seen: " in answer.stderr
    facts = open_scan(tmp_path / "scan").facts
    assert (facts.side, facts.loading, facts.subject, facts.motion) == ("left", "standing", "anna", "hand-held")
    again = practised(tmp_path / "scan", monkeypatch)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "holds a recording already" in again.stderr.splitlines()[-1]


def test_ctrl_c_keeps_what_was_recorded_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_frame = SimulatedCamera.next_frame

    def interrupted(camera: SimulatedCamera, patience_s: float) -> LiveFrame:
        frame = next_frame(camera, patience_s)
        if frame.time_s > 3.0:
            raise KeyboardInterrupt
        return frame

    monkeypatch.setattr(SimulatedCamera, "next_frame", interrupted)
    answer = practised(tmp_path / "scan", monkeypatch)
    assert (answer.exit_code, answer.stdout) == (130, "")
    assert "ended early (stopped by hand): 6 views" in answer.stderr and "missing: " in answer.stderr
    assert len(read_recording(open_scan(tmp_path / "scan")).frames) == 6


def test_wrong_usage(tmp_path: Path) -> None:
    for words in (["--size", "big"], ["--turntable", "8", "--serial", "1", "--serial", "2"]):
        assert CliRunner().invoke(main, ["capture", str(tmp_path / "scan"), *words]).exit_code == 2


# ------------------------------------------------------------------------------------------------ whatever ends it

_KILLED = """
import os, pickle, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from software_camera import SoftwareCamera
from test_capture import RealSenseCamera, StreamAsked, session
kept = 0
replace = os.replace
def killing(source, target):
    global kept
    kept += str(target).endswith(".png")
    if kept == 6:  # the sixth view is written, and not yet under its name
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = killing
simulation = pickle.loads(Path(sys.argv[3]).read_bytes())
soft = SoftwareCamera(simulation)
camera = RealSenseCamera(soft.device, StreamAsked(warm_up=0))
soft.play()
session(Path(sys.argv[1]), camera, soft.taken).by_hand()
"""


def test_a_killed_recording_opens_and_says_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    frames = tmp_path / "frames"
    frames.write_bytes(pickle.dumps(shortened(12)))
    script = [sys.executable, "-c", _KILLED, str(folder), str(Path(__file__).parent), str(frames)]
    ended = subprocess.run(script, env={**os.environ}, check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    scan = open_scan(folder)
    (remark,) = scan.facts.remarks
    assert "killed" in remark and "5 views" in remark and "missing: " in remark
    sent = [frame.depth.tobytes() for frame in round_the_foot().recording.frames if isinstance(frame, DepthFrame)]
    found = [frame.depth.tobytes() for frame in read_recording(scan).frames if isinstance(frame, DepthFrame)]
    assert [sent.index(depth) for depth in found] == [0, 1, 2, 3, 4]


def test_notes_come_back_and_foreign_ones_are_refused(tmp_path: Path) -> None:
    recording = GrowingRecording(tmp_path, {"a": Intrinsics(4, 3, 4.0, 4.0, 2.0, 1.0)}, open_facts())
    for notes in (CaptureNotes(3, 0.4, ("the sole",)), CaptureNotes(9, 1.0, (), True, "all of the foot was seen")):
        recording.note(notes)
        assert read_notes(tmp_path) == notes
    assert notes.remark is None
    (tmp_path / "capture.json").write_text('{"views": "many"}')
    with pytest.raises(ScanError, match=r"capture\.json cannot be read"):
        read_notes(tmp_path)
    with pytest.raises(ScanError, match="holds a recording already"):
        GrowingRecording(tmp_path, {}, open_facts())


def open_facts() -> object:
    return captured_facts("test", [SimulatedCamera(round_the_foot())], {})


# ------------------------------------------------------------------------------------------------ stops and rigs


def test_a_turntable_gives_one_view_a_stop(tmp_path: Path) -> None:
    simulation = simulate(leg(), textbook(path="turntable", camera="d415", views=4, image_scale=0.2))
    camera = SimulatedCamera(simulation, stays=True)
    asked: list[int] = []

    def ready(stop: int) -> bool:
        """Let each stop wait for one more look."""
        asked.append(stop)
        if asked.count(stop) == 2 and stop > 0:
            camera.next_stop()
        return asked.count(stop) == 2

    notes = session(tmp_path / "scan", camera, Listener()).by_stops(4, ready)
    assert asked == [0, 0, 1, 1, 2, 2, 3, 3]
    assert notes.is_complete and notes.views == 4
    frames = read_recording(open_scan(tmp_path / "scan")).frames
    for frame, sent in zip(frames, simulation.recording.frames, strict=True):
        assert isinstance(frame, DepthFrame) and isinstance(sent, DepthFrame)
        assert frame.depth.tobytes() == sent.depth.tobytes()


def test_a_rig_records_all_cameras_at_once_each_with_its_own_intrinsics(tmp_path: Path) -> None:
    devices = SoftwareCamera(round_the_foot(), "111"), SoftwareCamera(other_lens(), "222")
    cameras = [RealSenseCamera(soft.device, StreamAsked(warm_up=0)) for soft in devices]
    ends = [soft.play(at_will=True) for soft in devices]
    facts = captured_facts("scan", cameras, {"motion": "fixed-rig"})
    lenses = {camera.facts.serial: camera.facts.intrinsics for camera in cameras}
    recording = GrowingRecording(tmp_path / "scan", lenses, facts)
    notes = CaptureSession(cameras, recording, "left", SMALL, Listener()).by_stops(1, lambda stop: True)
    for end, camera in zip(ends, cameras, strict=True):
        end()
        camera.stop()
    assert notes.views == 2
    assert sorted(file.name for file in (tmp_path / "scan" / "depth").iterdir()) == ["000000-111.png", "000000-222.png"]
    table = json.loads((tmp_path / "scan" / "camera_intrinsic.json").read_text())
    assert table["frames"]["000000-111"][0] == pytest.approx(lenses["111"].fx)
    assert table["frames"]["000000-222"][0] == pytest.approx(lenses["222"].fx)
    assert lenses["222"].fx > lenses["111"].fx + 5.0
    frames = read_recording(open_scan(tmp_path / "scan")).frames
    assert [frame.intrinsics for frame in frames if isinstance(frame, DepthFrame)] == [lenses["111"], lenses["222"]]
    assert open_scan(tmp_path / "scan").facts.serial == "111 and 222"


def other_lens() -> Simulation:
    """Return the same recording by a camera that says that its lens is longer."""
    simulation = round_the_foot()
    frames = tuple(
        replace(frame, intrinsics=replace(frame.intrinsics, fx=frame.intrinsics.fx + 10.0))
        for frame in simulation.recording.frames
        if isinstance(frame, DepthFrame)
    )
    return replace(simulation, recording=replace(simulation.recording, frames=frames))


def test_what_the_camera_saw_before_it_saw_the_foot_is_forgotten(tmp_path: Path) -> None:
    """Nothing fits a map of another thing; without a new one, the recording would never be complete."""
    feet = round_the_foot()
    config = replace(feet.config, views=3, bad_views=0.4, first_fault="other")
    bad = simulate(leg(), config)
    (thing,) = (frame for frame, view in zip(bad.recording.frames, bad.views, strict=True) if view.fault == "other")
    frames = feet.recording.frames
    camera = SimulatedCamera(replace(feet, recording=replace(feet.recording, frames=(thing, *frames))))
    listen = Listener()
    notes = session(tmp_path / "scan", camera, listen).by_hand()
    assert notes.is_complete
    assert listen.told[0].kept and listen.told[1].T_map_camera is None
    assert notes.views > 8 + 3  # those of the thing, and those without a place, stay written


# ------------------------------------------------------------------------------------------------ the preview


def test_the_page_shows_whom_it_knows_the_last_status(tmp_path: Path) -> None:
    listen = Listener()
    with pytest.raises(CameraLost):
        session(tmp_path / "scan", SimulatedCamera(shortened(6)), listen).by_hand()
    page = PreviewPage("left")
    try:
        page.show(listen.told[-1])
        state = json.loads(get(page.address + "state"))
        assert state["words"] == listen.told[-1].words("left")
        assert "of the foot; missing: " in state["words"]
        assert get(page.address + "picture")[:2] == b"\xff\xd8"
        assert b"speechSynthesis" in get(page.address)
        get(page.address + "take", data=b"")
        assert page.is_triggered.is_set()
        host = page.address.rsplit("/", 2)[0]
        for path in ("/", "/state", "/wrong/state", f"/{'x' * 32}/picture"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                get(host + path)
        assert host.startswith("http://127.0.0.1:")
    finally:
        page.close()


def test_the_picture_has_the_foot_in_its_place_and_in_its_colour(tmp_path: Path) -> None:
    listen = Listener()
    with pytest.raises(CameraLost):
        session(tmp_path / "scan", SimulatedCamera(shortened(6)), listen).by_hand()
    status = listen.told[-1]
    assert status.view is not None
    picture = draw_status(status, "left")[:, :480].astype(int)
    green = (picture[..., 1] > picture[..., 0] + 40) & (picture[..., 1] > picture[..., 2] + 20)
    whole = status.camera.intrinsics
    v, u = np.nonzero(status.view.depth_mm)
    place = np.array([u.mean() + whole.cx - status.view.intrinsics.cx, v.mean() + whole.cy - status.view.intrinsics.cy])
    rows, columns = np.nonzero(green)
    assert np.abs(np.array([columns.mean(), rows.mean()]) * whole.width / 480 - place).max() < 3.0
    near = replace(status, camera=replace(status.camera, band_mm=(900.0, 1000.0)))
    red = draw_status(near, "left")[:, :480].astype(int)
    assert np.count_nonzero(red[..., 0] > red[..., 1] + 90) > 0.8 * np.count_nonzero(green)


def shortened(count: int) -> Simulation:
    simulation = round_the_foot()
    return replace(simulation, recording=replace(simulation.recording, frames=simulation.recording.frames[:count]))


def get(address: str, data: bytes | None = None) -> bytes:
    with urllib.request.urlopen(address, data=data) as answer:
        return bytes(answer.read())
