"""The scale and the surface of a sensor that nobody checked, and of one that somebody did."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from feet import AnalyticFoot, as_surface, noisy
from visits import facts as stated_facts
from visits import measures

from scanproc.anatomy.scanner_errors import noise_of, with_scanner_errors, without_loud_noise
from scanproc.artifacts import (
    CameraCertificate,
    CloudFrame,
    DepthFrame,
    Intrinsics,
    Measure,
    Measures,
    Mesh,
    Recording,
    ScanFacts,
    SdParts,
)
from scanproc.depth.view_image import PixelLimits, measured_image
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.measures.sensor_classes import scale_sd_of, sensor_class
from scanproc.pages.first_screen import trust
from scanproc.pages.words import Words
from scanproc.readers.certificates import read_certificate
from scanproc.readers.facts import facts_stating
from scanproc.scan import open_scan, read_mesh, read_recording, write_recording
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure


@cache
def mesh() -> Mesh:
    return AnalyticFoot(step_mm=6.0).mesh()


def measured(sensor: str | None, **config: float) -> dict[str, Measure]:
    facts = facts_stating("foot", side="left", loading="standing", sensor=sensor)
    feet = align(as_surface(mesh(), True), facts, AlignConfig())
    return dict(measure(feet, facts, MeasureConfig(**config)).feet[0].measures)


@pytest.mark.parametrize(
    ("sensor", "words"),
    [
        ("RealSense D435 (simulated)", "depth camera"),
        ("D405 no. 7", "depth camera"),
        ("Structure Sensor on an iPad", "depth camera"),
        ("iPhone 15 Pro", "phone"),
        ("TrueDepth", "phone"),
        ("Artec Eva", "structured-light scanner"),
        ("structured-light scanner", "structured-light scanner"),
        ("my box", None),
        ("", None),
        (None, None),
    ],
)
def test_a_sensor_s_class_by_its_name(sensor: str | None, words: str | None) -> None:
    kind = sensor_class(sensor)
    assert (kind.words if kind else None) == words


def camera_line(facts: ScanFacts, measured: Measures | None = None) -> str:
    """What the first screen says of the camera."""
    told = trust(Words(), facts, None, None, measured or Measures(()))
    return next(fact.text for fact in told if fact.name == "Camera")


@pytest.mark.parametrize(("sensor", "sd"), [("D435", 0.01), (None, 0.01), ("iPhone 14", 0.05), ("Artec Leo", 0.002)])
def test_the_scale_of_a_camera_that_nobody_checked(sensor: str | None, sd: float) -> None:
    facts = facts_stating("foot", sensor=sensor)
    assert scale_sd_of(facts) == sd
    assert camera_line(facts) == f"not checked: ± {100 * sd:g} % of lengths assumed"
    checked = replace(facts, camera="camera-7.toml", certificate=CameraCertificate(1.01, 0.0015, "2026-11-20"))
    assert scale_sd_of(checked) == 0.0015
    assert camera_line(checked) == "certificate of 2026-11-20: ± 0.15 % of lengths"


@pytest.mark.parametrize("error", [0.01, -0.01, 0.02])
def test_a_camera_whose_scale_is_off_is_within_two_sd(error: float) -> None:
    """By 1 and 2 %: until it was checked, no length is surer than that."""
    surface = as_surface(Mesh(mesh().vertices * (1.0 + error), mesh().faces), True)
    surface = replace(surface, errors_mm=np.zeros((len(surface.mesh.vertices), 2), dtype=np.float16))
    facts = facts_stating("foot", side="left", loading="standing", sensor="D435")
    feet = align(surface, facts, AlignConfig())
    length = measure(feet, facts, MeasureConfig()).feet[0].measures["foot_length_mm"]
    assert length.value is not None and length.sd is not None and length.sd_parts is not None
    assert length.value - 250.0 == pytest.approx(error * 250.0, abs=0.4)
    assert abs(length.value - 250.0) <= 2.0 * length.sd
    assert length.sd_parts.scale == pytest.approx(0.01 * length.value)


def test_a_certificate_of_the_camera_corrects_its_scale(tmp_path: Path) -> None:
    points = mesh().vertices + np.array([0.0, 0.0, 400.0])
    write_recording(tmp_path, Recording((CloudFrame("0", points / 1.02),)), facts_stating("feet", unit="mm"))
    (tmp_path / "camera-7.toml").write_text('scale = 1.02\nscale_sd = 0.001\ndate = 2026-11-20\nserial = "7"\n')
    (tmp_path / "scan.toml").write_text('unit = "mm"\ncamera = "camera-7.toml"\n')
    scan = open_scan(tmp_path)
    assert "camera-7.toml" in [name for name, _ in scan.contents()]
    assert scan.facts.certificate == CameraCertificate(1.02, 0.001, "2026-11-20", serial="7")
    read = read_recording(scan).frames[0]
    assert isinstance(read, CloudFrame)
    np.testing.assert_allclose(read.points, points, atol=1e-3)
    image = np.full((40, 50), 400, dtype=np.uint16)
    depth = Recording((DepthFrame("0", image, 1.0, Intrinsics(50, 40, 60.0, 60.0, 24.5, 19.5)),))
    write_recording(tmp_path / "depth-scan", depth, facts_stating("feet"))
    (tmp_path / "depth-scan" / "camera-7.toml").write_text("scale = 1.02\nscale_sd = 0.001\n")
    (tmp_path / "depth-scan" / "scan.toml").write_text('camera = "camera-7.toml"\n')
    frame = read_recording(open_scan(tmp_path / "depth-scan")).frames[0]
    assert isinstance(frame, DepthFrame) and frame.depth_unit_mm == 1.02
    folder = tmp_path / "mesh"
    folder.mkdir()
    trimesh.Trimesh(mesh().vertices / 1.02, mesh().faces, process=False).export(folder / "foot.ply")
    (folder / "camera-7.toml").write_text("scale = 1.02\nscale_sd = 0.001\n")
    (folder / "scan.toml").write_text('camera = "camera-7.toml"\n')
    found = read_mesh(open_scan(folder)).mesh.vertices
    assert np.ptp(found, axis=0) == pytest.approx(np.ptp(mesh().vertices, axis=0), abs=1e-3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read"),
        ("scale = 1.0", "scale_sd = None; expected a number from 0 to 0.1"),
        ("scale = 2.0\nscale_sd = 0.001", "scale = 2.0; expected"),
        ("scale = true\nscale_sd = 0.001", "scale = True; expected"),
        ("scale = nan\nscale_sd = 0.001", "scale = nan; expected"),
        ("scale = 1.0\nscale_sd = 0.001\ngain = 2.0", "'gain', which is not used"),
        ("scale = 1.0\nscale_sd = 0.001\nwarp = 'map.npy'", "map.npy cannot be read"),
        ("scale = 1.0\nscale_sd = 0.001\nwarp = '../map.npy'", "warp = '../map.npy'; expected a file beside it"),
        ("scale = 1.0\nscale_sd = 0.001\nrange_mm = [600, 200]", "range_mm = [600, 200]; expected two distances"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None, words: str) -> None:
    trimesh.Trimesh(mesh().vertices, mesh().faces, process=False).export(tmp_path / "foot.ply")
    (tmp_path / "scan.toml").write_text('camera = "camera-7.toml"\n')
    if text is not None:
        (tmp_path / "camera-7.toml").write_text(text)
    with pytest.raises(ScanError) as caught:
        open_scan(tmp_path)
    assert words in str(caught.value) and str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("warp", "words"),
    [
        (np.zeros(5), "is a map of 5 float64; expected"),
        (np.zeros((480, 640)), "is a map of 480 × 640 float64; expected"),
        (np.full((4, 5), 0.7), "holds up to 0.7; expected"),
        (np.full((4, 5), np.nan), "holds up to nan; expected"),
        (np.array([["a", "b"]] * 2), "is a map of 2 × 2 str"),
    ],
)
def test_a_warp_that_cannot_be_used_is_refused(tmp_path: Path, warp: Any, words: str) -> None:
    np.save(tmp_path / "camera-7.npy", warp)
    (tmp_path / "camera-7.toml").write_text('scale = 1.0\nscale_sd = 0.001\nwarp = "camera-7.npy"\n')
    with pytest.raises(ScanError, match=re.escape(words)):
        read_certificate(tmp_path / "camera-7.toml")


def wall(distance_mm: float = 400.0) -> DepthFrame:
    """A wall before a camera of 60 × 40 pixels that reads too little: none in the middle, 1 % aside, 2 % below."""
    u, v = np.meshgrid((np.arange(60) - 29.5) / 30.0, (np.arange(40) - 19.5) / 20.0)
    missing = 0.01 * np.abs(u) + 0.02 * np.maximum(v, 0.0)
    steps = np.round(distance_mm / 0.1 / (1.0 + missing)).astype(np.uint16)
    return DepthFrame("0", steps, 0.1, Intrinsics(60, 40, 60.0, 60.0, 29.5, 19.5))


def warp_of_the_wall() -> FloatArray:
    u, v = np.meshgrid((np.arange(30) - 14.5) / 15.0, (np.arange(20) - 9.5) / 10.0)
    return np.asarray(0.01 * np.abs(u) + 0.02 * np.maximum(v, 0.0))


def test_what_a_camera_bends_is_made_straight(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The certificate may lie anywhere where --camera names it; its warp is an input of the scan."""
    limits = PixelLimits(100.0, 900.0, 6.0, 3.0)
    assert np.ptp(measured_image(wall(), limits).depth_mm) > 8.0
    folder, lab = tmp_path / "scan", tmp_path / "lab"
    write_recording(folder, Recording((wall(),)), facts_stating("scan", depth_unit_mm=0.1))
    lab.mkdir()
    np.save(lab / "camera-7.npy", warp_of_the_wall())
    (lab / "camera-7.toml").write_text(
        'scale = 1.0\nscale_sd = 0.001\nwarp = "camera-7.npy"\nrange_mm = [450, 600]\nresidual_mm = 0.1\n'
    )
    scan = open_scan(folder, lab / "camera-7.toml")
    assert {"camera-7.toml", "camera-7.npy"} <= {name for name, _ in scan.contents()}
    assert (scan.facts.camera, "camera" in scan.facts.assumed) == ("camera-7.toml", False)
    (frame,) = read_recording(scan).frames
    assert isinstance(frame, DepthFrame)
    np.testing.assert_allclose(measured_image(frame, limits).depth_mm, 400.0, atol=0.3)
    assert "holds from 450 to 600 mm; the nearest tenth of the recording lies at 3" in caplog.text
    (lab / "camera-7.npy").write_bytes(b"")  # while it is read
    with pytest.raises(ScanError, match=r"camera-7.npy changed while it was read"):
        scan.check_unchanged()


