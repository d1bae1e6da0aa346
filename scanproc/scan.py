"""The only file that knows `scans/`: opens any recording, says what it is, reads it into one form, and writes it.

open_scan      what it is, which facts hold, which files it consists of; cheap checks
read_recording depth images or clouds -> Recording
read_mesh      a mesh that another scanner finished -> Surface
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from scanproc.artifacts import DepthFrame, Recording, ScanFacts, Surface
from scanproc.errors import ScanError
from scanproc.readers import facts
from scanproc.readers.captured import NOTES_NAME, remarks_on_capture
from scanproc.readers.certificates import certificate_path, certificate_remarks, read_certificate
from scanproc.readers.forms import FORMS, Form
from scanproc.readers.images import COLOUR_SUFFIXES
from scanproc.readers.listing import file_stamps, is_there, recorded_order
from scanproc.readers.wrong_files import advice_on_form, printable, refuse_wrong_name

#: What a finished mesh brings along, so that the stages before it are left out.
GIVEN_BY_MESH = Surface

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Scan:
    """A recording that was opened but not yet read.

    Attributes
    ----------
    path : the folder, or the file of a finished mesh.
    name : the folder's name, or the file's stem.
    facts : what `scan.toml` states, with the reader's remarks; the unit of clouds is settled, never "auto".
    form : the row of `FORMS` that it is of.
    files : every file that is an input, sorted; never `truth/` or notes.
    surface : a finished mesh, which is read on opening.
    stamps : time and size of what lies there, from before anything was read.
    """

    path: Path
    name: str
    facts: ScanFacts
    form: Form
    files: tuple[Path, ...]
    surface: Surface | None = field(default=None, repr=False, compare=False)
    stamps: Mapping[Path, tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def kind(self) -> str:
        """Return the name of the form."""
        return self.form.name

    def contents(self) -> Iterator[tuple[str, str]]:
        """Yield name (below the scan's folder, with /) and SHA-256 of every input."""
        folder = self.path if self.path.is_dir() else self.path.parent
        for file in self.files:
            inside = file.is_relative_to(folder)  # a certificate that --camera names may lie elsewhere
            yield file.relative_to(folder).as_posix() if inside else file.name, _sha256(file)

    def check_unchanged(self) -> None:
        """Refuse a scan that is still being written: what was hashed need not be what was read.

        Raises
        ------
        ScanError
            If one of its files is not as it was before the scan was opened.
        """
        now = file_stamps(self.files)
        changed = [file for file in self.files if now.get(file) != self.stamps.get(file)]
        if changed:
            raise ScanError(
                f"{changed[0]} changed while it was read; expected a scan that is complete. Is it still being copied? "
                "Run again when that is done."
            )


def name_of(path: Path) -> str:
    """Return the name of a scan, and so of its outputs, whether or not it can be read."""
    return path.stem if is_there(path) and path.is_file() else path.resolve().name


def open_scan(path: str | Path, camera: Path | None = None) -> Scan:
    """Open a scan: a folder in one of the forms above, or a file of one.

    Parameters
    ----------
    camera : file of the camera's certificate, wherever it lies; by default the one that `scan.toml` names.

    Raises
    ------
    ScanError
        If there is nothing there, nothing that can be read, or `scan.toml` holds an unknown name or value.
    """
    path = Path(path)
    if not is_there(path):
        raise ScanError(f"{path} does not exist; expected a folder of a scan or a finished mesh. Check the path.")
    form = _form_of(path)
    stamps, name = _stamps(path), name_of(path)
    refuse_wrong_name(path, name)
    toml_file = (path.parent if path.is_file() else path) / facts.FILE_NAME
    stated = facts.read_facts(toml_file, name)
    certificates: tuple[Path, ...] = ()
    if camera is None and stated.camera is not None:
        camera = certificate_path(toml_file.parent, stated.camera)
    if camera is not None:
        stamps |= file_stamps([camera, *camera.parent.glob("*.npy")])
        found = read_certificate(camera)
        stated, certificates = facts.stating_certificate(stated, camera.name, found.certificate), found.files
    opened = form.opens(path, stated)
    if stated.up != "auto" and opened.surface is None:
        raise ScanError(
            f'scan.toml: up = "{stated.up}" of {form.words}; expected it of finished meshes alone: the floor or the '
            "turn of a recording tells what is up. Leave it out."
        )
    settled = replace(
        stated,
        unit=opened.unit or stated.unit,
        depth_unit_mm=opened.depth_unit_mm or stated.depth_unit_mm,
        sensor=stated.sensor or printable(opened.sensor),
        serial=stated.serial or printable(opened.serial),
    )
    remarks = (*stated.remarks, *opened.remarks, *certificate_remarks(settled), *remarks_on_capture(path))
    if stated.certificate is not None and stated.certificate.warp is not None and form.frame is not DepthFrame:
        remarks = (*remarks, f"the warp of the camera ({stated.camera}) is of depth images, and was not applied")
    settled = replace(settled, remarks=remarks)
    beside = [file for file in (toml_file, path / NOTES_NAME) if file.is_file()]
    files = recorded_order([*opened.files, *certificates, *beside])
    return Scan(path, name, settled, form, tuple(files), opened.surface, stamps)


def read_recording(scan: Scan) -> Recording:
    """Read every view of a depth or cloud recording, in recorded order (names sorted, numbers by value).

    Raises
    ------
    ScanError
        If a file is broken, sizes disagree, or the unit is plainly wrong.
    """
    if scan.form.reads is None:
        raise ValueError(f"{scan.name} is a finished mesh; there are no views to read")
    return scan.form.reads(scan.path, scan.facts)


def read_mesh(scan: Scan) -> Surface:
    """Return the surface of a finished mesh, in mm; every vertex counts as seen once, since nothing else is known."""
    if scan.surface is None:
        raise ScanError(f"{scan.path} is a recording of {scan.kind}; expected a finished mesh. Give its file.")
    return scan.surface


def write_recording(folder: Path, recording: Recording, scan_facts: ScanFacts) -> None:
    """Write a recording as a scan folder, in the form that is of its frames (clouds in mm), and the stated facts.

    The same recording gives the same bytes. A file that is already there under a name that is written is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frame = type(recording.frames[0]) if recording.frames else None  # of a mixture, the writer refuses the others
    writers = [form.writes for form in FORMS if form.writes is not None and form.frame is frame]
    if not writers:
        raise ValueError("a recording is written as depth images or as clouds, and has at least one view")
    writers[0](folder, recording, scan_facts)
    facts.write_facts(folder, scan_facts)


def _sha256(file: Path) -> str:
    """Return the hash of a file, which may be longer than there is memory."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _stamps(path: Path) -> dict[Path, tuple[int, int]]:
    """Return when each file was last written, ns, and how long it is, in a folder and those in it, or beside a file."""
    folder = path if path.is_dir() else path.parent
    found = [path, *folder.glob("*.toml")] if path.is_file() else [*folder.glob("*"), *folder.glob("*/*")]
    return file_stamps(found)


def _form_of(path: Path) -> Form:
    """Return the one form that a path is of, or refuse it with what it is instead."""
    found = [(form, entry) for form in FORMS for entry in form.finds(path)]
    if path.is_dir() and not any(path.iterdir()):
        raise ScanError(f"{path} is empty; expected {_any_form()}. Copy the recording into it.")
    if len(found) > 1:
        names = " and ".join(f"{entry.name}/" if entry.is_dir() else entry.name for _, entry in found)
        raise ScanError(f"{path} holds {names}; expected one recording a folder. Move the others away.")
    if found:
        return found[0][0]
    recordings = [form for form in FORMS if form.reads is not None and not form.is_file]  # of a file, nothing is a part
    whole = next((above for above in path.resolve().parents[:2] if any(form.finds(above) for form in recordings)), None)
    if whole is not None:
        raise ScanError(f"{path} is a part of a scan; expected all of it. Give its folder: {whole}")
    raise _refusal_of_file(path) if path.is_file() else _refusal_of_folder(path)


def _refusal_of_file(path: Path) -> ScanError:
    known = advice_on_form(path)
    if known is not None:
        return _refusal_of_form(path, *known)
    files = " or ".join(f"a {form.words}" for form in FORMS if form.is_file)
    return ScanError(f"{path} is not a scan; expected a folder, or {files}. Check the path.")


def _refusal_of_form(path: Path, what: str, advice: str) -> ScanError:
    return ScanError(f"{path} is {what}; expected {_any_form()}. {advice}.")


def _refusal_of_folder(folder: Path) -> ScanError:
    scans = [entry for entry in sorted(folder.iterdir()) if entry.is_dir() and holds_a_scan(entry)]
    if scans:
        names = ", ".join(entry.name for entry in scans[:5])
        return ScanError(
            f"{folder} is a folder of {len(scans)} scans ({names}); expected one scan. "
            f"Give one of them, or all: scanproc batch {folder / '*'}"
        )
    for entry in sorted(folder.iterdir()):
        known = advice_on_form(entry)
        if known is not None and entry.suffix.lower() not in COLOUR_SUFFIXES:  # photographs lie anywhere
            return _refusal_of_form(entry, *known)
    found_names = ", ".join(sorted(entry.name for entry in folder.iterdir())[:5])
    return ScanError(f"{folder} holds no recording (found {found_names}); expected {_any_form()}. Check the path.")


def holds_a_scan(path: Path) -> bool:
    """Whether a path is of one of the forms, whole or not."""
    return any(form.finds(path) for form in FORMS)


def _any_form() -> str:
    """Return what may be given, in words."""
    *others, last = [f"one {form.words}" if form.is_file else form.words for form in FORMS]
    return f"{', '.join(others)}, or {last}"
