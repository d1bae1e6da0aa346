"""Files that are not what their name says, that end too soon, or of a form that nobody reads here: what to do then."""

from __future__ import annotations

import re
import struct
from collections import Counter
from pathlib import Path

from scanproc.errors import ScanError
from scanproc.readers.headers import is_complete_ply

_MOST_BYTES = 500_000_000  # of a view, or of a mesh: ten million triangles of a binary STL
_LONGEST_SENSOR = 100  # letters
_HEAD_BYTES = 65536  # of a file, in which all of this shows
_STL_HEAD, _STL_TRIANGLE = 84, 50  # bytes
_STARTS = (
    (b"version https://git-lfs", "a pointer of Git LFS. Fetch the file itself: git lfs pull"),
    (b"%PDF", "a PDF document. Export the scan itself"),
    (b"\x1f\x8b", "compressed by gzip. Unpack it"),
    (b"Rar!", "a RAR archive. Unpack it"),
    (b"7z\xbc\xaf", "a 7z archive. Unpack it"),
)
_PAGE = re.compile(rb"\s*(<!doctype html|<html|<\?xml[^>]*>\s*<!doctype html|<head|<body)", re.IGNORECASE)
# Two numbers one after the other, as no format separates them: 12,5 -3,25
_COMMA = re.compile(rb"(?m)^[^#\n]*?(-?\d+,\d+(?:[eE][-+]?\d+)?[ \t;]+-?\d+,\d+)[^\n]*$")
# Three numbers with decimal commas, separated by commas: no integer begins with 0, such as in 0,028,-1,110,0,320
_ONLY_COMMAS = re.compile(rb"(?m)^\s*(-?\d+,\d+,-?\d+,\d+,-?\d+,\d+)\s*$")
_LEADING_ZERO = re.compile(rb"-?\d+,(?:\d+,-?\d+,){0,2}0\d")
_EXPORT_DEPTH = "write the depth images (16-bit PNG) into depth/ and the camera into camera_intrinsic.json"
_EXPORT_MESH = "export a mesh from it: .stl, .ply, .obj or .glb"

#: Forms that people have, by ending: what it is, and what to do.
_OTHER_FORMS = {
    ".usdz": ("a model of Apple's Object Capture", f"Convert it in Reality Converter or Blender: {_EXPORT_MESH}"),
    ".svo": ("a recording of a ZED camera", f"With ZED's depth export {_EXPORT_DEPTH}"),
    ".mkv": (
        "a film, perhaps an Azure Kinect's or a Femto's",
        "Export depth/, color/ and intrinsic.json with Open3D: python azure_kinect_mkv_reader.py --input FILE.mkv "
        "--output FOLDER; then give FOLDER",
    ),
    ".oni": ("a recording of OpenNI", f"With NiViewer or Open3D {_EXPORT_DEPTH}"),
    ".zip": ("an archive", "Unpack it, and give the folder"),
} | {
    **dict.fromkeys((".rar", ".7z", ".gz", ".tgz", ".tar"), ("an archive", "Unpack it, and give the folder")),
    **dict.fromkeys((".usd", ".usda", ".usdc"), ("a USD scene", f"In Blender {_EXPORT_MESH}")),
    **dict.fromkeys(
        (".fbx", ".dae", ".3ds", ".blend", ".x3d", ".gltf", ".ctm", ".vtk"),
        ("a model of a kind that is not read", f"In Blender or MeshLab {_EXPORT_MESH}"),
    ),
    **dict.fromkeys((".step", ".stp", ".iges", ".igs"), ("a CAD model, no scan", f"In the CAD program {_EXPORT_MESH}")),
    **dict.fromkeys(
        (".xyz", ".asc", ".pts", ".las", ".laz", ".e57"),
        (
            "a cloud of points without faces",
            f"Of a whole foot {_EXPORT_MESH}; single views go into a folder clouds/",
        ),
    ),
    **dict.fromkeys((".mp4", ".mov", ".avi"), ("a film without depth", "Record depth images")),
    **dict.fromkeys((".tif", ".tiff", ".npy", ".npz", ".exr", ".pgm", ".raw"), ("an image", "")),
    **dict.fromkeys((".png", ".jpg", ".jpeg"), ("one image", f"Of several views {_EXPORT_DEPTH}")),
}
_TO_PNG = (
    "Convert each image, d in mm (of metres times 1000): "
    'PIL.Image.fromarray(d.round().astype("uint16")).save("0000.png"), with 0 where nothing was measured'
)
_DEPTH_ENDINGS = (".tif", ".tiff", ".npy", ".npz", ".exr", ".pgm", ".raw")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def holds_control(text: str) -> bool:
    """Whether a text holds a control character, or another that neither UTF-8 nor XML takes."""
    return _CONTROL.search(text) is not None