def test_a_warp_of_no_depth_images_is_told(tmp_path: Path) -> None:
    trimesh.Trimesh(mesh().vertices, mesh().faces, process=False).export(tmp_path / "foot.ply")
    np.save(tmp_path / "camera-7.npy", warp_of_the_wall())
    (tmp_path / "camera-7.toml").write_text('scale = 1.0\nscale_sd = 0.001\nwarp = "camera-7.npy"\n')
    (tmp_path / "scan.toml").write_text('camera = "camera-7.toml"\n')
    assert any("was not applied" in remark for remark in open_scan(tmp_path).facts.remarks)


@pytest.mark.parametrize("name", ["../camera-7.toml", "/camera-7.toml", ""])
def test_a_certificate_lies_beside_the_scan(tmp_path: Path, name: str) -> None:
    trimesh.Trimesh(mesh().vertices, mesh().faces, process=False).export(tmp_path / "foot.ply")
    (tmp_path / "scan.toml").write_text(f'camera = "{name}"\n')
    with pytest.raises(ScanError, match=r"beside it|cannot be read"):
        open_scan(tmp_path)


def test_the_noise_of_a_mesh_is_found_and_its_shape_is_none() -> None:
    smooth = trimesh.creation.icosphere(subdivisions=4, radius=40.0)
    ball = Mesh(np.array(smooth.vertices), np.array(smooth.faces, dtype=np.int32))
    assert noise_of(ball) < 0.02
    for sigma in (0.1, 0.4):
        assert noise_of(noisy(ball, sigma)) == pytest.approx(sigma, rel=0.2)


