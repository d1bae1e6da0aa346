"""Who may know whom. Read from the sources, so that also imports inside functions count."""

from __future__ import annotations

import ast
import configparser
import dataclasses
import json
import re
import subprocess
import sys
import typing
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import scanproc
from scanproc.pads.table import PADS
from scanproc.pipeline import STAGES, config_types
from scanproc.simulation.settings import SimulationConfig
from scanproc.versions import LIBRARIES

ROOT = Path(scanproc.__file__).parent
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))

#: Each room (a file of scanproc/, or one of its folders) and the rooms that it may import; "" is scanproc/__init__.py.
MAY_IMPORT: dict[str, set[str]] = {
    # words that all share
    "errors": set(),
    "progress": set(),
    "parallel": {"progress", "errors"},
    "frames": set(),
    "fonts": set(),
    "changes": set(),
    "artifacts": {"frames"},
    "toml_files": {"errors"},
    "settings": {"errors", "toml_files"},
    # the two libraries that geometry stands on
    "compiled": {"progress"},
    "open3d_bridge": {"artifacts", "frames"},
    # geometry that several rooms share
    "mesh": {"mesh", "compiled", "artifacts", "frames", "parallel"},
    "depth": {"depth", "compiled", "artifacts", "frames"},
    "solid": {"solid", "mesh", "compiled", "artifacts", "frames", "errors", "parallel"},
    # one room a stage: clean, register, surface, align, measure
    "segmentation": {"segmentation", "depth", "compiled", "artifacts", "frames"},
    "registration": {"registration", "depth", "compiled", "artifacts", "frames", "parallel"},
    "fusion": {"fusion", "depth", "mesh", "compiled", "artifacts", "frames", "parallel"},
    "anatomy": {"anatomy", "segmentation", "mesh", "compiled", "artifacts", "frames", "errors", "parallel"},
    "measures": {"measures", "anatomy", "mesh", "open3d_bridge", "artifacts", "frames", "errors"},
    # the insole
    "pads": {"pads", "anatomy", "solid", "settings", "changes", "frames"},
    # what several parts share: a block or a print bed
    "nesting": {"nesting", "mesh", "artifacts", "frames", "errors"},
    "printing": {"printing", "nesting", "solid", "mesh", "compiled", "settings", "artifacts", "frames", "errors"},
    "machining": {
        "machining", "printing", "nesting", "solid", "mesh", "compiled", "parallel", "settings", "artifacts", "frames",
        "errors",
    },
    "prescription": {
        "prescription", "pads", "measures", "machining", "readers", "settings", "changes", "toml_files", "artifacts",
        "errors",
    },
    "design": {
        "design", "prescription", "pads", "measures", "anatomy", "solid", "mesh", "changes", "artifacts", "frames",
        "errors", "parallel",
    },
    "proof": {
        "proof", "design", "prescription", "pads", "anatomy", "solid", "mesh", "changes", "artifacts", "frames",
        "parallel",
    },
    # pictures and pages
    "views": {
        "views", "machining", "measures", "anatomy", "solid", "mesh", "depth", "artifacts", "fonts", "frames", "errors",
    },
    "editing": {
        "editing", "stages", "proof", "design", "prescription", "pads", "measures", "formats", "solid", "settings",
        "artifacts", "frames", "errors",
    },
    "window": {"window", "editing", "views", "mesh", "artifacts", "frames", "errors"},
    "pages": {"pages", "views", "measures", "frames", "artifacts"},
    # what becomes files
    "formats": {"formats", "measures", "solid", "mesh", "artifacts", "fonts", "frames", "errors", "parallel"},
    "stages": {
        "segmentation", "registration", "fusion", "anatomy", "measures", "prescription", "design", "proof", "machining",
        "printing", "formats", "views", "pages", "solid", "mesh", "depth", "settings", "artifacts", "frames", "errors",
        "parallel",
    },
    # the disk
    "readers": {
        "readers", "mesh", "open3d_bridge", "settings", "toml_files", "artifacts", "frames", "errors", "parallel",
    },
    "scan": {"readers", "artifacts", "errors"},
    "pipeline": set(),  # stages are imported by name, when first asked for
    "whole_files": set(),
    "scan_folder": {"formats", "pipeline", "whole_files", "errors"},
    "store": {"scan_folder", "whole_files", "formats", "pipeline", "errors", "parallel"},
    "older": {"store", "formats", "pipeline", "artifacts"},
    "processes": {"errors"},
    # several processes, here or elsewhere
    "cluster": {"errors", "parallel"},
    # what is wrong with a camera's depth: nothing of it is known to the stages either
    "calibration": {"calibration", "depth", "artifacts", "frames", "errors", "parallel"},
    # the live camera
    "capture": {
        "capture", "stages", "registration", "depth", "readers", "settings", "artifacts", "frames", "errors",
    },
    # the synthetic camera: nothing of it is known to the stages
    "simulation": {
        "segmentation", "anatomy", "calibration",
        "simulation", "capture", "formats", "readers", "scan", "open3d_bridge", "settings", "artifacts", "frames",
        "errors",
    },
    # what brings it all together
    "sources": set(),
    "versions": {"", "sources"},
    "staleness": set(),
    "results": {"store", "pipeline", "measures", "artifacts"},
    "run_plan": {"scan", "store", "pipeline", "prescription", "settings", "errors"},
    "beside": {"parallel"},
    "runner": {
        "run_plan", "whole_files", "scan", "store", "results", "formats", "pipeline", "prescription", "settings",
        "beside", "staleness", "versions", "artifacts", "errors", "parallel", "processes",
    },
    # what a recording is like, and other forms of it
    "inspection": {"inspection", "depth", "artifacts"},
    "inspecting": {
        "inspection", "stages", "segmentation", "depth", "scan", "readers", "artifacts", "errors", "parallel",
    },
    "converting": {"scan", "artifacts", "errors"},
    # what is made of several scans together
    "reliability": {"reliability", "frames"},
    "several": {
        "several", "cluster", "reliability", "runner", "results", "store", "formats", "scan", "readers", "processes",
        "pipeline", "settings", "stages", "measures", "pages", "views", "prescription", "machining", "printing",
        "artifacts", "frames", "errors",
    },
    # insoles of one scan side by side
    "insole_versions": {
        "insole_versions", "results", "store", "older", "whole_files", "processes", "pipeline", "settings", "several",
        "stages", "pages", "views", "prescription", "proof", "anatomy", "solid", "artifacts", "frames", "errors",
    },
    "": {"results", "runner", "scan", "errors"},
    "landmarking": {"store", "formats", "scan", "pipeline", "artifacts", "frames", "errors"},
    "looking": {
        "landmarking", "insole_versions", "older", "window", "views", "formats", "scan", "pipeline", "artifacts",
        "frames", "errors",
    },
    "designing": {
        "landmarking", "looking", "window", "editing", "insole_versions", "run_plan", "runner", "store", "prescription",
        "scan", "pipeline", "artifacts", "errors", "progress",
    },
    "calibrating": {
        "calibration", "printed_foot", "runner", "formats", "readers", "scan", "artifacts", "frames", "errors",
    },
    "demo": {"errors"},
    "printed_foot": {"artifacts"},
    # the command line
    "commands": {
        "commands", "calibrating", "calibration", "capture", "cluster", "converting", "designing", "insole_versions",
        "inspecting", "landmarking", "looking", "machining", "parallel", "pipeline", "prescription", "progress",
        "readers", "results", "runner", "scan", "scan_folder", "settings", "several", "simulation", "store",
        "toml_files", "errors",
    },
    "cli": {"", "commands", "demo", "pipeline", "several", "errors"},
    "__main__": {"cli"},
}  # fmt: skip