def printable(text: str | None) -> str | None:
    """Return what of a text that a recording holds may go into pages and files; None if nothing is left."""
    return _CONTROL.sub("", text or "").strip()[:_LONGEST_SENSOR] or None


def refuse_wrong_name(path: Path, name: str) -> None:
    """Refuse a scan by a name that no folder of outputs can have: it would lead out of there, or name none."""
    if name.strip(".") == "" or holds_control(name):
        raise ScanError(
            f"found a scan called {name!a}, expected a name for its folder of outputs: in UTF-8, "
            f"not of dots alone, without control characters. Rename {str(path)!a}."
        )


def advice_on_form(path: Path) -> tuple[str, str] | None:
    """Return what a file is of which only the ending is known, and what to do; None of one that nobody knows."""
    what, advice = _OTHER_FORMS.get(path.suffix.lower(), ("", ""))
    if not what:
        return None
    if path.suffix.lower() in _DEPTH_ENDINGS:
        advice = f"A recording is a folder: {_EXPORT_DEPTH}. {_TO_PNG}"
    return what, advice


def advice_on_images(folder: Path) -> str:
    """Return what a folder without a PNG holds instead, and what to do, as the end of a message."""
    endings = Counter(file.suffix.lower() for file in folder.iterdir() if file.is_file() and file.suffix)
    if not endings:
        return "it is empty; expected 16-bit depth images. Export them there."
    found = " and ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
    if any(ending in _DEPTH_ENDINGS for ending in endings):
        return f"it holds {found}; expected 16-bit depth images, .png. {_TO_PNG}."
    return f"it holds {found}; expected 16-bit depth images, .png. Export the raw depth there."


