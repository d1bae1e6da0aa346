"""The certificate of a camera: found on things of known form, written, read, cited, and doubted where it should be."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import trimesh
from calibration_truth import HEIGHT_SHARE, USUAL_MM, KnownCamera, without_tilt
from click.testing import CliRunner, Result
from PIL import Image
from test_paper import bar_mm, pages

from scanproc import calibrating, cli
from scanproc.artifacts import CloudFrame, DepthFrame, DepthWarp, Intrinsics, Measure, Measures, Recording, SdParts
from scanproc.calibration import markers
from scanproc.calibration.calibrate import calibrate_by_sheet, calibrate_by_wall
from scanproc.calibration.foot import Reading, calibrate_by_foot
from scanproc.calibration.sheet import Sheet
from scanproc.calibration.tiles import ViewTiles
from scanproc.calibration.warp_fit import WarpFit, fit_warp
from scanproc.depth.images import cell_weights, unwarped
from scanproc.errors import ScanError
from scanproc.formats import artifact_files
from scanproc.frames import FloatArray
from scanproc.measures.sensor_classes import scale_sd_of
from scanproc.readers.certificates import read_certificate
from scanproc.readers.facts import facts_stating
from scanproc.scan import open_scan, read_recording, write_recording
from scanproc.simulation.cameras import CAMERAS
from scanproc.simulation.digitised import camera_warp
from scanproc.simulation.flat_things import flat_facts, simulate_flat
from scanproc.simulation.settings import SimulationConfig

pytest.importorskip("cv2")

#: A camera that is 1 % off and bends, close to the sheet: few pixels show it well, and a test takes seconds.
OFF: dict[str, Any] = {
    "camera": "d435", "views": 10, "image_scale": 0.5, "distance_mm": 240.0, "scale_error": 0.01, "camera_warp_mm": 0.8,
}  # fmt: skip
WALL = {**OFF, "views": 8, "image_scale": 0.25, "noise": 0.3}
PRINTED = Sheet(99.4, 100.3, 0.03)


def command(*words: object) -> Result:
    return CliRunner().invoke(cli.main, ["calibrate", *map(str, words)], catch_exceptions=False)


@cache
def sheet_recording() -> Recording:
    return simulate_flat("sheet", SimulationConfig(**OFF), PRINTED)


@cache
def wall_recording() -> Recording:
    return simulate_flat("wall", SimulationConfig(**WALL))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sheet as that camera recorded it, once for all tests of the command."""
    folder = tmp_path_factory.mktemp("calibrate") / "sheet"
    write_recording(folder, sheet_recording(), flat_facts(SimulationConfig(**OFF)))
    return folder


def documented() -> list[list[str]]:
    text = (Path(__file__).parents[1] / "docs" / "calibration.md").read_text(encoding="utf-8")
    lines = [
        line.split("#")[0] for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    return [shlex.split(line)[1:] for line in lines]


@pytest.mark.parametrize("words", documented(), ids=" ".join)
def test_what_the_page_says_can_be_typed(words: list[str]) -> None:
    path = words[: 2 if words[0] == "calibrate" else 1]
    listed = CliRunner().invoke(cli.main, [*path, "--help"])
    assert listed.exit_code == 0
    assert all(word in listed.output for word in words if word.startswith("--"))


# --------------------------------------------------------------------------------------------------- the sheet


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_the_sheet_is_printed_in_true_size(tmp_path: Path, paper: str) -> None:
    """Both bars are 100 mm long over their ends, and the corners of the board 28 mm apart, on one page."""
    assert command("sheet", tmp_path / "sheet.pdf", "--paper", paper).exit_code == 0
    (page,) = pages((tmp_path / "sheet.pdf").read_bytes())
    assert bar_mm(page) == pytest.approx(100.0, abs=0.1)
    beside = np.rot90(page[:, -round(25.0 / 25.4 * 300) :])  # the strip at the right edge, laid down
    assert bar_mm(np.ascontiguousarray(np.vstack([beside, np.full((10, beside.shape[1]), 255, np.uint8)]))) == (
        pytest.approx(100.0, abs=0.1)
    )
    if paper == "letter":  # the same drawing
        return
    small = np.asarray(Image.fromarray(page).reduce(3))
    found = markers.find_corners(small)
    assert found.share == 1.0
    apart = np.diff(found.uv[np.argsort(found.index)].reshape(7, 5, 2), axis=1) / 100.0 * 25.4
    np.testing.assert_allclose(apart, np.broadcast_to([28.0, 0.0], apart.shape), atol=0.15)


def test_a_sheet_is_as_long_as_its_bars_say() -> None:
    assert np.allclose(Sheet(99.0, 101.0).size_mm, [0.99 * 168.0, 1.01 * 224.0])
    assert np.allclose(Sheet(along_mm=99.0).stretch, 0.99)
    assert Sheet().scale_sd == 0.003
    assert Sheet(99.0, 101.0, 0.05).scale_sd == 0.0005
    assert 0.0005 < Sheet(99.0, None, 0.05).scale_sd < 0.003


# ------------------------------------------------------------------------------------- scale and warp, from tiles


def map_error_mm(camera: KnownCamera, fit: WarpFit, views: list[ViewTiles]) -> FloatArray:
    """Return what is left of the depth's error at the usual distance, mm, where the views have seen it."""
    uv = np.vstack([view.uv for view in views])
    assert fit.scale is not None
    return np.asarray((fit.scale * (1.0 + at(fit.warp, uv)) - camera.scale * (1.0 + camera.warp(uv))) * USUAL_MM)


def at(warp: DepthWarp, uv: FloatArray) -> FloatArray:
    rows, columns = warp.shares.shape
    down, across = cell_weights(rows, uv[:, 1] / HEIGHT_SHARE), cell_weights(columns, uv[:, 0])
    return np.asarray(np.einsum("ni,nj,ij->n", down, across, warp.shares))


def rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))