#: Libraries that have one home, or one to be read in and one to be written in.
ONLY_IN = {
    "open3d": {"open3d_bridge.py"},
    "numba": {"compiled.py"},
    "cv2": {"calibration/markers.py"},
    "vtkmodules": {"views/"},
    "click": {"cli.py", "commands/"},
    "pyrealsense2": {"capture/realsense.py"},
    "dask": {"cluster/workers.py"},
    "distributed": {"cluster/"},
    "s3fs": {"cluster/object_store.py"},
    "botocore": {"cluster/object_store.py"},
    "rich": {"commands/bars.py", "commands/live_table.py"},
    "jinja2": {"pages/html.py"},
    "reportlab": {"formats/sheets.py"},
    "lib3mf": {"formats/solid_files.py", "readers/three_mf.py"},
    "ezdxf": {"readers/drawings.py"},
    "svgelements": {"readers/drawings.py"},
    "rosbags": {"readers/ros_logs.py"},
    "sqlite3": {"readers/ros_logs.py"},
    "pyarrow": {"formats/parquet.py"},
    "lzfse": {"readers/record3d.py"},
    "OpenEXR": {"readers/images.py"},
    "tomllib": {"toml_files.py"},
    "tomli": {"toml_files.py"},
}

#: Rooms of pure functions: arrays and artifacts in, arrays and artifacts out.
PURE = tuple(
    f"{room}." if "/" in room else f"{room}/"
    for room in (
        "stages", "mesh", "depth", "solid", "calibration", "segmentation", "registration", "fusion", "anatomy",
        "measures", "reliability", "pads", "design", "proof", "nesting", "printing", "machining",
        "capture/coverage", "capture/foot_box", "capture/frame_quality", "capture/tracking",
    )
)  # fmt: skip

