"""A simulated recording that comes live, frame by frame: what capture is tried and tested by, without a camera."""

from __future__ import annotations

from scanproc.artifacts import DepthFrame
from scanproc.capture.camera import CameraFacts, CameraLost, LiveFrame
from scanproc.simulation.cameras import CAMERAS
from scanproc.simulation.truth import Simulation


class SimulatedCamera:
    """Gives the frames of a simulation one after the other; with the last one, it is unplugged.

    Parameters
    ----------
    seconds : from a frame to the next.
    stays : whether the same frame comes again until `next_stop` is called, as of a turntable that stands still.
    """

    def __init__(self, simulation: Simulation, seconds: float = 0.5, stays: bool = False) -> None:
        self._frames = [frame for frame in simulation.recording.frames if isinstance(frame, DepthFrame)]
        self._seconds, self._stays = seconds, stays
        self._next, self._count = 0, 0
        camera, first = CAMERAS[simulation.config.camera], self._frames[0]
        self._facts = CameraFacts(
            name=f"{camera.name} (simulated)",
            serial="simulated",
            firmware="none",
            intrinsics=first.intrinsics,
            depth_unit_mm=first.depth_unit_mm,
            band_mm=(0.5 * camera.distance_mm, 1.5 * camera.distance_mm),
            settings=f"noise {simulation.config.noise_model}, seed {simulation.config.seed}",
        )

    @property
    def facts(self) -> CameraFacts:
        """What it says of itself."""
        return self._facts

    def next_frame(self, patience_s: float) -> LiveFrame:
        """Return the next frame.

        Raises
        ------
        CameraLost
            After the last one.
        """
        if self._next >= len(self._frames):
            raise CameraLost("the simulated camera has no more frames")
        frame = self._frames[self._next]
        if not self._stays:
            self._next += 1
        self._count += 1
        return LiveFrame(frame.depth, self._seconds * self._count)

    def next_stop(self) -> None:
        """Turn the turntable on by a step."""
        self._next += 1

    def stop(self) -> None:
        """Do nothing: there is nothing to switch off."""