@pytest.mark.parametrize("seed", range(4))
def test_scale_and_warp_are_found_under_the_noise_of_a_stereo_camera(seed: int) -> None:
    camera = KnownCamera(seed)
    views = [camera.sheet_view(number) for number in range(40)]
    fit = fit_warp(views, HEIGHT_SHARE, USUAL_MM)
    error = map_error_mm(camera, fit, views)
    assert rms(camera.warp(np.vstack([view.uv for view in views]))) * USUAL_MM > 0.35
    assert abs(error.mean()) < 0.001 * USUAL_MM
    assert rms(error) < 0.12
    assert 0.2 < fit.residual_mm < 1.0


def test_the_scale_s_uncertainty_is_true() -> None:
    """Of 45 calibrations by 12 views, 90 to 99 % are within two standard uncertainties."""
    off = []
    for seed in range(45):
        camera = KnownCamera(seed)
        views = [camera.sheet_view(number) for number in range(12)]
        fit = fit_warp(views, HEIGHT_SHARE, USUAL_MM)
        assert fit.scale is not None and fit.scale_sd is not None
        uv, depth = np.vstack([view.uv for view in views]), np.concatenate([view.depth_mm for view in views])
        true = float(np.mean(camera.scale * (1.0 + camera.warp(uv) * depth / USUAL_MM)))
        off.append((fit.scale - true) / (true * fit.scale_sd))
    assert 0.90 <= np.mean(np.abs(off) <= 2.0) <= 0.99
    assert 0.8 < rms(np.array(off)) < 1.25


def test_a_wall_shows_the_warp_but_for_scale_and_tilt() -> None:
    camera = KnownCamera(3)
    views = [camera.wall_view(number) for number in range(12)]
    fit = fit_warp(views, HEIGHT_SHARE, USUAL_MM)
    assert fit.scale is None and fit.scale_sd is None
    uv = views[0].uv
    left = without_tilt(uv, at(fit.warp, uv) - camera.warp(uv)) * USUAL_MM
    assert rms(left) < 0.12 < 0.3 < rms(without_tilt(uv, camera.warp(uv))) * USUAL_MM


def test_a_wall_sharpens_what_the_sheet_shows() -> None:
    camera = KnownCamera(5)
    sheets = [camera.sheet_view(number) for number in range(12)]
    walls = [camera.wall_view(number) for number in range(12)]
    alone, both = (fit_warp(views, HEIGHT_SHARE, USUAL_MM) for views in (sheets, sheets + walls))
    assert alone.scale is not None and both.scale is not None
    assert rms(map_error_mm(camera, both, walls)) < 0.7 * rms(map_error_mm(camera, alone, walls))


def test_errors_of_disparity_grow_with_the_distance() -> None:
    """Shares that hold at 400 mm are half as large at 200; shares alone are the same at both."""
    shares = np.full((2, 2), 0.01)
    for depth_mm in (200.0, 400.0):
        image = np.full((4, 4), depth_mm, dtype=np.float32)
        assert unwarped(image, DepthWarp(shares, 400.0))[0, 0] == pytest.approx(depth_mm * (1.0 + depth_mm / 40000.0))
        assert unwarped(image, DepthWarp(shares))[0, 0] == pytest.approx(depth_mm * 1.01)


# ------------------------------------------------------------------------------------------ from pictures and depth


