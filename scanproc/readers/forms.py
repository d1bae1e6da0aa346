"""The forms that a recording comes in: one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scanproc.artifacts import CloudFrame, DepthFrame, Recording, ScanFacts
from scanproc.readers import clouds, depth, meshes, realsense, record3d, tum
from scanproc.readers.opened import Opened


@dataclass(frozen=True)
class Form:
    """A form that a recording comes in.

    Attributes
    ----------
    name : short, for messages and callers.
    words : what the user may give, for messages; of a single file without "one" or "a".
    is_file : whether a single file is a scan of this form.
    finds : (path) -> what in a folder is of this form, or the file itself; nothing where it is of another.
    opens : (path, stated facts) -> files, remarks and unit; raises ScanError if they are no recording.
    reads : (path, settled facts) -> every view in recorded order; None where `opens` has read the surface.
    writes : (folder, recording, facts), for frames of the type `frame`; None where nobody writes this form.
    """

    name: str
    words: str
    is_file: bool
    finds: Callable[[Path], list[Path]]
    opens: Callable[[Path, ScanFacts], Opened]
    reads: Callable[[Path, ScanFacts], Recording] | None
    writes: Callable[[Path, Recording, ScanFacts], None] | None = None
    frame: type[DepthFrame | CloudFrame] | None = None


#: One row a form, in the order in which messages name them. Another form: a file in `readers/`, a row, a test.
FORMS: tuple[Form, ...] = (
    Form(
        name="depth",
        words="depth/* with camera_intrinsic.json",
        is_file=False,
        finds=depth.find_depth,
        opens=depth.open_depth,
        reads=depth.read_depth,
        writes=depth.write_depth,
        frame=DepthFrame,
    ),
    Form(
        name="tum",
        words="TUM's RGB-D (depth.txt, depth/*.png)",
        is_file=False,
        finds=tum.find_tum,
        opens=tum.open_tum,
        reads=tum.read_tum,
        frame=DepthFrame,
    ),
    Form(
        name="record3d",
        words="recording of Record3D (.r3d)",
        is_file=True,
        finds=record3d.find_record3d,
        opens=record3d.open_record3d,
        reads=record3d.read_record3d,
        frame=DepthFrame,
    ),
    Form(
        name="stream",
        words="recorded stream of RealSense (.bag .db3)",
        is_file=True,
        finds=realsense.find_realsense,
        opens=realsense.open_realsense,
        reads=realsense.read_realsense,
        frame=DepthFrame,
    ),
    Form(
        name="clouds",
        words="clouds/*.{ply,pcd,xyz,asc}",
        is_file=False,
        finds=clouds.find_clouds,
        opens=clouds.open_clouds,
        reads=clouds.read_clouds,
        writes=clouds.write_clouds,
        frame=CloudFrame,
    ),
    Form(
        name="mesh",
        words=f"finished mesh ({' '.join(meshes.MESH_SUFFIXES)})",
        is_file=True,
        finds=meshes.find_meshes,
        opens=meshes.open_mesh,
        reads=None,
    ),
)
