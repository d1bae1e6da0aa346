"""scanproc: from depth-camera recordings of a foot to measures and a proven insole.

The public API on one screen; heavy libraries are loaded when a function first needs them.

    from pathlib import Path
    import scanproc

    result = scanproc.run(Path("scans/demo"), out=Path("outputs"))
    print(result.store.root, result.refusals)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scanproc.errors import ScanError

if TYPE_CHECKING:
    from scanproc.runner import Run, run
    from scanproc.scan import open_scan, read_recording
    from scanproc.simulate import simulate

__version__ = "0.1.0"
__all__ = ["Run", "ScanError", "open_scan", "read_recording", "run", "simulate"]

_HOMES = {
    "Run": "runner",
    "run": "runner",
    "open_scan": "scan",
    "read_recording": "scan",
    "simulate": "simulate",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module at first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'scanproc' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"scanproc.{_HOMES[name]}"), name)