def corrected_error_mm(warp: DepthWarp, scale: float, config: SimulationConfig, usual_mm: float) -> FloatArray:
    """Return what is left of the error of a simulated camera at a distance, (H, W) mm."""
    camera = CAMERAS[config.camera]
    shape = (round(480 * config.image_scale), round(848 * config.image_scale))
    too_long = (1.0 + config.scale_error) * (1.0 + camera_warp(shape, camera, config) * usual_mm / camera.distance_mm)
    return np.asarray(unwarped((usual_mm * scale * too_long).astype(np.float32), warp) - usual_mm)


def test_a_camera_is_put_right_by_pictures_of_the_sheet() -> None:
    config = SimulationConfig(**OFF)
    found = calibrate_by_sheet(sheet_recording(), PRINTED)
    assert found.scale is not None and found.scale_sd is not None and found.warp is not None
    left = corrected_error_mm(found.warp, found.scale, config, 240.0)
    middle = left[40:-40, 60:-60]
    assert abs(middle.mean()) < 0.001 * 240.0
    assert rms(middle) < 0.3 < 2.0 < rms(corrected_error_mm(DepthWarp(np.zeros((2, 2))), 1.0, config, 240.0))
    assert 0.0003 <= found.scale_sd < 0.001
    assert found.range_mm is not None and found.range_mm[0] < 200.0 < 290.0 < found.range_mm[1]


def test_a_wall_is_found_by_its_depth() -> None:
    config = SimulationConfig(**WALL)
    found = calibrate_by_wall(wall_recording())
    assert found.scale is None and found.warp is not None
    true = -camera_warp((120, 212), CAMERAS["d435"], config) * 240.0 / 380.0
    v, u = np.mgrid[:120, :212]
    uv = np.column_stack([u.ravel(), v.ravel()])
    mine = unwarped(np.full((120, 212), 240.0, np.float32), DepthWarp(found.warp.shares)) / 240.0 - 1.0
    assert rms(without_tilt(uv, (mine - true).ravel())) < 0.5 * rms(without_tilt(uv, true.ravel()))


# ------------------------------------------------------------------------------------------------- the certificate


def bars() -> list[object]:
    return ["--across-mm", 99.4, "--along-mm", 100.3, "--bar-sd-mm", 0.03]


def test_the_command_writes_what_a_run_goes_by(recorded: Path, tmp_path: Path) -> None:
    done = command("board", recorded, *bars(), "--out", tmp_path)
    assert (done.exit_code, done.stdout.strip()) == (0, str(tmp_path / "camera-simulated-0.toml"))
    found = read_certificate(tmp_path / "camera-simulated-0.toml")
    certificate = found.certificate
    assert certificate.scale == pytest.approx(1.0 / 1.01, abs=0.0025)  # the warp has a mean of its own
    assert certificate.serial == "simulated-0" and certificate.warp is not None and certificate.date is not None
    assert len(found.files) == 2 and all(path.parent == tmp_path for path in found.files)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".new")]
    facts = open_scan(recorded, tmp_path / "camera-simulated-0.toml").facts
    assert scale_sd_of(facts) == certificate.scale_sd != scale_sd_of(open_scan(recorded).facts)


@pytest.fixture
def scan_of(recorded: Path, tmp_path: Path) -> Iterator[Any]:
    """Return a scan that states its camera and day, with the certificate beside it."""

    def stating(certificate: str, **facts: Any) -> Any:
        (tmp_path / "camera-7.toml").write_text(f"scale = 1.01\nscale_sd = 0.001\n{certificate}")
        one = Recording(read_recording(open_scan(recorded)).frames[:1])
        write_recording(tmp_path, one, facts_stating("scan", camera="camera-7.toml", **facts))
        return open_scan(tmp_path)

    yield stating


@pytest.mark.parametrize(
    ("certificate", "facts", "said"),
    [
        ('serial = "7"\ndate = 2026-01-01', {"serial": "7", "date": "2026-11-29"}, ""),
        ('serial = "7"\ndate = 2026-01-01', {}, ""),
        ('serial = "7"', {"serial": "8"}, "is of the camera 7, and the recording of 8"),
        (
            "date = 2025-01-01",
            {"date": "2026-11-29"},
            "is of 2025-01-01, 697 days from the recording (valid_days = 365)",
        ),
        ("date = 2026-11-01\nvalid_days = 20", {"date": "2026-11-29"}, "28 days from the recording (valid_days = 20)"),
    ],
)
def test_an_old_certificate_and_one_of_another_camera_are_told(
    scan_of: Any, certificate: str, facts: dict[str, Any], said: str
) -> None:
    remarks = scan_of(certificate, **facts).facts.remarks
    assert (said in " ".join(remarks)) if said else not remarks


