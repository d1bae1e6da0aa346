"""The versions that a result depends on: of the program, of its sources, of the libraries that it computes with."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from scanproc import __version__

#: Libraries whose version can change a result, and so makes it stale.
LIBRARIES = (
    "numpy",
    "scipy",
    "numba",
    "llvmlite",
    "open3d",
    "open3d-cpu",
    "trimesh",
    "manifold3d",
    "lib3mf",
    "ezdxf",
    "svgelements",
    "pyvista",
    "vtk",
    "pillow",
    "jinja2",
)


@cache
def versions() -> dict[str, str]:
    """Return the versions that a result depends on; the sources count too, so that nobody sees a stale result."""
    found = {"python": platform.python_version(), "scanproc": __version__, "sources": _sources_sha256()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # open3d comes under one of two names
    return found


def _sources_sha256() -> str:
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".html", ".css"):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