def refuse_wrong_file(path: Path) -> None:
    """Refuse a file whose content is not what its name says, or that nobody can read.

    Raises
    ------
    ScanError
        If it is longer than any scan of a foot, empty, a web page, an archive, or has decimal commas.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise ScanError(
            f"{path} holds {path.stat().st_size:,} bytes; expected {_MOST_BYTES:,} or fewer of a view or a foot. Make "
            "it lighter first, such as by MeshLab: Quadric Edge Collapse Decimation."
        )
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise ScanError(f"{path} is broken or cut off: it has 0 bytes; expected a scan. Copy it again.")
    if _PAGE.match(head):
        raise ScanError(
            f"{path} is a web page, not a scan: the download gave a page, perhaps a log-in. Download the file itself."
        )
    for start, what in _STARTS:
        if head.startswith(start):
            raise ScanError(f"{path} is {what}.")
    if head.startswith(b"PK\x03\x04") and path.suffix.lower() != ".3mf":
        raise ScanError(f"{path} is a ZIP archive. Unpack it.")
    comma = _decimal_comma(head) if b"\0" not in head else None
    if comma:
        line = head.count(b"\n", 0, comma.start()) + 1
        raise ScanError(
            f"{path} has decimal commas (line {line}: {comma.group(1).decode()}); expected points. Export it again "
            "with an English number format, or replace them in an editor."
        )


def _decimal_comma(head: bytes) -> re.Match[bytes] | None:
    """Return where a text has decimal commas; None if it has none, or integers between commas."""
    if found := _COMMA.search(head):
        return found
    rows = list(_ONLY_COMMAS.finditer(head))
    return rows[0] if any(_LEADING_ZERO.match(row.group(1)) for row in rows) else None


def refuse_no_whole_mesh(path: Path) -> int:
    """Refuse a file of a mesh that has no faces, or less in it than it announces: parsers take what there is.

    Returns
    -------
    int
        Number of points that it announces; 0 where its form does not say, or they are not counted.

    Raises
    ------
    ScanError
        If it is a cloud of points, or cut off.
    """
    data, ending = path.read_bytes(), path.suffix.lower()
    is_text = b"\0" not in data[:_HEAD_BYTES]
    points, faces = 0, 1
    if ending == ".stl":
        _refuse_cut_off_stl(path, data, is_text)
    elif ending == ".ply" and data.startswith(b"ply"):
        header = data.partition(b"end_header")[0]
        points, faces = (_announced(header, rb"\belement\s+%s\s+(\d{1,12})\b" % name) for name in (b"vertex", b"face"))
        if not is_complete_ply(data):
            raise _cut_off(path, f"it holds less than the {points} points and {faces} faces that it announces")
    elif ending == ".off" and is_text and data.startswith(b"OFF"):
        head = rb"\AOFF(?:\s+#[^\n]*)*\s+%s(\d{1,12})\b"
        points, faces = (_announced(data, head % before) for before in (b"", rb"\d+\s+"))
        rows = sum(bool(line.strip()) and not line.lstrip().startswith(b"#") for line in data.splitlines()) - 1
        if rows < points + faces:
            raise _cut_off(path, f"it announces {points} points and {faces} faces, and holds {rows} rows")
    elif ending == ".obj":
        points, faces = (len(re.findall(rb"(?m)^\s*%s\s" % letter, data)) for letter in (b"v", b"f"))
    elif ending == ".glb" and len(data) >= 12 and data.startswith(b"glTF"):
        announced = struct.unpack("<I", data[8:12])[0]
        if len(data) < announced:
            raise _cut_off(path, f"it announces {announced} bytes, and holds {len(data)}")
    if points and not faces:
        cut = " (or cut off before them)" if ending == ".obj" else ""
        raise ScanError(
            f"{path} is a cloud of {points} points with 0 faces{cut}; expected a surface. If it is a whole foot, make "
            "a mesh of it (MeshLab: Screened Poisson); if it is one view, put one file a view into a folder clouds/."
        )
    return points


def _announced(text: bytes, pattern: bytes) -> int:
    found = re.search(pattern, text)
    return int(found.group(1)) if found else 0


def _cut_off(path: Path, why: str) -> ScanError:
    return ScanError(f"{path} cannot be read as a mesh: it is cut off, {why}. Copy or export it again.")


def triangles_of_stl(data: bytes) -> int:
    """Return how many triangles an STL holds as binary; 0 where it is a text, or holds none.

    Some programs put no number into the head, and some put more than triangles behind them.
    """
    if b"\0" not in data[:_HEAD_BYTES] or len(data) < _STL_HEAD:
        return 0
    announced, held = _announced_stl(data), (len(data) - _STL_HEAD) // _STL_TRIANGLE
    return min(announced, held) if announced else held


def _announced_stl(data: bytes) -> int:
    return int(struct.unpack("<I", data[_STL_HEAD - 4 : _STL_HEAD])[0])


def _refuse_cut_off_stl(path: Path, data: bytes, is_text: bool) -> None:
    """Refuse an STL that is shorter than it says: 84 bytes and 50 a triangle, or a text without its last line."""
    if is_text:
        if data.lstrip()[:5].lower() == b"solid" and b"endsolid" not in data[-1024:].lower():
            raise _cut_off(path, "its last line, endsolid, is missing")
    elif len(data) >= _STL_HEAD:
        announced, held = _announced_stl(data), triangles_of_stl(data)
        if held < announced:
            raise _cut_off(path, f"it announces {announced} triangles and holds {held}")
