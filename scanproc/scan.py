"""The only file that knows `scans/`: opens any recording, says what it is, reads it into one form, and writes it.

open_scan      what it is, which facts hold, which files it consists of; cheap checks
read_recording depth images or clouds -> Recording
read_mesh      a mesh that another scanner finished -> Surface
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from scanproc.artifacts import CloudFrame, DepthFrame, Recording, ScanFacts, Surface
from scanproc.errors import ScanError
from scanproc.readers import clouds, depth, facts, meshes
from scanproc.readers.listing import files_of, recorded_order

Kind = Literal["depth", "clouds", "mesh"]

_FORMS = (
    "depth/*.png with camera_intrinsic.json, clouds/*.{ply,pcd}, or one finished mesh "
    f"({' '.join(meshes.MESH_SUFFIXES)})"
)


@dataclass(frozen=True)
class Scan:
    """A recording that was opened but not yet read.

    Attributes
    ----------
    path : the folder, or the file of a finished mesh.
    name : the folder's name, or the file's stem.
    facts : what `scan.toml` states, with the reader's remarks; the unit of clouds is settled, never "auto".
    kind : the form of the recording.
    files : every file that is an input, sorted; never `truth/` or notes.
    surface : a finished mesh, which is read on opening since its unit is found by its size.
    """

    path: Path
    name: str
    facts: ScanFacts
    kind: Kind
    files: tuple[Path, ...]
    surface: Surface | None = field(default=None, repr=False, compare=False)

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Yield name (below the scan's folder, with /) and bytes of every input, for hashing."""
        folder = self.path if self.path.is_dir() else self.path.parent
        for file in self.files:
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def open_scan(path: Path) -> Scan:
    """Open a scan: a folder in one of the forms above, or the file of a finished mesh.

    Raises
    ------
    ScanError
        If there is nothing there, nothing that can be read, or `scan.toml` holds an unknown name or value.
    """
    if not path.exists():
        raise ScanError(f"{path} does not exist; expected a folder of a scan or a finished mesh. Check the path.")
    if path.is_file():
        if path.suffix.lower() == ".bag":
            raise _bag_refusal(path)
        if path.suffix.lower() not in meshes.MESH_SUFFIXES:
            raise ScanError(
                f"{path} is not a scan; expected a folder, or a finished mesh ({_suffixes()}). Check the path."
            )
        return _open_mesh(path, path, path.stem, path.parent / facts.FILE_NAME)
    return _open_folder(path)


def read_recording(scan: Scan) -> Recording:
    """Read every view of a depth or cloud recording, in recorded order (names sorted, numbers by value).

    Raises
    ------
    ScanError
        If a file is broken, sizes disagree, or the unit is plainly wrong.
    """
    if scan.kind == "depth":
        return depth.read_depth_recording(scan.path, scan.facts.depth_unit_mm)
    if scan.kind == "clouds":
        if scan.facts.unit == "auto":
            raise ValueError(f"{scan.name}: the unit of clouds is settled by open_scan")
        return clouds.read_clouds(clouds.cloud_files(scan.path), scan.facts.unit)
    raise ValueError(f"{scan.name} is a finished mesh; there are no views to read")


def read_mesh(scan: Scan) -> Surface:
    """Return the surface of a finished mesh, in mm; every vertex counts as seen once, since nothing else is known."""
    if scan.surface is None:
        raise ScanError(f"{scan.path} is a recording of {scan.kind}; expected a finished mesh. Give its file.")
    return scan.surface


