"""The loop of a live recording: a frame comes, is judged, is written if it is good and new, and what lacks is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scanproc.artifacts import CleanView, DepthFrame, Intrinsics, Recording
from scanproc.capture.camera import CameraFacts, CameraLost, DepthCamera, LiveFrame
from scanproc.capture.coverage import Coverage, SeenSurface, Stated, coverage, seen_surface
from scanproc.capture.frame_quality import FrameQuality, frame_quality, speed_mm_s
from scanproc.capture.settings import CaptureConfig
from scanproc.capture.tracking import Tracker
from scanproc.depth.images import unproject
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, transform
from scanproc.readers.captured import CaptureNotes, GrowingRecording
from scanproc.stages.clean import CleanConfig, clean

_TRIES = 30  # frames of a stop, of which the first good one is taken


@dataclass(frozen=True)
class Status:
    """What is to be said after a frame.

    Attributes
    ----------
    view : the foot in it, at the resolution that is tracked; None where nothing is in range.
    T_map_camera : where it was taken from; None where that was not found.
    seen : what the kept frames saw of the foot; None before the first one.
    kept : whether this frame was written; num_kept : how many were.
    """

    camera: CameraFacts
    frame: LiveFrame
    view: CleanView | None
    quality: FrameQuality
    T_map_camera: FloatArray | None
    seen: Coverage | None
    kept: bool
    num_kept: int

    @property
    def share(self) -> float:
        """Return the share of the foot's directions that were seen."""
        return 0.0 if self.seen is None else self.seen.share

    def words(self, side: Stated) -> str:
        """Say in one line how far the recording is, and what to do."""
        parts = [f"{self.num_kept} views", f"{self.share:.0%} of the foot"]
        missing = self.seen.missing(side) if self.seen is not None else ()
        parts += [f"missing: {', '.join(missing)}"] if missing else []
        lost = self.num_kept > 0 and self.T_map_camera is None and self.view is not None
        advice = self.quality.warnings or (("lost: go back to where you were",) if lost else ())
        return "; ".join((*parts, *advice[:1]))


Listener = Callable[[Status], None]
Ready = Callable[[int], bool]  # whether stop number k is to be taken now


