"""The commands that wait for something: `capture` for a camera, `watch` for files."""

from __future__ import annotations

import datetime
import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scanproc.commands.answers import run_scan
from scanproc.commands.options import FILE, camera_option, prescription_option, run_options
from scanproc.pipeline import STAGES

if TYPE_CHECKING:
    from scanproc.capture.camera import DepthCamera
    from scanproc.capture.preview_page import PreviewPage
    from scanproc.capture.session import Status

_STOPPED = 130  # what shells say of a program that Ctrl-C ended
_PAUSE_S = 1.0  # between two looks at a folder
_NAMES = [stage.name for stage in STAGES]
_to = click.option("--to", type=click.Choice(_NAMES), default=_NAMES[-1], show_default=True, help="Last stage to run.")
_SAY_EVERY_S = 1.0
_SIMULATED_VIEWS = {"raised": 72, "hand-held": 60}  # of a person who takes some time; a turntable has its stops
_SIMULATED_SCALE = 0.5  # of the image: somebody waits for it


@click.command("capture", short_help="record a foot live with a RealSense camera, until all of it was seen")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--serial", "serials", multiple=True, help="Of the camera; several are a fixed rig that records at once.")
@click.option("--size", metavar="WIDTHxHEIGHT", help="Of the depth image; by default the model's best.")
@click.option("--color", is_flag=True, help="Record colour too, aligned to depth.")
@click.option("--turntable", "stops", type=click.IntRange(min=4), metavar="STOPS", help="One view at each of STOPS.")
@click.option("--shots", type=click.IntRange(min=1), default=1, help="Of a rig: how often all its cameras record.")
@click.option("--seconds", default=3.0, show_default=True, help="Count-down before a stop or a shot.")
@click.option("--trigger", is_flag=True, help="Take each stop at the key Enter, or the page's button.")
@click.option("--side", type=click.Choice(("left", "right", "both", "auto")), default="auto", help="Of the foot.")
@click.option(
    "--loading", type=click.Choice(("standing", "seated", "non-weight-bearing", "unknown")), help="Of the foot."
)
@click.option("--subject", help="A pseudonym.")
@click.option("--web", is_flag=True, help="Show the preview in a browser of this machine; the address is printed.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of --web's address.")
@click.option("--speak", is_flag=True, help="Say aloud what is missing.")
@click.option("--simulate", "foot", type=FILE, metavar="MESH", help="Practise without a camera, on a mesh of a foot.")
@click.option("--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Change one setting of the capture.")
def capture(out: Path, overrides: tuple[str, ...], web: bool, port: int, speak: bool, **asked: Any) -> None:
    """Record a foot into OUT: carry the camera round it until nothing is missing; then it stops by itself.

    Every good frame is written at once. It says what to do: nearer, slower, which parts of the foot are missing. Ctrl-C
    ends it early; what was recorded stays. With --turntable or a rig it takes one frame a stop, after a count-down.
    """
    from scanproc.capture.preview_page import PreviewPage
    from scanproc.capture.session import CaptureSession
    from scanproc.capture.settings import CaptureConfig
    from scanproc.capture.stated import captured_facts
    from scanproc.readers.captured import GrowingRecording, read_notes
    from scanproc.settings import build_configs, parse_overrides

    logging.getLogger("scanproc.stages").setLevel(logging.WARNING)  # of every frame they would say what they left of it
    named = (f"capture.{text.removeprefix('capture.')}" for text in overrides)
    config = build_configs({"capture": CaptureConfig}, parse_overrides(named))["capture"]
    side, stops = asked["side"], _num_stops(asked)
    cameras, turn = _cameras(asked)
    try:
        facts = captured_facts(out.name, cameras, _said(asked, stops))
        recording = GrowingRecording(out, {each.facts.serial: each.facts.intrinsics for each in cameras}, facts)
        page = PreviewPage(side, port, asked["trigger"]) if web else None
        teller = _Teller(side, page, speak)
        session = CaptureSession(cameras, recording, side, config, teller.tell)
        try:
            if stops is None:
                notes = session.by_hand()
            else:
                countdown = _Countdown(asked["seconds"], asked["trigger"], stops, page, turn)
                notes = session.by_stops(stops, countdown.is_ready)
        except KeyboardInterrupt:
            remark = getattr(read_notes(out), "remark", None)
            click.echo(f"scanproc: {remark}" if remark else teller.last, err=True)
            click.get_current_context().exit(_STOPPED)
        finally:
            if page is not None:
                page.close()
    finally:
        for camera in cameras:
            camera.stop()
    click.echo(f"{notes.ended}: {notes.views} views" if notes.is_complete else notes.remark, err=True)
    teller.ring("done")
    click.echo(out)


def _num_stops(asked: dict[str, Any]) -> int | None:
    """Return how many stops or shots there are; None where the camera is carried by hand."""
    if asked["stops"] is not None and len(asked["serials"]) > 1:
        raise click.UsageError("--turntable is of one camera; expected one --serial, or a rig without --turntable.")
    if asked["stops"] is not None:
        return int(asked["stops"])
    return int(asked["shots"]) if len(asked["serials"]) > 1 else None


def _said(asked: dict[str, Any], stops: int | None) -> dict[str, Any]:
    """Return the facts that are said on the command line, and the day."""
    is_turntable = asked["stops"] is not None
    said = {
        "side": asked["side"] if asked["side"] != "auto" else None,
        "loading": asked["loading"],
        "subject": asked["subject"],
        "date": datetime.date.today().isoformat(),
        "motion": "turntable" if is_turntable else "hand-held" if stops is None else "fixed-rig",
    }
    return {name: value for name, value in said.items() if value is not None}


