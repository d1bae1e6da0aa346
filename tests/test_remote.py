"""Batches over an object store: a server of this machine's stands for S3; the results are those of a disk."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import trimesh
from click.testing import CliRunner, Result
from clusters import ThisProcess
from feet import AnalyticFoot

from scanproc.cli import main
from scanproc.cluster import object_store
from scanproc.errors import ScanError

s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed: no object store here")
server = pytest.importorskip("moto.server", reason="moto is not installed: no object store here")

FILES = {"run.json", "cohort.parquet"}  # hold when and how fast


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[s3fs.S3FileSystem]:
    """An empty bucket of a store on this machine."""
    here = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    here.start()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    host, port = here.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem(use_listings_cache=False)
    files.mkdir("clinic")
    yield files
    files.rm("clinic", recursive=True)
    here.stop()


@pytest.fixture
def feet(tmp_path: Path) -> Path:
    """Two feet to be measured, and a file that is none."""
    mesh = AnalyticFoot(step_mm=6.0).mesh()
    folder = tmp_path / "scans"
    folder.mkdir()
    for name, size in (("small", 0.95), ("large", 1.05)):
        trimesh.Trimesh(mesh.vertices * size, mesh.faces, process=False).export(folder / f"{name}.stl")
    (folder / "broken.stl").write_bytes(b"solid nothing\n")
    (folder / "scan.toml").write_text('subject = "P1"\n', encoding="utf-8")
    return folder


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[object]:
    monkeypatch.setattr("scanproc.commands.batch._cluster", lambda *_: ThisProcess())
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["batch", *words, "--to", "measure"])

    yield run


def hashes_of(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if Path(name).name not in FILES}


def below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_batch_in_an_object_store_gives_what_one_on_a_disk_gives(store, feet, batch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    for path in feet.iterdir():
        store.put_file(str(path), f"clinic/scans/{path.name}")
    here = batch(*sorted(str(path) for path in feet.glob("*.stl")), "--out", "out")
    there = batch("s3://clinic/scans/*.stl", "--out", "s3://clinic/out")
    assert here.exit_code == there.exit_code == 1
    assert there.output.replace("s3://clinic/scans", str(feet)).replace("s3://clinic/", "") == here.output
    kept = {path.removeprefix("clinic/out/"): store.cat_file(path) for path in store.find("clinic/out")}
    where = (b"s3://clinic/scans", str(feet).encode())
    assert hashes_of({name: data.replace(*where) for name, data in kept.items()}) == hashes_of(below(tmp_path / "out"))
    assert "small/run.json" in kept and "cohort.csv" in kept

    again = batch("s3://clinic/scans/large.stl", "--out", "s3://clinic/out", "--json")
    said = json.loads(again.stdout)
    (scan,) = said["scans"]
    assert again.exit_code == 0 and {stage["status"] for stage in scan["stages"].values()} == {"fresh"}
    assert scan["outputs"] == "s3://clinic/out/large"
    assert said["tables"] == ["s3://clinic/out/cohort.csv", "s3://clinic/out/cohort-dictionary.csv"]
    assert scan["feet"] == json.loads(kept["large/5-measure/measures.json"])["feet"]


def test_a_store_that_is_wrong_is_told_in_a_line(store, batch) -> None:  # type: ignore[no-untyped-def]
    nothing = batch("s3://clinic/scans/*", "--out", "s3://clinic/out")
    assert nothing.exit_code == 1 and "s3://clinic/scans/* matches nothing" in nothing.output
    nowhere = batch("s3://elsewhere/foot.stl")
    assert nowhere.exit_code == 1 and "s3://elsewhere/foot.stl does not exist" in nowhere.output
    store.pipe_file("clinic/foot/../../escape.toml", b"")
    store.pipe_file("clinic/foot/mesh.stl", b"solid x\n")
    escaping = batch("s3://clinic/foot", "--out", "out")
    assert escaping.exit_code == 1 and "has a name that no file of a disk can have" in escaping.output
    assert len(escaping.output.splitlines()) == 3
    store.pipe_file("clinic/more/../mesh.stl", b"solid x\n")
    above = batch("s3://clinic/more/*", "--out", "out")
    assert above.exit_code == 1 and "s3://clinic/more/.. has a name" in above.output


def test_records_go_away_before_what_they_vouch_for_and_come_back_last(store, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    url = "s3://clinic/out/a"
    for name in ("1/manifest.json", "1/data", "1/gone", "2/manifest.json", "2/data"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("old", encoding="utf-8")
    object_store.put(tmp_path, url, {}, ("manifest.json",))
    before = object_store.stamps(tmp_path)
    (tmp_path / "1/manifest.json").write_text("newer", encoding="utf-8")
    (tmp_path / "1/data").write_text("newer", encoding="utf-8")
    (tmp_path / "1/gone").unlink()
    done: list[str] = []

    class Recorder:
        def put_file(self, _path: str, url: str) -> None:
            done.append(f"put {url}")

        def rm_file(self, url: str) -> None:
            done.append(f"take {url}")

    monkeypatch.setattr(object_store, "_files", Recorder)
    object_store.put(tmp_path, url, before, ("manifest.json",))
    names = [text.replace(f"{url}/1/", "") for text in done]
    assert names == ["take manifest.json", "take gone", "put data", "put manifest.json"]


def test_a_store_that_does_not_answer_is_told_with_where_its_address_comes_from(store, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    with monkeypatch.context() as context:
        context.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        s3fs.S3FileSystem.clear_instance_cache()
        with pytest.raises(ScanError, match=r"s3://clinic/x cannot be reached .*AWS_ENDPOINT_URL"):
            object_store.find("s3://clinic/x")
    s3fs.S3FileSystem.clear_instance_cache()
