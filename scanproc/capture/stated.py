"""What `scan.toml` of a live recording states: what the person said, and what the cameras say of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scanproc.artifacts import ScanFacts
from scanproc.capture.camera import DepthCamera
from scanproc.errors import ScanError
from scanproc.readers.facts import facts_stating


def captured_facts(name: str, cameras: Sequence[DepthCamera], said: Mapping[str, Any]) -> ScanFacts:
    """Return the facts of a recording, those of `said` among them.

    Raises
    ------
    ScanError
        If the cameras count depth in different units.
    """
    facts = [camera.facts for camera in cameras]
    units = sorted({own.depth_unit_mm for own in facts})
    if len(units) > 1:
        raise ScanError(
            f"the cameras count depth in steps of {' and '.join(f'{unit:g}' for unit in units)} mm; expected one unit. "
            "Set depth units to one value in the RealSense Viewer."
        )
    return facts_stating(
        name,
        depth_unit_mm=units[0],
        sensor=_joined(own.name for own in facts),
        serial=_joined(own.serial for own in facts),
        firmware=_joined(own.firmware for own in facts),
        camera_settings=_joined(own.settings for own in facts),
        **said,
    )


def _joined(texts: Any) -> str:
    """Return several texts as one, each once."""
    return " and ".join(dict.fromkeys(texts))
