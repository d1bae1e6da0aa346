"""The versions that a result depends on: the sources that made it, the libraries that these compute with."""

from __future__ import annotations

import sys
from collections.abc import Set
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from scanproc import __version__
from scanproc.sources import Sources

#: Libraries whose version can change a result, with the name by which what uses them imports them, or what needs them.
LIBRARIES: dict[str, str] = {
    "numpy": "numpy",
    "scipy": "scipy",
    "numba": "numba",
    "llvmlite": "numba",
    "open3d": "open3d",
    "open3d-cpu": "open3d",  # one of the two is there
    "trimesh": "trimesh",
    "manifold3d": "manifold3d",
    "lib3mf": "lib3mf",
    "ezdxf": "ezdxf",
    "svgelements": "svgelements",
    "rosbags": "rosbags",
    "lzfse": "lzfse",
    "OpenEXR": "OpenEXR",
    "vtk": "vtkmodules",
    "pillow": "PIL",
    "jinja2": "jinja2",
    "reportlab": "reportlab",
}
#: How results become files. What these import beside is the measures' own, and counts with the stage that makes them.
_FILES = (
    "scanproc.formats.artifact_files",
    "scanproc.formats.edited_landmarks",
    "scanproc.formats.ply",
    "scanproc.formats.spreadsheets",
)
#: Libraries that decode what a scan holds without loss: another version reads the same numbers.
_LOSSLESS = {"PIL", "rosbags", "lzfse", "OpenEXR"}

_SOURCES = Sources(Path(__file__).parent, {"scanproc.pages.html": ("templates",)})


def versions() -> dict[str, str]:
    """Return the versions of Python, of this program and of the libraries that results depend on, for the record."""
    return {"scanproc": __version__, **_versions(set(LIBRARIES.values()))}


@cache
def stage_made_by(name: str) -> dict[str, dict[str, str]]:
    """Return what a stage is made by: `sources`, a hash for each room that it imports from, and `versions`.

    Another comment, or another version of a library that a stage does not use, leaves its result fresh.
    """
    stage = f"scanproc.stages.{name}"
    sources = _SOURCES.sha256_by_room(stage)
    files = {module.rpartition(".")[2]: _SOURCES.sha256_of(module) for module in _FILES}
    _SOURCES.keep_notes()
    return {"sources": {**sources, **files}, "versions": _versions(_SOURCES.names(stage))}


@cache
def reader_made_by(reader: str) -> dict[str, Any]:
    """Return what a scan is read by, as for a stage: its form's module, and those of the facts."""
    modules = (reader, "scanproc.readers.facts", "scanproc.readers.certificates")
    used = _versions(_SOURCES.names(*modules) - _LOSSLESS)
    return {"sources": _SOURCES.sha256_by_room(*modules), "versions": used}


def _versions(names: Set[str]) -> dict[str, str]:
    """Return the versions of Python and of those libraries that are among the names."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    used = {library: _version(library) for library, imported in LIBRARIES.items() if imported in names}
    return found | {library: stated for library, stated in used.items() if stated}


@cache
def _version(distribution: str) -> str:
    """Return the version of a distribution; an empty one if it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
