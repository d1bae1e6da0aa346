"""scanproc: from depth-camera recordings of a foot to measures and a proven insole.

The public API on one screen; heavy libraries are loaded when a function first needs them.

    from pathlib import Path
    import scanproc

    result = scanproc.run(Path("scans/demo"), out=Path("outputs"))
    print(result.store.root, result.refusals)
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
    from scanproc.runner import Run, run
    from scanproc.scan import open_scan, read_recording

__version__ = "0.1.0"
__all__ = ["Run", "ScanError", "open_scan", "read_recording", "run"]

_HOMES = {
    "Run": "runner",
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