def test_measures_cite_the_certificate(scan_of: Any) -> None:
    facts = scan_of('serial = "7"\ndate = 2026-01-01\nrange_mm = [200, 600]').facts
    cited = Measures((), camera=facts.camera, certificate=facts.certificate)
    files = artifact_files.encode(cited)
    told = json.loads(files["measures.json"])["camera"]
    assert told == {
        "certificate": "camera-7.toml", "serial": "7", "date": "2026-01-01", "scale": 1.01, "scale_sd": 0.001,
        "range_mm": [200.0, 600.0], "warp": False,
    }  # fmt: skip
    back = artifact_files.decode(Measures, files)
    assert (back.camera, back.certificate) == (cited.camera, cited.certificate)


def test_a_drifted_camera_is_refused(recorded: Path, tmp_path: Path) -> None:
    """By more than both certificates are sure of; what was there stays, but for --replace."""
    path = tmp_path / "camera-simulated-0.toml"
    earlier = "scale = 1.012\nscale_sd = 0.001\ndate = 2026-01-01\n"
    path.write_text(earlier)
    refused = command("board", recorded, *bars(), "--out", tmp_path)
    assert refused.exit_code == 1 and refused.stdout == ""
    assert (
        "drifted by -2." in refused.stderr and "--replace" in refused.stderr and refused.stderr.count("scanproc: ") == 1
    )
    assert path.read_text() == earlier
    replaced = command("board", recorded, *bars(), "--out", tmp_path, "--replace")
    assert replaced.exit_code == 0 and "has drifted by -2." in replaced.stderr
    assert path.read_text() != earlier


def test_a_certificate_of_a_wall_leaves_the_scale_open(tmp_path: Path) -> None:
    write_recording(tmp_path / "wall", wall_recording(), flat_facts(SimulationConfig(**WALL)))
    assert command("wall", tmp_path / "wall", "--out", tmp_path, "--serial", "9").exit_code == 0
    found = read_certificate(tmp_path / "camera-9.toml").certificate
    assert (found.scale, found.scale_sd) == (1.0, None) and found.warp is not None
    facts = open_scan(tmp_path / "wall", tmp_path / "camera-9.toml").facts
    assert scale_sd_of(facts) == 0.01
    (tmp_path / "camera-9.toml").write_text("scale = 1.01\nscale_sd = 0.001\n")
    refused = command("wall", tmp_path / "wall", "--out", tmp_path, "--serial", "9")
    assert refused.exit_code == 1 and "states the scale, which a wall does not show" in refused.stderr


def small(color: bool) -> DepthFrame:
    image = np.full((60, 80), 400, dtype=np.uint16)
    return DepthFrame(
        "0", image, 1.0, Intrinsics(80, 60, 60.0, 60.0, 39.5, 29.5), np.zeros((60, 80, 3), np.uint8) if color else None
    )


@pytest.mark.parametrize(
    ("color", "words", "said"),
    [
        (False, ["board"], "has no pictures; expected one of each view in color/"),
        (True, ["board"], "0 of 1 views show the sheet well enough (1 × less than a third of the board is to be seen)"),
        (True, ["wall"], "1 of 1 views show the wall well enough; expected 8 or more"),
    ],
)
def test_a_recording_of_something_else_is_refused(tmp_path: Path, color: bool, words: list[str], said: str) -> None:
    write_recording(tmp_path / "scan", Recording((small(color),)), facts_stating("scan"))
    refused = command(*words, tmp_path / "scan", "--out", tmp_path / "out", "--serial", "1")
    assert refused.exit_code == 1 and said in refused.stderr and refused.stderr.count("scanproc: ") == 1
    assert not (tmp_path / "out").exists()


def test_clouds_calibrate_no_camera(tmp_path: Path) -> None:
    cloud = CloudFrame("0", np.random.default_rng(0).uniform(-50.0, 50.0, (500, 3)) + np.array([0.0, 0.0, 400.0]))
    write_recording(tmp_path / "scan", Recording((cloud,)), facts_stating("scan", unit="mm"))
    refused = command("wall", tmp_path / "scan", "--out", tmp_path)
    assert refused.exit_code == 1 and "is of the form 'clouds'; expected depth images" in refused.stderr