def _cameras(asked: dict[str, Any]) -> tuple[Sequence[DepthCamera], Callable[[], None]]:
    """Return the cameras, switched on, and what turns the table: nothing but of a simulated one."""
    if asked["foot"] is not None:
        return _simulated(asked)
    from scanproc.capture.realsense import StreamAsked, connected_cameras

    return connected_cameras(asked["serials"], StreamAsked(_size(asked["size"]), asked["color"])), lambda: None


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise click.UsageError(f"--size {text}; expected two numbers such as 848x480.")
    return int(width), int(height)


def _simulated(asked: dict[str, Any]) -> tuple[Sequence[DepthCamera], Callable[[], None]]:
    from scanproc.scan import open_scan, read_mesh
    from scanproc.simulation.live_camera import SimulatedCamera
    from scanproc.simulation.settings import SimulationConfig
    from scanproc.simulation.simulate import simulate

    is_raised = asked["loading"] in (None, "non-weight-bearing")
    path: Literal["turntable", "raised", "hand-held"] = (
        "turntable" if asked["stops"] else "raised" if is_raised else "hand-held"
    )
    side: Literal["left", "right"] = "right" if asked["side"] == "right" else "left"
    config = SimulationConfig(
        path=path,
        camera="d435",
        views=asked["stops"] or _SIMULATED_VIEWS[path],
        side=side,
        pair=asked["side"] == "both",
        image_scale=_SIMULATED_SCALE,
    )
    click.echo(f"rendering {config.views} views of {asked['foot']}", err=True)
    camera = SimulatedCamera(simulate(read_mesh(open_scan(asked["foot"])).mesh, config), stays=bool(asked["stops"]))
    return [camera], camera.next_stop


class _Teller:
    """Says how a recording goes: in lines, on the page, aloud, by the terminal's bell."""

    def __init__(self, side: Any, page: PreviewPage | None, speaks: bool) -> None:
        from scanproc.capture.voice import Voice

        self.last = "nothing was recorded"
        self._side, self._page, self._voice = side, page, Voice() if speaks else None
        self._said, self._said_at, self._advice = "", -_SAY_EVERY_S, ""
        if page is not None:
            click.echo(f"preview: {page.address}", err=True)
        if self._voice is not None and not self._voice.is_there:
            click.echo("no voice was found (say, spd-say, espeak-ng); --web has the browser's", err=True)

    def tell(self, status: Status) -> None:
        """Listen to a session."""
        if self._page is not None:
            self._page.show(status)
        self.last = status.words(self._side)
        now = time.monotonic()
        if self.last == self._said or now - self._said_at < _SAY_EVERY_S:
            return
        self._said, self._said_at = self.last, now
        click.echo(self.last, err=True)
        advice = self.last.rpartition("; ")[2]
        if advice != self._advice:
            self._advice = advice
            self.ring(advice)

    def ring(self, sentence: str) -> None:
        """Ring the bell of a terminal, and say a sentence aloud where that was asked for."""
        if sys.stderr.isatty():
            click.echo("\a", err=True, nl=False)
        if self._voice is not None:
            self._voice.say(sentence)


class _Countdown:
    """Whether a stop is to be taken: so many seconds after the last one, or when somebody says so."""

    def __init__(
        self, seconds: float, is_triggered: bool, stops: int, page: PreviewPage | None, turn: Callable[[], None]
    ) -> None:
        self._seconds, self._stops, self._turn = seconds, stops, turn
        self._announce = (lambda words: None) if page is None else page.announce
        self._trigger = None
        if is_triggered:
            self._trigger = threading.Event() if page is None else page.is_triggered
            threading.Thread(target=self._read_keys, daemon=True).start()
        self._stop, self._due, self._told = -1, 0.0, -1

    def _read_keys(self) -> None:
        assert self._trigger is not None
        for _ in sys.stdin:
            self._trigger.set()

    def is_ready(self, stop: int) -> bool:
        """Return whether stop number `stop` is to be taken now."""
        now = time.monotonic()
        if stop != self._stop:
            self._stop, self._due, self._told = stop, now + self._seconds, -1
            if stop > 0:
                self._turn()
            how = "press Enter" if self._trigger is not None else f"in {self._seconds:g} s"
            self._announce(f"stop {stop + 1} of {self._stops}: {how}")
            click.echo(f"stop {stop + 1} of {self._stops}: {how}", err=True)
        if self._trigger is not None:
            is_now = self._trigger.is_set()
            self._trigger.clear()
            return is_now
        left = int(self._due - now)
        if left != self._told and left > 0:
            self._told = left
            click.echo(f"{left}", err=True)
        return now >= self._due


@click.command("watch", short_help="run and file each new recording or scan file of a folder")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--rest", "rest_s", default=5.0, show_default=True, help="Seconds that a scan must not have changed for.")
@click.option("--once", is_flag=True, help="End when all that is there has been filed.")
@_to
@run_options
@prescription_option
@camera_option
def watch(folder: Path, rest_s: float, once: bool, to: str, out: Path, **settings: Any) -> None:
    """Run each finished new scan of FOLDER as it comes, and file it: outputs/watched.jsonl says what came of it.

    Copies that are not complete are waited for. What was filed is not run again, also after a restart, unless it has
    changed. Ctrl-C ends it.
    """
    from scanproc.several.watching import Watch

    watched = Watch(folder, out, lambda scan: run_scan(scan, to, out, **settings), rest_s)
    for filed in watched.rounds(_PAUSE_S, once):
        for message in filed.messages:
            click.echo(f"scanproc: {folder / filed.scan}: {message}", err=True)
        click.echo(f"{filed.status:8} {folder / filed.scan}" + (f" {filed.report}" if filed.report else ""))
