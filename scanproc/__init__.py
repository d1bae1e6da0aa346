"""scanproc: from depth-camera recordings of a foot to measures and a proven insole.

The public API on one screen; heavy libraries are loaded when a function first needs them.

    import scanproc

    result = scanproc.run("scans/demo", out="outputs", to="measure")
    print(result.measures["left"]["foot_length_mm"].value, result.refusals)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from scanproc.errors import ScanError

# Many small matrices: on a busy machine waiting threads of the linear algebra cost ten times what they save, and
# another number of threads may round otherwise. Both are read when numpy is first loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

if TYPE_CHECKING:
    from scanproc.results import Run
    from scanproc.runner import run
    from scanproc.scan import open_scan, read_recording

__version__ = "0.1.0"
__all__ = ["Run", "ScanError", "open_scan", "read_recording", "run"]

_HOMES = {
    "Run": "results",
    "run": "runner",
    "open_scan": "scan",
    "read_recording": "scan",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module at first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'scanproc' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"scanproc.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names, those that are not loaded yet included."""
    return sorted({*globals(), *__all__})