#: Distributions whose import has another name.
DISTRIBUTION = {"PIL": "pillow", "vtkmodules": "vtk", "cv2": "opencv-python-headless", "botocore": "s3fs"}
#: Libraries that only `.[NAME]` installs: who imports them says so where they are missing.
EXTRAS = {
    "cv2": "calibrate",
    "lzfse": "phones",
    "OpenEXR": "exr",
    "pyarrow": "parquet",
    "pyrealsense2": "realsense",
    "s3fs": "s3",
    "botocore": "s3",
}
#: Libraries that no result of a stage depends on.
NO_RESULT = {
    "click",
    "cv2",
    "dask",
    "distributed",
    "pyarrow",
    "rich",
    "tomli",
    "tomllib",
    "pyrealsense2",
    "s3fs",
    "botocore",
}


@dataclasses.dataclass(frozen=True)
class Import:
    """`file` imports the module `name`; `where` is "top", "function", or "typing" for `if TYPE_CHECKING`."""

    file: str
    name: str
    where: str


@cache
def tree_of(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def module_of(file: str) -> str:
    parts = ["scanproc", *Path(file).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(file): file for file in FILES}


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports_of(file: str) -> Iterator[Import]:
    """Yield every import of a file, by the full name of the module that it loads."""

    def walk(node: ast.AST, where: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = where
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and where == "top":
                inside = "function"
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                inside = "typing"
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(file, alias.name, where)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0 and child.module, f"{file}: relative import"
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    yield Import(file, whole if whole in MODULES else child.module, where)
            else:
                yield from walk(child, inside)

    return walk(tree_of(file), "top")


EVERY_IMPORT = [found for file in FILES for found in imports_of(file)]


def test_every_file_has_its_place_in_the_table() -> None:
    assert {room_of(module) for module in MODULES} == set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_those_below_it(room: str) -> None:
    for found in EVERY_IMPORT:
        if found.name.split(".")[0] == "scanproc" and room_of(module_of(found.file)) == room:
            assert room_of(found.name) in MAY_IMPORT[room], f"{found.file} imports {found.name}"


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_every_arrow_of_the_table_is_there(room: str) -> None:
    """An arrow that nobody uses is a wall that has fallen without a reason."""
    used = {
        room_of(found.name)
        for found in EVERY_IMPORT
        if found.name.split(".")[0] == "scanproc" and room_of(module_of(found.file)) == room
    }
    assert used == MAY_IMPORT[room]


def test_no_room_holds_more_than_an_eighth_of_the_code() -> None:
    lines: Counter[str] = Counter()
    for file in FILES:
        lines[room_of(module_of(file))] += len((ROOT / file).read_text(encoding="utf-8").splitlines())
    crowded = {room: count for room, count in lines.items() if count > 0.12 * sum(lines.values())}
    assert not crowded, f"of {sum(lines.values())} lines"


def public_names(file: str) -> Iterator[str]:
    """Yield the public functions, classes and constants of a module."""
    for node in tree_of(file).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            names = []
        yield from (name for name in names if not name.startswith("_"))


def test_every_public_name_is_used() -> None:
    """By the program itself; what tests alone want belongs to them."""
    used: set[str] = {stage.name for stage in STAGES} | set(scanproc.__all__) | {"__version__", "__all__"}
    for file in FILES:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.add(node.id)
            elif isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.alias):
                used.add(node.name.split(".")[-1])
    unused = {(file, name) for file in FILES for name in public_names(file)} - {
        (file, name) for file in FILES for name in used
    }
    assert not unused


#: Words of this project's own that the field has others for (see CONTRIBUTING): names of files, functions and classes.
GONE = {
    "turned", "placed", "undone", "then", "projective", "point_grid", "fits", "turns", "placement", "joining", "joint",
    "pair_solver", "pair_table", "view_stack", "prepared_views", "blocks", "isosurface", "sightings", "look_up",
    "draws", "foot_draws", "lens", "lens_px", "cuts", "parts", "part_measures", "nets", "turn", "lattices",
    "lattice_of", "triangulation", "casts", "cast_sole", "plan_bins", "plan_crossings", "resting", "rim", "edge",
    "front", "under", "kept", "on_device", "elsewhere", "pressed", "standing", "spread", "continuing", "ends",
    "geometry",
}  # fmt: skip
#: Those of them that no variable may have either: they would mean something else in the field.
GONE_AS_WORDS = {
    "lens_px", "pair_table", "pair_solver", "view_stack", "prepared_views", "point_grid", "plan_bins", "plan_crossings",
    "sightings", "look_up", "foot_draws", "draws", "undone", "lattice", "elsewhere", "isosurface", "part_measures",
}  # fmt: skip


def test_the_field_s_words_are_used() -> None:
    for file in FILES:
        path = set(Path(file).with_suffix("").parts)
        assert not path & GONE, file
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and file.partition("/")[0] not in ("views", "several"):
                words = {node.name.strip("_"), re.sub(r"(?<!^)(?=[A-Z])", "_", node.name.strip("_")).lower()}
                assert not words & GONE, f"{file}:{node.lineno} {node.name}"
            name = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else None
            assert name not in GONE_AS_WORDS, f"{file}:{getattr(node, 'lineno', '')} {name}"


def test_no_stage_imports_another() -> None:
    for found in EVERY_IMPORT:
        if found.file.startswith("stages/") and found.file != "stages/__init__.py":
            assert not found.name.startswith("scanproc.stages"), f"{found.file} imports {found.name}"


def test_the_pictures_are_loaded_by_the_report_alone_and_late() -> None:
    for found in EVERY_IMPORT:
        if found.file.startswith("stages/") and found.name.startswith("scanproc.views"):
            assert (found.file, found.where != "top") == ("stages/report.py", True), found


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_has_one_home(library: str) -> None:
    homes = {found.file for found in EVERY_IMPORT if found.name.split(".")[0] == library}
    strangers = {home for home in homes if not home.startswith(tuple(ONLY_IN[library]))}
    assert not strangers, f"{library} is imported in {strangers}, and belongs into {ONLY_IN[library]}"
    assert homes, f"nobody imports {library}"


def test_imports_go_round_in_no_circle() -> None:
    """By name for each module, imports in functions included; those for the type checker alone load nothing."""
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in EVERY_IMPORT:
        importer = module_of(found.file)
        # The public names of scanproc/__init__.py are loaded at first use; its version is there before all else.
        if found.name in MODULES and found.name not in ("scanproc", importer) and found.where != "typing":
            graph[importer].add(found.name)
    while graph:
        leaves = {module for module, needs in graph.items() if not needs & set(graph)}
        assert leaves, f"a circle among {sorted(graph)}"
        graph = {module: needs for module, needs in graph.items() if module not in leaves}


def test_nobody_prints_or_exits_outside_the_command_line() -> None:
    for file in FILES:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("print", "pprint", "breakpoint", "sys.stdout.write", "sys.stderr.write"), file
                assert called not in ("sys.exit", "exit", "quit", "os._exit"), file


def test_no_broad_except_and_no_global_randomness() -> None:
    allowed = {"np.random.default_rng", "np.random.Generator", "np.random.SeedSequence"}
    for file in FILES:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{file}:{node.lineno}"
                assert ast.unparse(node.type) not in ("Exception", "BaseException"), f"{file}:{node.lineno}"
            if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("np.random."):
                assert ast.unparse(node) in allowed, f"{file}:{node.lineno} {ast.unparse(node)}"
    for found in EVERY_IMPORT:
        assert found.name != "random", found


#: What reaches other machines, or runs what a file holds.
FORBIDDEN = (
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "socket", "ssl", "ftplib", "smtplib",
    "imaplib", "telnetlib", "xmlrpc", "urllib.request", "http.client", "requests", "httpx", "urllib3", "aiohttp",
    "websockets", "yaml", "tarfile",
)  # fmt: skip


def test_nothing_is_fetched_unpickled_or_run_of_what_a_file_holds() -> None:
    for found in EVERY_IMPORT:
        assert not f"{found.name}.".startswith(tuple(f"{name}." for name in FORBIDDEN)), found
    for file in FILES:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "compile", "__import__", "marshal.loads", "os.system"), file
                words = {word.arg: ast.unparse(word.value) for word in node.keywords}
                assert words.get("shell", "False") == words.get("allow_pickle", "False") == "False", file