@pytest.mark.parametrize(("sigma_mm", "step_mm"), [(0.5, 2.0), (1.0, 2.0)])
def test_the_noise_of_a_finished_mesh_moves_no_measure_by_more_than_its_uncertainty(
    sigma_mm: float, step_mm: float
) -> None:
    """It made heights 1.5 to 4 mm greater, whose lowest and highest points pick the worst of it."""
    facts = facts_stating("foot", side="left", sensor="structured-light scanner")
    fine = AnalyticFoot(step_mm=step_mm, leg_top_mm=120.0).mesh()
    clean, loud = (
        dict(measure(align(as_surface(each, False), facts, AlignConfig()), facts, MeasureConfig()).feet[0].measures)
        for each in (fine, noisy(fine, sigma_mm, seed=3))
    )
    for name in ("foot_length_mm", "foot_width_mm", "heel_width_mm", "dorsum_height_mm", "plantar_arch_height_mm"):
        before, found, sd = clean[name].value, loud[name].value, loud[name].sd
        assert before is not None and found is not None and sd is not None
        assert abs(found - before) < 2.0 * sd, name
        assert sd < 1.5, name


def test_what_is_coarse_or_quiet_stays_as_it_was_scanned() -> None:
    """The curve of a ball of 40 mm looks like noise of 0.2 mm where its vertices are 12 mm apart."""
    ball = trimesh.creation.icosphere(subdivisions=2, radius=40.0)
    coarse = Mesh(np.array(ball.vertices), np.array(ball.faces, dtype=np.int32))
    for quiet in (coarse, mesh(), noisy(mesh(), 0.05)):
        assert without_loud_noise(as_surface(quiet, False), None).mesh is quiet
    loud = noisy(mesh(), 0.5)
    assert noise_of(without_loud_noise(as_surface(loud, False), None).mesh) < 0.25


