"""What people write into scan.toml that is no TOML: they are told what to write, in its own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanproc.errors import ScanError
from scanproc.toml_files import read_toml, what_to_write


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("side = left", 'side = "left"'),
        ("side = left  # the bad one", 'side = "left"'),
        ("subject = Anna B.", 'subject = "Anna B."'),
        ("sensor = RealSense D435", 'sensor = "RealSense D435"'),
        ("date = 22.11.2026", "date = 2026-11-22"),
        ("date = 3/4/2026", "date = 2026-04-03"),
        ("date = 2026-4-3", "date = 2026-04-03"),
        ("date = 2026.04.03", "date = 2026-04-03"),
        ("mass_kg = 72,5", "mass_kg = 72.5"),
        ("mass_kg = 72 kg", "mass_kg = 72, without unit"),
        ("load_kg = 36,5kg", "load_kg = 36.5, without unit"),
        ("side = “left”", 'side = "left"'),
        ("side = „left“", 'side = "left"'),
        ("side: left", 'side = "left"'),
        ("mass_kg: 72", "mass_kg = 72"),
        ("fix = True", "fix = true"),
        ("fix = yes", "fix = true"),
        ("sex =", 'sex = "…", or leave the line out'),
        (
            'outline_file = "C:\\shoes\\a.dxf"',
            "outline_file = it with / in place of \\, or in single quotes: 'C:\\shoes\\a.dxf'",
        ),
    ],
)
def test_a_line_that_is_no_toml_gets_the_right_one(tmp_path: Path, line: str, right: str) -> None:
    path = tmp_path / "scan.toml"
    path.write_text(f'# of Monday: left\nloading = "standing"\ndate_unknown = 2026-11-22\n{line}\n', encoding="utf-8")
    with pytest.raises(ScanError) as refusal:
        read_toml(path)
    shown = line.partition("  #")[0].strip() if "#" not in line else line
    assert str(refusal.value) == f"{path} is not TOML: line 4 is `{shown}`; write {right}."


def test_right_lines_are_left_alone() -> None:
    text = "[a]\nx = 1.5\ny = \"left\"  # right\nz = [1, 2]\nd = 2026-11-22\nb = true\nt = 07:32:00\ns = 'C:\\a'\n"
    assert what_to_write(text) is None


def test_what_is_wrong_in_another_way_keeps_the_words_of_the_parser(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[clean", encoding="utf-8")
    with pytest.raises(ScanError, match=r"a.toml is not TOML: Expected .*table"):
        read_toml(tmp_path / "a.toml")


def test_a_mark_that_windows_puts_before_the_text_is_read_over(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b'\xef\xbb\xbfside = "left"\r\n')
    assert read_toml(tmp_path / "a.toml") == {"side": "left"}


def test_a_line_of_thousands_of_blanks_is_read_once(tmp_path: Path) -> None:
    """Where a pattern could part them in many ways, it took half a minute."""
    path = tmp_path / "scan.toml"
    path.write_text("side = left" + " " * 90_000 + "\n = \n", encoding="utf-8")
    with pytest.raises(ScanError, match='write side = "left"'):
        read_toml(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_name_is_read_in_the_encodings_that_editors_mark(tmp_path: Path, encoding: str) -> None:
    """PowerShell writes UTF-16 where a text is sent into a file."""
    (tmp_path / "scan.toml").write_text('side = "left"\nsubject = "Müller"\n', encoding=encoding)
    assert read_toml(tmp_path / "scan.toml") == {"side": "left", "subject": "Müller"}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_another_encoding_is_told_with_its_line(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "scan.toml"
    path.write_bytes(newline.join(['side = "left"', 'subject = "Müller\x1b"', ""]).encode("latin-1"))
    with pytest.raises(ScanError) as refusal:
        read_toml(path)
    words = f'{path} is not TOML: line 2 is not in UTF-8, `subject = "Müller"`. Save the file as UTF-8'
    assert str(refusal.value).startswith(words)
