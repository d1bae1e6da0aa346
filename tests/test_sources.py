"""What makes a stage stale: the code that it imports, anywhere, and nothing that only people read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import scanproc
from scanproc import versions
from scanproc.pipeline import STAGES
from scanproc.sources import Sources

ROOT = Path(scanproc.__file__).parent
NAMES = [stage.name for stage in STAGES]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package of four modules, one of which is imported in a function alone."""
    root = tmp_path / "pack"
    (root / "room").mkdir(parents=True)
    (root / "pages").mkdir()
    (root / "pages" / "page.html").write_text("<p>", encoding="utf-8")
    for name, text in {
        "__init__": "",
        "main": "from pack.room import one\n\ndef f():\n    return one.VALUE\n",
        "room/__init__": "",
        "room/one": '"""One."""\n\n\nclass A:\n    """Of A."""\n\n    x: int = 1\n\n\ndef late():\n    """Late."""\n'
        '    from pack.room.two import g\n    return [("a", k) for k in g()], lambda: "b"\n\n\nVALUE = 3\n',
        "room/two": 'import yaml\n\n\ndef g():\n    return {1, 2} if yaml else "x" in {"p", "q", "r"}\n',
        "other": "VALUE = 4\n",
    }.items():
        (root / f"{name}.py").write_text(text, encoding="utf-8")
    return root


def hashes(root: Path, module: str = "pack.main") -> dict[str, str]:
    return Sources(root, {"pack.main": ("pages",)}).sha256_by_room(module)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    written = path.stat().st_mtime
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, (written + 2.0, written + 2.0))  # Python tells byte code of another source by whole seconds and size


