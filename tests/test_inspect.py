"""`scanproc inspect` and `scanproc convert`: what they say of recordings of known content, and what they write."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from scanproc.artifacts import DepthFrame, Intrinsics, Recording, ScanFacts
from scanproc.cli import main
from scanproc.depth.view_image import PixelLimits
from scanproc.inspection.view_statistics import statistics_of
from scanproc.readers import streams
from scanproc.readers.facts import facts_stating
from scanproc.scan import open_scan, read_recording, write_recording

CAMERA = Intrinsics(160, 120, 150.0, 150.0, 79.5, 59.5)
LIMITS = PixelLimits(70.0, 900.0, 6.0, 3.0)
DATA = Path(__file__).parent / "data"


def box_on_floor(view: int = 0, with_color: bool = True, blur: int = 1) -> DepthFrame:
    """A box of 60 × 40 pixels, 350 mm away, before a floor at 500 mm; steps of 0.1 mm."""
    depth = np.full((120, 160), 5000, np.uint16)
    depth[40:80, 50:110] = 3500 + 10 * view
    depth[:12] = 0  # a tenth of the image was not measured
    grain = np.random.default_rng(view).integers(0, 256, (120 // blur, 160 // blur, 3)).astype(np.uint8)
    grain = grain if blur == 1 else np.kron(grain, np.ones((blur, blur, 1), np.uint8))
    color = (grain // blur) if with_color else None  # coarser grain, of less contrast
    return DepthFrame(f"{view:06d}", depth, 0.1, CAMERA, color)


def written(folder: Path, frames: list[DepthFrame], **stated: object) -> Path:
    write_recording(folder, Recording(tuple(frames)), facts_stating("patient", depth_unit_mm=0.1, **stated))
    return folder


def called(*words: object) -> Result:
    return CliRunner().invoke(main, ["--quiet", *map(str, words)])


def found(path: Path) -> dict[str, object]:
    table = json.loads(called("inspect", path, "--json").stdout)
    assert isinstance(table, dict)
    return table


# ----------------------------------------------------------------------------------------------------- statistics


def test_a_view_of_known_content() -> None:
    seen = statistics_of(box_on_floor(), LIMITS, None)
    assert (seen.num_readings, seen.share) == (108 * 160, 0.9)
    assert seen.range_mm == pytest.approx((350.0, 500.0, 500.0))
    assert (seen.in_range, seen.holes, seen.flying, seen.step_mm) == (1.0, 0.0, 0.0, None)
    assert statistics_of(box_on_floor(7), LIMITS, box_on_floor(3)).step_mm == 0.0  # most of it is floor
    near = replace(box_on_floor(), depth=np.full((120, 160), 3500, np.uint16))
    later = replace(near, depth=np.full((120, 160), 3620, np.uint16))
    assert statistics_of(later, LIMITS, near).step_mm == pytest.approx(12.0)
    far = replace(
        near, depth=np.where(np.arange(160) < 40, 9500, 3500).astype(np.uint16) * np.ones((120, 1), np.uint16)
    )
    assert statistics_of(far, LIMITS, None).in_range == pytest.approx(0.75)


def test_holes_are_gaps_that_a_surface_goes_round() -> None:
    depth = box_on_floor().depth.copy()
    depth[60:66, 70:76] = 0  # a hole of 36 pixels
    depth[90:, 20:60] = 0  # a bay that is open below
    seen = statistics_of(replace(box_on_floor(), depth=depth), LIMITS, None)
    assert seen.holes == pytest.approx(36 / (120 * 160))


def test_pixels_between_near_and_far_fly() -> None:
    depth = box_on_floor().depth.copy()
    depth[41:79, 50] = 4200
    seen = statistics_of(replace(box_on_floor(), depth=depth), LIMITS, None)
    assert seen.flying == pytest.approx(40 / (108 * 160))  # the ends hold the two beyond them from one side only


# -------------------------------------------------------------------------------------------------------- inspect


def test_what_a_recording_holds_is_told_in_80_columns(tmp_path: Path) -> None:
    frames = [box_on_floor(view, blur=4 if view == 5 else 1) for view in range(12)]
    depth = frames[7].depth.copy()
    depth[:, 70:] = 0
    frames[7] = replace(frames[7], depth=depth)
    path = written(tmp_path / "patient", frames, side="left", sensor="RealSense D405", subject="a-very-long " * 12)
    done = called("inspect", path)
    assert (done.exit_code, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    text = " ".join(done.stdout.split())
    for words in (
        "12 of 160 × 120 pixels, 12 with colour",
        "nearest tenth 356 mm, median 500 mm, farthest tenth 500 mm; 100% where",
        "90% of the pixels, 0.0% in holes of surfaces; few in 000007",
        "less sharp than most: 000005",
        "12 of 12 views looked at, 500 mm from the camera",
        "0.1 mm a step of the depth, stated",
        "side = left",
        "nothing that shows before a run",
    ):
        assert words in text, words
    table = found(path)
    assert (table["status"], table["blurred"], table["thin"]) == ("done", ["000005"], ["000007"])
    assert not (tmp_path / "outputs").exists()


def test_the_unit_that_is_assumed_is_told_with_the_others_that_would_do(tmp_path: Path) -> None:
    path = written(tmp_path / "patient", [box_on_floor(view) for view in range(4)])
    (path / "scan.toml").unlink()
    done = called("inspect", path)
    assert done.exit_code == 1 and "scan.toml: depth_unit_mm = 0.1" in done.stderr  # 3.5 m: plainly wrong
    for file in (path / "depth").iterdir():
        from PIL import Image

        Image.fromarray(np.asarray(Image.open(file)) // 10).save(file)
    unit = str(found(path)["unit"])
    assert unit.startswith("1 mm a step of the depth, assumed, since the nearest tenth then lies at 352 mm")
    assert "0.2 mm would put it at 70 mm" in unit and "0.1 mm" not in unit


def test_what_would_be_refused_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = written(tmp_path / "few", [box_on_floor(view) for view in range(3)])
    assert called("inspect", few).exit_code == 1
    assert "only 3 views hold 1000 readings" in str(found(few)["refusals"])
    blank = replace(box_on_floor(), depth=np.zeros((120, 160), np.uint16))
    some = written(tmp_path / "some", [blank, *(box_on_floor(view) for view in range(1, 4))])
    table = found(some)
    assert table["status"] == "refused" and "1 views are blank" in str(table["warnings"])
    broken = written(tmp_path / "broken", [box_on_floor(view) for view in range(5)])
    (broken / "depth" / "000003.png").write_bytes(b"hello")
    assert "000003.png is broken" in called("inspect", broken).stderr
    monkeypatch.setattr(streams, "_HELD_BYTES", 1000)
    monkeypatch.setattr(streams, "_CHECKED", 2)
    table = found(broken)  # of a long recording, the others are still told of
    assert len(table["views"]) == 4  # type: ignore[arg-type]
    assert "000003.png is broken" in str(table["refusals"])


def test_inspect_of_nothing_is_a_refusal(tmp_path: Path) -> None:
    done = called("inspect", tmp_path / "nowhere")
    assert done.exit_code == 1 and "does not exist" in done.stderr and done.stderr.count("\n") == 1
    assert json.loads(called("inspect", tmp_path / "nowhere", "--json").stdout)["status"] == "refused"


# -------------------------------------------------------------------------------------------------------- convert


def frames_of(path: Path) -> list[DepthFrame]:
    frames = list(read_recording(open_scan(path)).frames)
    assert all(isinstance(frame, DepthFrame) for frame in frames)
    return [frame for frame in frames if isinstance(frame, DepthFrame)]


def test_a_stream_becomes_a_folder_with_the_same_pixels(tmp_path: Path) -> None:
    source, folder = DATA / "librealsense-2.56.bag", tmp_path / "patient"
    done = called("convert", source, folder)
    assert (done.exit_code, done.stdout) == (0, f"{folder}\n")
    before, after = frames_of(source), frames_of(folder)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.depth, other.depth)
        np.testing.assert_array_equal(one.color, other.color)
        assert (one.name, one.intrinsics, one.depth_unit_mm) == (other.name, other.intrinsics, other.depth_unit_mm)
    facts = open_scan(folder).facts
    assert (facts.depth_unit_mm, facts.sensor, facts.serial) == (0.1, "Intel RealSense D435", "0123")
    assert "depth_unit_mm" not in facts.assumed and "sensor" not in facts.assumed and "side" in facts.assumed
    assert sorted(file.name for file in tmp_path.iterdir()) == ["patient"]


def test_intrinsics_that_move_and_a_certificate_go_along(tmp_path: Path) -> None:
    frames = [replace(box_on_floor(k, with_color=False), intrinsics=replace(CAMERA, cx=79.0 + k)) for k in range(3)]
    path = written(tmp_path / "patient", frames, side="right")
    (path / "camera-7.toml").write_text('scale = 1.02\nscale_sd = 0.001\nwarp = "camera-7.npy"\n')
    np.save(path / "camera-7.npy", np.full((3, 4), 0.01))
    (path / "scan.toml").write_text('side = "right"\ndepth_unit_mm = 0.1\ncamera = "camera-7.toml"\n')
    assert called("convert", path, tmp_path / "other").exit_code == 0
    before, after = frames_of(path), frames_of(tmp_path / "other")
    assert [frame.intrinsics.cx for frame in after] == [79.0, 80.0, 81.0]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.depth, other.depth)
        assert one.warp is not None and other.warp is not None
        np.testing.assert_array_equal(one.warp.shares, other.warp.shares)
        assert one.depth_unit_mm == other.depth_unit_mm == pytest.approx(0.102)
    assert not (tmp_path / "other" / "color").exists()


def test_what_cannot_be_converted_leaves_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "patient", [box_on_floor(view) for view in range(4)])
    there = tmp_path / "there"
    there.mkdir()
    (there / "notes.md").write_text("mine")
    done = called("convert", path, there)
    assert done.exit_code == 1 and "is there already" in done.stderr
    (path / "depth" / "000003.png").write_bytes(b"hello")
    done = called("convert", path, tmp_path / "new")
    assert done.exit_code == 1 and "000003.png is broken" in done.stderr and done.stderr.count("\n") == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["patient", "there"]
    assert [file.name for file in there.iterdir()] == ["notes.md"]


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "patient", [box_on_floor(view) for view in range(6)])
    monkeypatch.setattr(streams, "_HELD_BYTES", 1000)
    monkeypatch.setattr(streams, "_CHECKED", 2)
    (path / "depth" / "000003.png").write_bytes(b"hello")
    assert called("convert", path, tmp_path / "new").exit_code == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["patient"]


def test_facts_that_nobody_stated_stay_open(tmp_path: Path) -> None:
    path = written(tmp_path / "patient", [box_on_floor(view) for view in range(4)], side="left", age_years=41.0)
    assert called("convert", path, tmp_path / "new").exit_code == 0
    one, other = open_scan(path).facts, open_scan(tmp_path / "new").facts
    assert replace(one, name="", remarks=()) == replace(other, name="", remarks=())
    assert isinstance(one, ScanFacts)


# ---------------------------------------------------------------------------------------------------- harmful files


def a_zip_that_leads_out(folder: Path) -> Path:
    path = folder / "foot.r3d"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../../evil.txt", "rgbd/0.depth", "metadata"):
            archive.writestr(name, b"evil")
    return path


def a_list_that_leads_out(folder: Path) -> Path:
    (folder / "depth.txt").write_text("1.0 ../secret.png\n")
    return folder


def a_bag_without_end(folder: Path) -> Path:
    path = folder / "foot.bag"
    path.write_bytes((DATA / "librealsense-2.56-depth.bag").read_bytes()[:9000])
    return path


def a_database_of_nothing(folder: Path) -> Path:
    path = folder / "foot.db3"
    path.write_bytes(b"SQLite format 3\0" + bytes(5000))
    return path


@pytest.mark.parametrize(
    "make", [a_zip_that_leads_out, a_list_that_leads_out, a_bag_without_end, a_database_of_nothing]
)
@pytest.mark.parametrize("command", ["run", "inspect", "convert"])
def test_harmful_files_are_refused_in_one_line_and_nothing_is_written(
    tmp_path: Path, make: Callable[[Path], Path], command: str
) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (tmp_path / "a" / "secret.png").write_bytes(b"secret")
    path = make(folder)
    before = sorted(tmp_path.rglob("*"))
    out = {"run": ["--out", tmp_path / "out"], "convert": [tmp_path / "new"]}.get(command, [])
    done = called(command, path, *out)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert done.stderr.startswith("scanproc: ") and "Traceback" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