def test_what_listens_listens_on_this_machine_alone() -> None:
    servers = [
        (file, ast.unparse(node.args[0]))
        for file in FILES
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Call)
        and (
            ast.unparse(node.func).endswith("HTTPServer")
            or (file == "window/web.py" and ast.unparse(node.func) == "super().__init__" and node.args)
        )
    ]
    assert [file for file, _ in servers] == ["capture/preview_page.py", "window/web.py"]
    assert all("127.0.0.1" in address for _, address in servers), servers


def test_stages_and_what_serves_them_know_no_clock_and_no_path() -> None:
    for found in EVERY_IMPORT:
        if found.file.startswith(PURE):
            assert found.name.split(".")[0] not in ("time", "datetime", "pathlib", "os", "shutil", "tempfile"), found


def test_every_setting_is_read_outside_its_declaration() -> None:
    """The heights of pads are read by their rows."""
    read = {
        node.attr
        for file in FILES
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    for stage, kind in {**config_types(), "simulate": SimulationConfig}.items():
        unread = {item.name for item in dataclasses.fields(kind)} - read - {pad.dose for pad in PADS}
        assert not unread, f"nobody reads {unread} of {stage}"


def test_a_stage_reads_its_own_settings() -> None:
    """In a file that knows the class of the settings, so that a name which another stage reads is no excuse."""
    for stage, kind in {**config_types(), "simulate": SimulationConfig}.items():
        users = [file for file in FILES if kind.__name__ in (ROOT / file).read_text(encoding="utf-8")]
        if stage == "insole":  # rooms that are handed one foot's prescription
            users += [file for file in FILES if file.startswith(("prescription/", "pads/", "design/", "proof/"))]
        read = {node.attr for file in users for node in ast.walk(tree_of(file)) if isinstance(node, ast.Attribute)}
        unread = {item.name for item in dataclasses.fields(kind)} - read - {pad.dose for pad in PADS}
        assert not unread, f"{stage} never reads {unread}"


def test_every_library_that_makes_results_counts_for_staleness() -> None:
    libraries = {found.name.split(".")[0] for found in EVERY_IMPORT} - set(sys.stdlib_module_names) - {"scanproc"}
    makers = {DISTRIBUTION.get(name, name) for name in libraries - NO_RESULT}
    assert makers <= set(LIBRARIES), "runs would keep results of another version of these libraries"


def test_files_are_short_enough_to_read() -> None:
    lengths = {file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in FILES}
    exempt = {"artifacts.py", "formats/artifact_files.py"}  # each one concept, a list of records
    assert {file: length for file, length in lengths.items() if length > 275 and file not in exempt} == {}


def test_functions_fit_a_screen() -> None:
    for file in FILES:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef):
                start = node.body[0].end_lineno if ast.get_docstring(node) else node.lineno
                assert (node.end_lineno or 0) - (start or 0) <= 60, f"{file}: {node.name}"