class CaptureSession:
    """One live recording.

    Parameters
    ----------
    cameras : one, or those of a fixed rig.
    listen : told of every frame.
    """

    def __init__(
        self,
        cameras: Sequence[DepthCamera],
        recording: GrowingRecording,
        side: Stated,
        config: CaptureConfig,
        listen: Listener,
    ) -> None:
        self.cameras, self.recording, self.side, self.config, self.listen = cameras, recording, side, config, listen
        self._tracker = Tracker(config)
        self._surfaces: list[SeenSurface] = []
        self._seen: Coverage | None = None
        self._num_kept = 0
        self._kept_at_s = -np.inf
        self._lost_since_s: float | None = None
        self._before: dict[str, tuple[float, FloatArray]] = {}  # time and pose of each camera's last frame

    def by_hand(self) -> CaptureNotes:
        """Record while the one camera is carried round the foot; end when all of it was seen.

        Raises
        ------
        CameraLost
            If the camera sends nothing any more; what was recorded stays.
        """
        return self._ending_well(self._carry)

    def by_stops(self, count: int, ready: Ready) -> CaptureNotes:
        """Record one frame of each camera at each of several stops, each when it is `ready`.

        Raises
        ------
        CameraLost
            As in `by_hand`.
        """
        return self._ending_well(lambda: self._stop_by_stop(count, ready))

    def _ending_well(self, record: Callable[[], CaptureNotes]) -> CaptureNotes:
        """Note why a recording ended, however it did."""
        try:
            notes = record()
        except CameraLost as error:
            notes = self._note(replace(self._notes(), ended=f"{error.args[0]}"))
            raise CameraLost(f"{error}. {self._kept_words(notes)}") from None
        except KeyboardInterrupt:
            self._note(replace(self._notes(), ended="stopped by hand"))
            raise
        return self._note(notes)

    def _carry(self) -> CaptureNotes:
        (camera,) = self.cameras
        while self._num_kept < self.config.max_frames:
            status = self._look(camera)
            if self._is_wanted(status):
                status = self._keep(self._num_kept, status)
            self.listen(status)
            if self._num_kept >= self.config.min_frames and status.share == 1.0:
                return replace(self._notes(), is_complete=True, ended="all of the foot was seen")
        return replace(self._notes(), ended=f"capture.max_frames = {self.config.max_frames} were taken")

    def _stop_by_stop(self, count: int, ready: Ready) -> CaptureNotes:
        for stop in range(count):
            while True:
                for camera in self.cameras:
                    self.listen(self._look(camera))
                if ready(stop):
                    break
            for camera in self.cameras:
                tries = (self._look(camera) for _ in range(_TRIES))
                status = next(tries)
                while not status.quality.is_good and (another := next(tries, None)) is not None:
                    status = another
                self.listen(self._keep(stop, status))
        return replace(self._notes(), is_complete=True, ended="all stops were taken")

    def _look(self, camera: DepthCamera) -> Status:
        """Take a frame, and find out where it was taken from and what is wrong with it."""
        frame, facts = camera.next_frame(self.config.patience_s), camera.facts
        view = self._foot_in(frame, facts)
        pose, speed = None, None
        if view is not None:
            time_s, last = self._before.get(facts.serial, (0.0, None))
            pose = self._tracker.locate(view, last)
            self._forget_another_thing(frame.time_s, is_lost=pose is None)
            if pose is not None:
                if last is not None:
                    speed = speed_mm_s(last, pose, self._middle(view, pose), frame.time_s - time_s)
                self._before[facts.serial] = (frame.time_s, pose)
        quality = (
            FrameQuality(0.0, None, 0.0, ("no foot in sight: point the camera at it",))
            if view is None
            else frame_quality(view, speed, facts.band_mm, self.config)
        )
        return Status(facts, frame, view, quality, pose, self._seen, False, self._num_kept)

    def _forget_another_thing(self, time_s: float, is_lost: bool) -> None:
        """Begin the map again where nothing fits its first few frames any more: the camera was pointed elsewhere."""
        if not is_lost:
            self._lost_since_s = None
            return
        self._lost_since_s = time_s if self._lost_since_s is None else self._lost_since_s
        is_small = len(self._tracker.views) < self.config.restart_below
        if is_small and time_s - self._lost_since_s >= self.config.restart_s:
            self._tracker, self._surfaces, self._seen = Tracker(self.config), [], None
            self._lost_since_s = None
            self._before.clear()

    def _foot_in(self, frame: LiveFrame, facts: CameraFacts) -> CleanView | None:
        """Return the foot in a frame, at the resolution that is tracked; None where nothing is in range."""
        step = self.config.tracking_step
        depth = np.ascontiguousarray(frame.depth[::step, ::step])
        own = facts.intrinsics
        small = Intrinsics(depth.shape[1], depth.shape[0], own.fx / step, own.fy / step, own.cx / step, own.cy / step)
        try:
            return clean(Recording((DepthFrame("live", depth, facts.depth_unit_mm, small),)), CleanConfig()).views[0]
        except ScanError:  # nothing in range
            return None

    def _middle(self, view: CleanView, T_map_camera: FloatArray) -> FloatArray:
        """Return the middle of the foot as far as it is known, (3,) mm in the map."""
        if self._seen is not None:
            return self._seen.box.middle
        return np.asarray(np.median(transform(T_map_camera, unproject(view.depth_mm, view.intrinsics)), axis=0))

    def _is_wanted(self, status: Status) -> bool:
        """Whether a frame is good, and shows the foot from where no kept one does."""
        if status.view is None or not status.quality.is_good:
            return False
        if status.T_map_camera is None:  # *register* may find its place
            return status.frame.time_s - self._kept_at_s >= self.config.lost_every_s
        middle = self._middle(status.view, status.T_map_camera)
        own, *others = (pose[:3, 3] - middle for pose in (status.T_map_camera, *self._tracker.poses))
        cosines = [own @ other / (np.linalg.norm(own) * np.linalg.norm(other)) for other in others]
        return not cosines or bool(max(cosines) < np.cos(np.radians(self.config.new_view_deg)))

    def _keep(self, number: int, status: Status) -> Status:
        """Write a frame at once; then find out what it adds."""
        self.recording.add(number, status.camera.serial, status.frame.depth, status.frame.color)
        self._num_kept += 1
        self._kept_at_s = status.frame.time_s
        if status.view is not None and status.T_map_camera is not None:
            self._tracker.keep(status.view, status.T_map_camera)
            self._surfaces.append(seen_surface(status.view, status.T_map_camera, self.config))
            self._seen = coverage(self._surfaces, self._tracker.stands, self.side == "both", self.config)
        self._note(self._notes())
        return replace(status, seen=self._seen, kept=True, num_kept=self._num_kept)

    def _notes(self) -> CaptureNotes:
        seen = self._seen
        return CaptureNotes(
            views=self._num_kept,
            share=0.0 if seen is None else round(seen.share, 3),
            missing=("all of the foot",) if seen is None else seen.missing(self.side),
        )

    def _note(self, notes: CaptureNotes) -> CaptureNotes:
        self.recording.note(notes)
        return notes

    def _kept_words(self, notes: CaptureNotes) -> str:
        lacks = f", missing: {', '.join(notes.missing)}" if notes.missing else ""
        return (
            f"{notes.views} views are kept in {self.recording.folder}, {notes.share:.0%} of the foot{lacks}. Plug the "
            f"camera in and capture into a new folder, or run what there is: scanproc run {self.recording.folder}"
        )
