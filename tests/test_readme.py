"""The README's examples are true: its commands exist, its scan.toml is accepted; its Python runs in test_end_to_end."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from scanproc.cli import main
from scanproc.scan import open_scan

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line.split("#")[0].split(">")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("scanproc ")]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_each_command_exists_with_its_options(words: list[str]) -> None:
    listed = CliRunner().invoke(main, [words[0], "--help"])
    assert listed.exit_code == 0, listed.output
    for option in [word for word in words if word.startswith("--")]:
        assert option in listed.output


def test_the_scan_toml_is_accepted(tmp_path: Path) -> None:
    scan = tmp_path / "mine"
    shutil.copytree(ROOT / "scans" / "demo-standing", scan, ignore=shutil.ignore_patterns("truth"))
    (scan / "scan.toml").write_text(blocks("toml")[0], encoding="utf-8")
    found = open_scan(scan).facts
    assert found.shoe_size_eu == 39
    assert all(name in blocks("toml")[0] for name in found.assumed), "a fact that the README does not know"


def test_the_scripts_that_it_names_are_there() -> None:
    for name in ("scripts/demo", "scripts/test"):
        assert name in TEXT[:800]
        assert (ROOT / name).stat().st_mode & 0o100