def test_the_errors_of_a_scanner_are_its_form_s_and_its_noise_s() -> None:
    surface = with_scanner_errors(as_surface(noisy(mesh(), 0.2), True), 0.5)
    assert surface.errors_mm is not None
    errors = surface.errors_mm.astype(np.float64)
    assert np.sqrt((errors**2).mean()) == pytest.approx(np.hypot(0.5, noise_of(surface.mesh)), rel=0.25)
    again = with_scanner_errors(as_surface(noisy(mesh(), 0.2), True), 0.5)
    assert again.errors_mm is not None and np.array_equal(surface.errors_mm, again.errors_mm)


def test_a_finished_mesh_is_uncertain_by_its_scanner_or_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="scanproc")
    assert {name: found.sd for name, found in measured(None).items() if found.sd is not None} == {}
    assert "no uncertainty is known: state the scanner in scan.toml" in caplog.text
    caplog.clear()
    found = measured("iPhone", scale_sd=0.0)
    assert "no uncertainty is known" not in caplog.text
    for name in ("foot_width_mm", "dorsum_height_mm", "heel_angle_deg", "arch_height_index"):
        assert (found[name].sd or 0.0) > 0.0, name
    assert 0.8 < (found["foot_length_mm"].sd or 0.0) < 2.2  # two ends of 1 mm each


def test_the_report_says_what_the_scale_is_worth() -> None:
    facts = stated_facts("may", sensor="D435")
    length = Measure(250.0, 2.6, "measured", sd_parts=SdParts(0.4, 0.1, 2.5))
    assert "± 1 % of lengths" in camera_line(facts, Measures((measures(foot_length_mm=length),)))
    unknown = Measures((measures(foot_length_mm=(250.0, None)),))
    assert "state the scanner (sensor in scan.toml)" in camera_line(facts, unknown)