@pytest.mark.parametrize(
    ("serial", "said"),
    [(None, "does not state the camera's serial number"), ("../x", "serial = '../x'; expected letters")],
)
def test_a_certificate_is_of_one_camera(tmp_path: Path, serial: str | None, said: str) -> None:
    write_recording(tmp_path / "scan", Recording((small(True),)), facts_stating("scan"))
    words = [] if serial is None else ["--serial", serial]
    refused = command("board", tmp_path / "scan", *bars(), "--out", tmp_path, *words)
    assert refused.exit_code == 1 and said in refused.stderr


def test_without_opencv_the_way_to_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    markers._board.cache_clear()
    refused = command("sheet", tmp_path / "sheet.pdf")
    assert refused.exit_code == 1 and "pip install 'scanproc[calibrate]'" in refused.stderr
    assert not (tmp_path / "sheet.pdf").exists()


# ------------------------------------------------------------------------------------------------ the printed foot


def test_the_foot_to_print_is_one_closed_body_that_stands(tmp_path: Path) -> None:
    assert command("foot-file", tmp_path / "foot.stl").exit_code == 0
    foot = trimesh.load_mesh(tmp_path / "foot.stl")
    assert foot.is_watertight and foot.body_count == 1
    low, high = foot.bounds
    assert low[2] == pytest.approx(0.0, abs=0.2) and 205.0 < high[0] - low[0] < 215.0  # beds of 220 mm hold it


def measured(value: float, repeat: float = 0.2) -> Measure:
    parts = SdParts(repeat, 0.1, 0.01 * value)
    return Measure(value, parts.combined, "measured", sd_parts=parts)


def test_a_printed_foot_tells_the_scale() -> None:
    """Two scans of one foot, 1 % too large, the width less sure: the length counts for more."""
    readings = [Reading("foot_length_mm", 250.0, measured(252.5 + off)) for off in (-0.2, 0.2)]
    readings += [Reading("foot_width_mm", 95.0, measured(96.5 + off, 0.5)) for off in (-0.2, 0.2)]
    found = calibrate_by_foot(readings)
    assert found.scale == pytest.approx(1.0 / 1.01, abs=0.0006) and found.warp is None
    assert found.scale_sd is not None and 0.0008 < found.scale_sd < 0.002  # the calliper's alone is 0.0008


def test_the_foot_s_uncertainty_is_true() -> None:
    """Calliper and scans err as they say: 90 to 99 % of 300 scales are within two standard uncertainties."""
    rng = np.random.default_rng(0)
    off = []
    for _ in range(300):
        readings = []
        for name, true in (("foot_length_mm", 250.0), ("foot_width_mm", 95.0), ("heel_width_mm", 65.0)):
            shared = rng.normal(0.0, 0.1)
            said = true + rng.normal(0.0, 0.2)
            values = [true * 1.01 + shared + rng.normal(0.0, 0.3) for _ in range(3)]
            readings += [Reading(name, said, measured(value, 0.3)) for value in values]
        found = calibrate_by_foot(readings)
        assert found.scale is not None and found.scale_sd is not None
        off.append((found.scale * 1.01 - 1.0) / found.scale_sd)
    assert 0.90 <= np.mean(np.abs(off) <= 2.0) <= 0.99


def test_a_dimension_that_was_not_measured_is_refused() -> None:
    lacking = Measure(None, None, "refused", "the heel was not seen")
    readings = [Reading("foot_length_mm", 250.0, measured(250.0)), Reading("heel_width_mm", 65.0, lacking)]
    with pytest.raises(ScanError, match="heel_width_mm was measured in no scan"):
        calibrate_by_foot(readings)


def test_scans_of_the_printed_foot_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = SimpleNamespace(
        measures={"left": {"foot_length_mm": measured(252.5)}},
        refusals=(),
        facts=facts_stating("foot", serial="7", date="2026-11-29"),
    )
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(calibrating, "run", lambda *words: asked.append(words) or ran)
    scans = [tmp_path / "a", tmp_path / "b"]
    for scan in scans:
        write_recording(scan, Recording((small(False),)), facts_stating("foot", serial="7"))
    done = command("foot", *scans, "--length-mm", 250.0, "--runs", tmp_path / "runs", "--out", tmp_path)
    assert done.exit_code == 0 and asked == [(scan, tmp_path / "runs", "measure") for scan in scans]
    found = read_certificate(tmp_path / "camera-7.toml").certificate
    assert found.scale == pytest.approx(1.0 / 1.01, abs=1e-4) and found.warp is None and found.date == "2026-11-29"
    assert command("foot", scans[0]).exit_code == 2
    write_recording(scans[1], Recording((small(False),)), facts_stating("foot", serial="8"))
    refused = command("foot", *scans, "--length-mm", 250.0, "--out", tmp_path)
    assert refused.exit_code == 1 and "the scans are of the cameras 7, 8" in refused.stderr