def write_recording(folder: Path, recording: Recording, scan_facts: ScanFacts) -> None:
    """Write a recording as a scan folder: the depth form or the clouds form (mm), and the facts that are stated.

    The same recording gives the same bytes. A file that is already there under a name that is written is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    depth_frames = [frame for frame in recording.frames if isinstance(frame, DepthFrame)]
    cloud_frames = [frame for frame in recording.frames if isinstance(frame, CloudFrame)]
    if (depth_frames and cloud_frames) or not recording.frames:
        raise ValueError("a recording is written as depth images or as clouds, and has at least one view")
    if depth_frames:
        depth.write_depth_recording(folder, depth_frames, scan_facts.depth_unit_mm)
    else:
        clouds.write_clouds(folder, cloud_frames, scan_facts.unit)
    facts.write_facts(folder, scan_facts)


def _holds_a_scan(folder: Path) -> bool:
    views = (folder / "depth").is_dir() or (folder / "clouds").is_dir()
    return views or bool(files_of(folder, meshes.MESH_SUFFIXES))


def _open_folder(folder: Path) -> Scan:
    if not any(folder.iterdir()):
        raise ScanError(f"{folder} is empty; expected {_FORMS}. Copy the recording into it.")
    has_depth, has_clouds = (folder / "depth").is_dir(), (folder / "clouds").is_dir()
    mesh_files = files_of(folder, meshes.MESH_SUFFIXES)
    if has_depth + has_clouds + bool(mesh_files) > 1 or len(mesh_files) > 1:
        found = ["depth/"] * has_depth + ["clouds/"] * has_clouds + [file.name for file in mesh_files]
        raise ScanError(f"{folder} holds {' and '.join(found)}; expected one recording a folder. Move the others away.")
    if has_depth:
        return _open_depth(folder)
    if has_clouds:
        return _open_clouds(folder)
    if mesh_files:
        return _open_mesh(folder, mesh_files[0], _name_of(folder), folder / facts.FILE_NAME)
    bags = files_of(folder, (".bag",))
    if bags:
        raise _bag_refusal(bags[0])
    scans = [entry for entry in sorted(folder.iterdir()) if entry.is_dir() and _holds_a_scan(entry)]
    if scans:
        names = ", ".join(entry.name for entry in scans[:5])
        raise ScanError(
            f"{folder} is a folder of {len(scans)} scans ({names}); expected one scan. "
            f"Give one of them, or all: scanproc batch {folder / '*'}"
        )
    found_names = ", ".join(sorted(entry.name for entry in folder.iterdir())[:5])
    raise ScanError(f"{folder} holds no recording (found {found_names}); expected {_FORMS}. Check the path.")


def _open_depth(folder: Path) -> Scan:
    scan_facts = facts.read_facts(folder / facts.FILE_NAME, _name_of(folder))
    files = depth.input_files(folder)
    depth.read_intrinsics(folder / depth.INTRINSICS_NAME)
    remarks = depth.colour_remarks(folder)
    return Scan(folder, scan_facts.name, _with_remarks(scan_facts, remarks), "depth", _with_toml(folder, files))


def _open_clouds(folder: Path) -> Scan:
    scan_facts = facts.read_facts(folder / facts.FILE_NAME, _name_of(folder))
    files = clouds.cloud_files(folder)
    found = clouds.inspect_clouds(files, scan_facts.unit)
    scan_facts = _with_remarks(replace(scan_facts, unit=found.unit), found.remarks)
    return Scan(folder, scan_facts.name, scan_facts, "clouds", _with_toml(folder, files))


def _open_mesh(path: Path, mesh_file: Path, name: str, toml_file: Path) -> Scan:
    scan_facts = facts.read_facts(toml_file, name)
    found = meshes.read_finished_mesh(mesh_file, scan_facts.unit)
    scan_facts = _with_remarks(replace(scan_facts, unit=found.unit), found.remarks)
    files = _with_toml(toml_file.parent, [mesh_file])
    return Scan(path, name, scan_facts, "mesh", files, found.surface)


def _with_toml(folder: Path, files: list[Path]) -> tuple[Path, ...]:
    toml_file = folder / facts.FILE_NAME
    return tuple(recorded_order([*files, toml_file] if toml_file.exists() else files))


def _with_remarks(scan_facts: ScanFacts, remarks: tuple[str, ...]) -> ScanFacts:
    return replace(scan_facts, remarks=(*scan_facts.remarks, *remarks))


def _name_of(folder: Path) -> str:
    return folder.resolve().name


def _suffixes() -> str:
    return " ".join(meshes.MESH_SUFFIXES)


def _bag_refusal(path: Path) -> ScanError:
    return ScanError(
        f"{path} is a recorded stream, which is not read; expected {_FORMS}. Export it: with RealSense's rs-convert "
        "write the depth images (16-bit PNG) into depth/ and the camera into camera_intrinsic.json, for example with "
        "Open3D's RealSense recorder or open3d.t.io.RSBagReader.save_frames."
    )
