"""What commands may ask of the report: its language, no names, whose it is, and a PDF of each page."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from scanproc.errors import ScanError
from scanproc.toml_files import read_toml

_TEXTS = ("name", "address", "clinician")
_LONGEST = 200  # letters of a text
_LOGO_BYTES = 400_000
_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}


def report_tables(language: str | None, anonymous: bool, clinic: Path | None) -> list[dict[str, Any]]:
    """Return the settings of the report that the options name; nothing where they name none."""
    table: dict[str, Any] = {"language": language} if language else {}
    if anonymous:
        table["anonymous"] = True
    if clinic is not None:
        table["clinic"] = read_clinic(clinic)
    return [{"report": table}] if table else []


def read_clinic(path: Path) -> str:
    """Read a clinic's TOML: name, address, clinician, logo (a PNG or JPEG beside it); the logo's bytes are put in.

    Returns
    -------
    str
        The setting `report.clinic`.

    Raises
    ------
    ScanError
        If a name or a value is wrong, or the logo is no picture that a page can hold.
    """
    content = read_toml(path)
    unknown = sorted(set(content) - {*_TEXTS, "logo"})
    if unknown:
        raise ScanError(f"{path} holds {', '.join(unknown)}; expected {', '.join(_TEXTS)}, logo. Correct the name.")
    for name, value in content.items():
        if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
            raise ScanError(
                f'{path}: {name} is not a text of up to {_LONGEST} letters in one line. Write {name} = "…".'
            )
    found = {name: content[name] for name in _TEXTS if name in content}
    if "logo" in content:
        found["logo"] = _data_uri(path.parent / content["logo"])
    return json.dumps(found, sort_keys=True, ensure_ascii=False)


def _data_uri(path: Path) -> str:
    """Return a picture as the address that stands for it in a page."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ScanError(f"{path} cannot be read (it is no file). Give logo as the path of a PNG or JPEG.")
        size = path.stat().st_size
        with path.open("rb") as file:
            data = file.read(_LOGO_BYTES + 1)  # no more than tells that it is too long
    except (OSError, ValueError) as error:  # also a name that no path can have
        why = getattr(error, "strerror", None) or error
        raise ScanError(f"{str(path)!a:.200} cannot be read ({why}). Give logo as the path of a PNG or JPEG.") from None
    kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), None)
    if kind is None or len(data) > _LOGO_BYTES:
        raise ScanError(
            f"{path} is {'no PNG or JPEG' if kind is None else f'{size:,} bytes'}; expected a PNG or JPEG of up to"
            f" {_LOGO_BYTES:,} bytes. Save the logo smaller, about 400 pixels wide."
        )
    return f"data:image/{kind};base64," + base64.b64encode(data).decode("ascii")
