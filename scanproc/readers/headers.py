"""Whether a file is as long as its header says: parsers go on past the end of a file that was cut off."""

from __future__ import annotations

# Sizes of PLY's number types; in a text, every number is one word.
_BYTES = {
    **dict.fromkeys(("char", "uchar", "int8", "uint8"), 1),
    **dict.fromkeys(("short", "ushort", "int16", "uint16"), 2),
    **dict.fromkeys(("int", "uint", "float", "int32", "uint32", "float32"), 4),
    **dict.fromkeys(("double", "float64"), 8),
}
_FORMATS = [["format", kind, "1.0"] for kind in ("ascii", "binary_little_endian", "binary_big_endian")]
# LZF, the compression of PCD, makes at most 264 bytes of 3.
_LZF_RATIO = 88
# Less than RPly has room for: words of 255 bytes and lines of 1023.
_LONGEST_WORD, _LONGEST_LINE = 200, 1000


def is_complete_ply(data: bytes) -> bool:
    """Whether a PLY holds the points and faces that its header announces: open3d fills with zeros what is cut off.

    Faces are counted as triangles, the least that they are.
    """
    header, end, body = data.partition(b"end_header")
    lines = [line.split() for line in header.decode("ascii", errors="replace").splitlines() if line.strip()]
    if not end or len(lines) < 2 or lines[0] != ["ply"] or lines[1] not in _FORMATS:
        return False
    is_text = lines[1][1] == "ascii"
    rows, row_size, needed, element = 0, 0, 0, ""
    for line in [*lines[2:], ["element", "", "0"]]:
        if line[0] == "element" and len(line) == 3 and _is_count(line[2]):
            needed, rows, row_size, element = needed + rows * row_size, int(line[2]), 0, line[1]
        elif line[:2] == ["property", "list"]:
            if element == "face" and len(line) == 5 and {line[2], line[3]} <= _BYTES.keys():
                needed += rows * (4 if is_text else _BYTES[line[2]] + 3 * _BYTES[line[3]])
            break  # rows of unknown length: those before them are what counts
        elif line[0] == "property" and len(line) == 3 and line[1] in _BYTES:
            row_size += 1 if is_text else _BYTES[line[1]]
        elif line[0] not in ("comment", "obj_info"):
            return False
    return (len(body.split()) if is_text else len(body.partition(b"\n")[2])) >= needed


def fits_rply(data: bytes) -> bool:
    """Whether RPly, which open3d reads a PLY with, has room for its words and lines: it writes past what it has."""
    header, _, body = data.partition(b"end_header")
    is_text = b"\nformat ascii" in header
    lines = header.splitlines()
    words = [word for line in lines if not line.startswith((b"comment", b"obj_info")) for word in line.split()]
    words += body.split() if is_text else []
    return max(map(len, lines), default=0) <= _LONGEST_LINE and max(map(len, words), default=0) <= _LONGEST_WORD


def is_complete_pcd(data: bytes) -> bool:
    """Whether a PCD can hold the points that its header announces: open3d makes room for all of them at once."""
    head, found, rest = data.partition(b"\nDATA ")
    kind, _, body = rest.partition(b"\n")
    words = (line.split() for line in head.decode("ascii", errors="replace").splitlines())
    header = {line[0]: line[1:] for line in words if len(line) > 1}
    numbers = [text for key in ("SIZE", "COUNT", "POINTS", "WIDTH", "HEIGHT") for text in header.get(key, [])]
    if not found or not {"SIZE", "WIDTH", "HEIGHT"} <= header.keys() or not all(map(_is_count, numbers)):
        return False
    sizes = [int(size) for size in header["SIZE"]]
    counts = [int(count) for count in header.get("COUNT", ["1"] * len(sizes))]
    rows = max(int(header["WIDTH"][0]) * int(header["HEIGHT"][0]), int(header.get("POINTS", ["0"])[0]))
    if kind.strip() == b"ascii":
        return len(body.split()) >= rows * sum(counts)
    row_bytes = sum(size * count for size, count in zip(sizes, counts, strict=False))
    return len(body) * (_LZF_RATIO if kind.strip() == b"binary_compressed" else 1) >= rows * row_bytes


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12
