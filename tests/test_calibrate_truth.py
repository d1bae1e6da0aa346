"""A camera that is 1 % off and bends, checked by the sheet at full size; then a foot that it records. Minutes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recordings import TRUTH, leg
from test_calibrate import corrected_error_mm, rms

from scanproc.artifacts import CameraCertificate, Measure
from scanproc.calibration.calibrate import Calibration, calibrate_by_sheet
from scanproc.calibration.sheet import Sheet
from scanproc.readers.certificates import write_certificate
from scanproc.runner import run
from scanproc.simulation.flat_things import simulate_flat
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import write_simulation

pytest.importorskip("cv2")

OFF = SimulationConfig(camera="d435", views=60, scale_error=0.01, camera_warp_mm=0.8)
PRINTED = Sheet(99.6, 100.3, 0.05)


@pytest.fixture(scope="module")
def found() -> Calibration:
    return calibrate_by_sheet(simulate_flat("sheet", OFF, PRINTED), PRINTED)


@pytest.mark.slow
def test_scale_and_warp_of_a_real_camera_s_noise(found: Calibration) -> None:
    assert found.warp is not None and found.scale is not None
    left = corrected_error_mm(found.warp, found.scale, OFF, 380.0)
    assert rms(corrected_error_mm(replace(found.warp, shares=np.zeros((2, 2))), 1.0, OFF, 380.0)) > 3.5
    assert abs(left[48:-48, 85:-85].mean()) < 0.001 * 380.0
    assert rms(left) < 0.15


@pytest.mark.slow
def test_a_foot_s_length_is_right_by_the_certificate(found: Calibration, tmp_path: Path) -> None:
    """The foot's recording has a textbook's noise: what else makes a length wrong is not the certificate's."""
    assert found.scale is not None
    certificate = CameraCertificate(
        found.scale, found.scale_sd, "2026-11-29", found.range_mm, found.warp, serial="simulated-0"
    )
    path = write_certificate(tmp_path, certificate, "sheet", found.residual_mm)
    config = replace(OFF, path="hand-held", views=24, sway_mm=0.0, sway_deg=0.0, noise_model="stereo-ideal")
    write_simulation(tmp_path / "scan", simulate(leg(), config))

    def length(camera: Path | None) -> Measure:
        made = run(tmp_path / "scan", tmp_path / f"out-{camera is None}", "measure", camera=camera)
        (measures,) = made.measures.values()
        return measures["foot_length_mm"]

    (tmp_path / "true").mkdir()
    (tmp_path / "true" / "foot.ply").write_bytes(TRUTH.read_bytes())
    (tmp_path / "true" / "scan.toml").write_text('unit = "mm"\nup = "z"\nloading = "standing"\n')
    (true,) = run(tmp_path / "true", tmp_path / "out-true", "measure").measures.values()
    right, off, certified = true["foot_length_mm"], length(None), length(path)
    assert right.value and off.value and certified.value and certified.sd and certified.sd_parts and off.sd
    assert off.value - right.value > 1.5
    assert abs(certified.value - right.value) <= 0.4
    assert certified.sd_parts.scale == pytest.approx(certified.value * (found.scale_sd or 0.0), rel=0.01)
    assert certified.sd < 0.6 * off.sd
