"""How a foot is recorded live: every setting in one place."""

from __future__ import annotations

from dataclasses import dataclass

from scanproc.settings import setting


@dataclass(frozen=True)
class CaptureConfig:
    """Which frames are kept, and when the foot was seen."""

    tracking_step: int = setting(2, "every n-th pixel across and down tells where the camera is", low=1, high=8)
    spacing_mm: float = setting(6.0, "between the points by which it is told, mm", low=2.0, high=20.0)
    seen_spacing_mm: float = setting(4.0, "between the points that count as seen, mm", low=1.0, high=20.0)
    num_neighbours: int = setting(5, "kept frames that a frame is brought to", low=1, high=30)
    min_overlap: float = setting(0.30, "share of a frame's points that they must have seen", low=0.0, high=1.0)
    min_consistency: float = setting(0.92, "share of judged points that must agree with them", low=0.0, high=1.0)
    tolerance_mm: float = setting(4.0, "distance at which frames agree on a surface, mm", low=0.5, high=20.0)
    min_points: int = setting(400, "pixels of the foot that a frame needs, every n-th counted", low=50)
    # A camera that moves 200 mm/s smears what it exposes for 8 ms by 1.6 mm, the noise of two of its views.
    max_speed_mm_s: float = setting(200.0, "fastest motion between foot and camera of a kept frame, mm/s", low=1.0)
    min_filled: float = setting(0.7, "share of the foot's outline that has a reading", low=0.0, high=1.0)
    new_view_deg: float = setting(8.0, "angle round the foot from the nearest kept frame to the next one", low=1.0)
    lost_every_s: float = setting(1.0, "of frames whose place is not found, one is kept in that time, s", low=0.1)
    restart_s: float = setting(
        3.0, "without a place after which the first frames count as of another thing, s", low=0.1
    )
    restart_below: int = setting(6, "frames with a place from which on they count as the foot", low=1)
    min_times_seen: int = setting(4, "kept frames that must have seen a direction of the foot", low=1, high=20)
    min_cosine: float = setting(0.5, "cosine of the angle at which a surface counts as seen", low=0.1, high=0.9)
    min_frames: int = setting(30, "kept frames below which no recording is complete", low=4)
    max_frames: int = setting(300, "kept frames at which a recording ends", low=4)
    patience_s: float = setting(5.0, "without a frame after which a camera is taken for gone, s", low=0.1, high=60.0)