def test_only_what_is_reached_counts_and_is_told_by_room(package: Path) -> None:
    before = hashes(package)
    assert set(before) == {"main", "room"}
    change(package / "other.py", "4", "5")
    assert hashes(package) == before
    change(package / "room" / "two.py", "{1, 2}", "{1, 3}")
    after = hashes(package)
    assert (after["main"], after["room"] == before["room"]) == (before["main"], False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""One."""', '"""Another text.\n\nLonger, and in more lines.\n"""\n# and a comment'),
        ('    """Of A."""', '    """Of A, said otherwise."""'),
        ('    """Late."""', '    """Late; said otherwise."""  # a comment\n'),
        ("VALUE = 3", "\n\n# why\nVALUE = (\n    3\n)"),
    ],
)
def test_what_people_alone_read_does_not_count(package: Path, old: str, new: str) -> None:
    before = hashes(package)
    change(package / "room" / "one.py", old, new)
    assert hashes(package) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("VALUE = 3", "VALUE = 3.0"),
        ("x: int = 1", "x: int = 2"),
        ('"a"', '"c"'),  # the first constant of a comprehension is no docstring
        ('"b"', '"c"'),  # nor that of a lambda
        ("def late():", "def late(n=2):"),
        ("g()]", "g() if k]"),
    ],
)
def test_what_is_computed_counts(package: Path, old: str, new: str) -> None:
    before = hashes(package)
    change(package / "room" / "one.py", old, new)
    assert hashes(package)["room"] != before["room"]


def test_a_file_that_a_module_reads_counts_with_it(package: Path) -> None:
    before = hashes(package)
    (package / "pages" / "page.html").write_text("<div>", encoding="utf-8")
    assert hashes(package)["main"] != before["main"]
    assert hashes(package)["room"] == before["room"]


def test_libraries_are_found_where_they_are_imported(package: Path) -> None:
    sources = Sources(package, {})
    assert "yaml" in sources.names("pack.main")
    assert "yaml" not in sources.names("pack.other")


def test_the_hash_is_the_same_in_every_process_and_place(package: Path, tmp_path: Path) -> None:
    shutil.copytree(package, tmp_path / "elsewhere" / "pack")
    found = set()
    for seed, root in ("1", package), ("2", tmp_path / "elsewhere" / "pack"):
        code = f"from pathlib import Path; from scanproc.sources import Sources; root = Path({str(root)!r})"
        done = subprocess.run(
            [sys.executable, "-c", f"{code}; print(Sources(root, {{}}).sha256_by_room('pack.main'))"],
            capture_output=True,
            encoding="utf-8",
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        found.add(done.stdout)
    assert len(found) == 1 and found != {"{}\n"}


def test_what_was_noted_is_taken_only_of_the_same_text(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Sources(package, {})
    before = first.sha256_by_room("pack.main")
    first.keep_notes()
    (notes,) = (package / "__pycache__").glob("sources-*.json")
    again = Sources(package, {})
    monkeypatch.setattr(again, "_compiled", None)  # nothing is compiled again
    assert again.sha256_by_room("pack.main") == before
    text = notes.read_text(encoding="utf-8")
    change(package / "room" / "two.py", "{1, 2}", "{1, 3}")
    assert Sources(package, {}).sha256_by_room("pack.main") != before
    change(package / "room" / "two.py", "{1, 3}", "{1, 2}")
    one = Sources(package, {})._source("pack.room.one").sha256
    for broken in ("", "[]", "{}", text[:-9], text.replace(one, "0" * 64).replace('"rules": "', '"rules": "0')):
        notes.write_text(broken, encoding="utf-8")
        assert Sources(package, {}).sha256_by_room("pack.main") == before
    notes.write_text(text.replace(one, "0" * 64), encoding="utf-8")
    assert Sources(package, {}).sha256_by_room("pack.main") != before, "else the notes are never read"


# ------------------------------------------------------------------------------------------------ of this program


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    root = tmp_path_factory.mktemp("copy") / "scanproc"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns("__pycache__"))
    return Sources(root, versions._SOURCES._data)


Stale = Callable[[str, str, str], set[str]]


@pytest.fixture
def stale(copy: Sources, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stale]:
    """Return a function that changes a source, and tells which stages then have another recipe of their own."""

    def recipes(sources: Sources) -> dict[str, str]:
        monkeypatch.setattr(versions, "_SOURCES", sources)
        versions.stage_made_by.cache_clear()
        return {name: json.dumps(versions.stage_made_by(name)) for name in NAMES}

    def stages_of(file: str, old: str, new: str) -> set[str]:
        path, before = copy._root / file, recipes(copy)
        text = path.read_text(encoding="utf-8")
        later = Sources(copy._root, copy._data)
        later._read = {module: source for module, source in copy._read.items() if copy._files[module] != path}
        try:
            change(path, old, new)
            after = recipes(later)
        finally:
            path.write_text(text, encoding="utf-8")
        return {name for name in NAMES if before[name] != after[name]}

    yield stages_of
    versions.stage_made_by.cache_clear()


def test_a_change_makes_those_stages_stale_that_import_it(stale: Stale) -> None:
    assert stale("stages/report.py", "config.max_page_mb)", "config.max_page_mb + 1.0)") == {"report"}
    assert stale("templates/style.css", "{", "{ ") == {"report"}
    assert stale("views/pen.py", "\nimport ", "\nimport sys\nimport ") == {"report"}
    assert stale("stages/clean.py", "_CROPPED_SHARE", "_CROPPED") == {"clean"}
    assert stale("segmentation/floors.py", "_MAX_TRIES = 6", "_MAX_TRIES = 7") == {"clean"}
    assert stale("formats/artifact_files.py", "def encode(", "def _other():\n    pass\n\n\ndef encode(") == set(NAMES)
    assert stale("compiled.py", "_HASH_DIGITS = 16", "_HASH_DIGITS = 15") == set(NAMES)


def test_a_comment_or_what_no_stage_imports_makes_none_stale(stale: Stale) -> None:
    assert stale("frames.py", "def inverse", "# a comment\n\ndef inverse") == set()
    assert stale("cli.py", "_NAMES = ", "_ALL = ") == set()
    assert stale("simulation/render.py", "\nimport ", "\nimport sys\nimport ") == set()


def test_a_new_library_makes_those_stages_stale_that_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def stages_stale_by(library: str) -> set[str]:
        versions.stage_made_by.cache_clear()
        before = {name: versions.stage_made_by(name) for name in NAMES}
        versions.stage_made_by.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(versions, "_version", lambda name: "99" if name == library else real(name))
            after = {name: versions.stage_made_by(name) for name in NAMES}
        versions.stage_made_by.cache_clear()
        return {name for name in NAMES if before[name] != after[name]}

    real = versions._version
    assert stages_stale_by("numpy") == set(NAMES)
    assert stages_stale_by("jinja2") == {"report"}
    assert stages_stale_by("lib3mf") == {"export"}
    assert stages_stale_by("pillow") == {"insole", "export", "report"}  # letters under the arch, pictures
    assert stages_stale_by("click") == set()


def test_reading_counts_by_the_form_of_the_recording() -> None:
    depth, mesh = (versions.reader_made_by(f"scanproc.readers.{form}") for form in ("depth", "meshes"))
    assert "trimesh" in mesh["versions"] and "trimesh" not in depth["versions"]
    assert "pillow" not in depth["versions"], "it decodes without loss: 200 scans would be computed again"


def test_nothing_is_loaded_that_does_not_count() -> None:
    """What runs is what was followed in the sources."""
    code = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    import_module(f"scanproc.stages.{name}")
    print(*(module for module in sys.modules if module.startswith("scanproc.")))
"""
    words = [sys.executable, "-c", code, *NAMES]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
    packages = {f"scanproc.{path.parent.name}" for path in ROOT.glob("*/__init__.py")}
    counts: set[str] = set()
    for name, line in zip(NAMES, done.stdout.splitlines(), strict=True):
        counts |= versions._SOURCES._reached([f"scanproc.stages.{name}"])
        assert set(line.split()) - packages <= counts, name