# ------------------------------------------------------------------------------------------------ what is loaded

HEAVY = (
    "open3d", "numba", "vtk", "vtkmodules", "trimesh", "scipy", "PIL", "rich", "jinja2", "manifold3d",
    "lib3mf", "matplotlib", "cv2", "distributed", "cryptography", "pyarrow",
)  # fmt: skip


def loaded_by(code: str) -> set[str]:
    """Return the top names of all modules that a fresh Python has loaded after `code`."""
    tail = "\nimport json, sys\nprint(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, encoding="utf-8", check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["--version"],
        ["batch", "--help"],
        ["make", "--help"],
        ["study", "--help"],
        ["calibrate", "board", "--help"],
    ],
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    loaded = loaded_by(f"from scanproc.cli import main\nmain({arguments!r}, standalone_mode=False)")
    assert "click" in loaded
    assert loaded.isdisjoint({*HEAVY, "numpy"})


def test_depth_images_become_a_surface_without_what_only_others_need(tmp_path: Path) -> None:
    """Loading open3d takes 1.6 s, as long as two stages; each part of scipy 0.05 s and more."""
    scan = ROOT.parent / "scans" / "demo-standing"
    words = ["--quiet", "run", str(scan), "--to", "surface", "--out", str(tmp_path)]
    code = f"from scanproc.cli import main\nmain({words!r}, standalone_mode=False)"
    tail = "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, encoding="utf-8", check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert (tmp_path / "demo-standing" / "3-surface" / "surface.ply").is_file()
    assert {"numba", "numpy", "scanproc.stages.surface"} <= loaded
    assert loaded.isdisjoint({"open3d", "trimesh", "vtkmodules", "rich", "jinja2", "manifold3d", "lib3mf"})
    assert loaded.isdisjoint({"scipy.ndimage", "scipy.sparse", "scipy.spatial"})
    assert loaded.isdisjoint(f"scanproc.stages.{stage.name}" for stage in STAGES[3:])


