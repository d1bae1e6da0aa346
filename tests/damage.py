"""Ways to damage a file, each a small record: for hypothesis to draw, and for `scripts/fuzz` to shuffle."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

KINDS = ("flip", "set", "cut", "drop", "double", "insert", "integer", "number", "word", "nest", "swap")
_NUMBERS = (
    b"0", b"-1", b"nan", b"inf", b"-inf", b"1e308", b"-1e-308", b"99999999999", b"4294967295", b"2147483648",
    b"9" * 400, b"9" * 5000, b"0x10", b"1e", b"", b"1,5", b"true", b"null", b"[]", b'"a"', b"\xff",
)  # fmt: skip
_INTEGERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 1 << 40, (1 << 64) - 1)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9]*")
_NESTS = (b"[", b"{", b'{"a":', b"(", b"<g>", b"a.", b"\x00", b" ", b"\n", b"'", b'"', b"=", b"0\nINSERT\n")
_LARGEST = 4_000_000


@dataclass(frozen=True)
class Edit:
    """One damage: of a kind, at a share of the file, of so many bytes, by one of the values that such a kind knows."""

    kind: str
    at: float
    size: int
    value: int

    def apply(self, data: bytes) -> bytes:
        """Return the bytes damaged."""
        place = min(int(self.at * len(data)), max(len(data) - 1, 0))
        here, after = data[:place], data[place + self.size :]
        piece = data[place : place + self.size]
        if self.kind == "flip":
            return here + bytes(byte ^ (1 << self.value % 8) for byte in piece[:4]) + data[place + len(piece[:4]) :]
        if self.kind == "set":
            return here + bytes([self.value % 256]) * len(piece) + after
        if self.kind == "cut":
            return here
        if self.kind == "drop":
            return here + after
        if self.kind == "double":
            return here + piece * 2 + after
        if self.kind == "insert":
            return here + np.random.default_rng(self.value).bytes(self.size % 64) + data[place:]
        if self.kind == "integer":
            width = (1, 2, 4, 8)[self.size % 4]
            number = _INTEGERS[self.value % len(_INTEGERS)] & ((1 << 8 * width) - 1)
            return here + number.to_bytes(width, "little" if self.value % 2 else "big") + data[place + width :]
        if self.kind == "number":
            return _replaced(data, _NUMBER, self.at, _NUMBERS[self.value % len(_NUMBERS)])
        if self.kind == "word":
            words = _WORD.findall(data[:20_000]) or [b"a"]
            return _replaced(data, _WORD, self.at, words[self.value % len(words)])
        if self.kind == "nest":
            return here + _NESTS[self.value % len(_NESTS)] * min(self.size * 40, 20_000) + data[place:]
        assert self.kind == "swap"
        return here + data[place + self.size : place + 2 * self.size] + piece + data[place + 2 * self.size :]


def _replaced(data: bytes, pattern: re.Pattern[bytes], at: float, by: bytes) -> bytes:
    """Replace one match of a pattern, that of a share of all in the first 100 kB."""
    found = list(pattern.finditer(data[:100_000]))
    if not found:
        return data
    match = found[min(int(at * len(found)), len(found) - 1)]
    return data[: match.start()] + by + data[match.end() :]


def drawn(rng: np.random.Generator) -> list[Edit]:
    """Return one to four edits at random."""
    return [
        Edit(str(rng.choice(KINDS)), float(rng.random() ** 2), int(2 ** (9 * rng.random())), int(rng.integers(1 << 16)))
        for _ in range(rng.integers(1, 5))
    ]


def damaged(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return a file damaged: of an archive or a PNG, at odd `value`s, what is packed in it, sums made right again."""
    inside = sum(edit.value for edit in edits) % 2 == 1
    if inside and data[:4] == b"PK\x03\x04":
        return _rezipped(data, edits)
    if inside and data[:8] == b"\x89PNG\r\n\x1a\n":
        return _rechunked(data, edits)
    for edit in edits:
        data = edit.apply(data)
    return data[:_LARGEST]


def _rezipped(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Damage one entry of an archive, or at the first edit's even size its name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist()]
    chosen = int(edits[0].at * len(entries))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, (name, content) in enumerate(entries):
            if index != chosen:
                archive.writestr(name, content)
            elif edits[0].size % 8 == 0:
                archive.writestr(
                    ("../../escaped", "/etc/escaped", name * 9, "a\x01b", "")[edits[0].value % 5] or name, content
                )
            else:
                for edit in edits:
                    content = edit.apply(content)
                archive.writestr(name, content[:_LARGEST])
    return out.getvalue()


def _rechunked(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Damage what the chunks of a PNG hold, their lengths and sums made right again."""
    chunks, place = [], 8
    while place + 8 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        chunks.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    chosen = int(edits[0].at * len(chunks))
    out = data[:8]
    for index, (kind, content) in enumerate(chunks):
        for edit in edits if index == chosen else ():
            content = edit.apply(content)
        content = content[:_LARGEST]
        out += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return out
