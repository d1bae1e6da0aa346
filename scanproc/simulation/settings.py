"""How a recording of a known foot is simulated: every setting in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanproc.settings import setting


@dataclass(frozen=True)
class SimulationConfig:
    """How a recording of a known foot is simulated."""

    path: Literal["hand-held", "turntable", "raised"] = setting(
        "raised", "how the camera goes round: hand-held and turntable stand on a floor"
    )
    camera: Literal["d405", "d415", "d435", "truedepth", "azure-kinect"] = setting(
        "d405", "the camera that is imitated"
    )
    views: int = setting(36, "number of views", low=1, high=1000)
    seed: int = setting(0, "of everything random: one seed, one recording", low=0)
    side: Literal["left", "right"] = setting("left", "side of the foot; a mesh of the other side is mirrored")
    pair: bool = setting(False, "two feet stand side by side, the right one mirrored from the left")
    pair_gap_mm: float = setting(80.0, "between the two feet of a pair, mm", low=0.0, high=400.0)
    distance_mm: float = setting(0.0, "camera to foot, mm; 0 for the camera's usual", low=0.0, high=3000.0)
    image_scale: float = setting(1.0, "size of the image against the camera's own", low=0.05, high=2.0)
    depth_unit_mm: float = setting(
        0.0, "of one step of the depth image, mm; 0 for the camera's own", low=0.0, high=10.0
    )
    range_limit_mm: float = setting(0.0, "farthest depth measured, mm; 0 for the camera's own", low=0.0, high=10000.0)
    background_mm: float = setting(
        0.0, "raised: height of the foot over a floor; turntable: distance of a wall behind; mm, 0 for none", low=0.0
    )
    leg_mm: float = setting(
        250.0, "by how much a leg that was cut flat goes on above the cut, mm", low=0.0, high=1000.0
    )
    noise_model: Literal["auto", "stereo-real", "stereo-ideal", "tof", "structured-light", "phone-truedepth"] = setting(
        "auto",
        "how depth errs; auto: as the camera does, or stereo-ideal if a setting from disparity_px to hole_share_high,"
        " which it alone has, is changed",
    )
    noise: float = setting(1.0, "random noise against the model's own", low=0.0, high=20.0)
    disparity_px: float = setting(0.08, "disparity noise of stereo: depth noise is z² s / (f b), px", low=0.0, high=2.0)
    noise_floor_mm: float = setting(0.2, "least axial noise, mm", low=0.0, high=5.0)
    noise_width_px: float = setting(
        7.0, "full width at half maximum of the noise's correlation, px", low=1.0, high=50.0
    )
    artefacts: bool = setting(True, "flying pixels, grazing drop-out, holes and disparity steps")
    flying_share: float = setting(0.3, "share of pixels at a jump that are torn off", low=0.0, high=1.0)
    flying_jump_mm: float = setting(5.0, "depth step that is a jump, mm", low=0.1, high=100.0)
    grazing_from_deg: float = setting(60.0, "angle of view from which readings drop out, deg", low=0.0, high=90.0)
    grazing_to_deg: float = setting(85.0, "angle of view at which all have dropped out, deg", low=0.0, high=90.0)
    hole_share_low: float = setting(0.01, "least share of an image that is lost in blobs", low=0.0, high=1.0)
    hole_share_high: float = setting(0.03, "greatest share of an image that is lost in blobs", low=0.0, high=1.0)
    scale_error: float = setting(0.0, "of the camera: 0.004 measures everything 0.4 % too long", low=-0.1, high=0.1)
    camera_warp_mm: float = setting(
        0.0,
        "of the camera: standard deviation of what it bends in all its images, mm at its usual distance",
        low=0.0,
        high=10.0,
    )
    camera_seed: int = setting(0, "of that warp: one seed, one camera", low=0)
    sway_mm: float = setting(0.3, "standard deviation of the foot's movement between views, mm", low=0.0, high=50.0)
    sway_deg: float = setting(0.1, "standard deviation of the foot's turning between views, deg", low=0.0, high=30.0)
    shift_mm: float = setting(0.0, "by which the foot has slid in the late views, mm", high=50.0)
    drift_mm: float = setting(
        0.0, "slow sway: standard deviation at the end of the way the foot has drifted, mm", low=0.0, high=50.0
    )
    pair_sway_mm: float = setting(
        0.0, "standard deviation of the movement of the feet of a pair against each other, mm", low=0.0, high=50.0
    )
    toes_deg: float = setting(0.0, "angle by which the toes are raised now and then, deg", low=-40.0, high=40.0)
    toes_every: int = setting(3, "of how many views one has the toes raised", low=2, high=1000)
    heel_rise_deg: float = setting(
        0.0, "angle by which the heel has risen about the ball in the late views, deg", low=0.0, high=40.0
    )
    ankle_deg: float = setting(0.0, "angle by which the ankle is bent in the late views, deg", low=-40.0, high=40.0)
    late_share: float = setting(0.5, "share of the views, the last ones, that are late ones", low=0.0, high=1.0)
    bad_views: float = setting(
        0.0, "share of views that are blank, bent, of another object, or duplicates", low=0.0, high=1.0
    )
    first_fault: Literal["blank", "bent", "other", "duplicate"] = setting(
        "blank", "what is wrong with the first bad view; the kinds take turns in this order"
    )
    form: Literal["depth", "clouds"] = setting("depth", "what is written: depth images, or clouds in metres")
    thinning: int = setting(1, "clouds: every n-th pixel across and down", low=1, high=50)
    state_facts: bool = setting(True, "write scan.toml; without it everything has to be found out")