def test_import_scanproc_loads_nothing_heavy() -> None:
    assert loaded_by("import scanproc").isdisjoint({*HEAVY, "numpy", "click"})


def test_the_public_names_are_there() -> None:
    assert set(scanproc.__all__) == {"ScanError", *scanproc._HOMES}
    for name in scanproc.__all__:
        assert getattr(scanproc, name).__name__ == name
        assert f"scanproc.{name}" not in MODULES, f"once imported, the module {name} would hide the function"
    with pytest.raises(AttributeError, match="nosuch"):
        _ = scanproc.nosuch


def test_every_stage_is_a_file_and_every_file_a_stage() -> None:
    files = {Path(file).stem for file in FILES if file.startswith("stages/")} - {"__init__"}
    assert files == {stage.name for stage in STAGES}
    for stage in STAGES:
        assert typing.get_type_hints(stage.function)["return"] is stage.makes


def test_a_plain_install_brings_every_library() -> None:
    """What only `.[dev]` installs would end in a traceback for users; of what is extra, the command is told."""
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[1] / "setup.cfg")
    wanted = {re.split(r"[><=;\[ ]", line.strip())[0] for line in setup["options"]["install_requires"].splitlines()}
    packages = {"PIL": "pillow", "open3d": "open3d-cpu", "vtkmodules": "vtk", "tomli": "tomli"}
    own = {"scanproc", *sys.stdlib_module_names}
    for library, extra in EXTRAS.items():
        assert DISTRIBUTION.get(library, library) in setup["options.extras_require"][extra]
        files = [found.file for found in EVERY_IMPORT if found.name.split(".")[0] == library]
        assert all(f"scanproc[{extra}]" in (ROOT / file).read_text(encoding="utf-8") for file in files)
    for found in EVERY_IMPORT:
        name = found.name.split(".")[0]
        if name in EXTRAS:
            continue
        assert name in own or packages.get(name, name) in wanted, f"{found.file} imports {found.name}"
