"""What a version of an insole may be called: its name becomes a folder, a title of files, and a word on the report."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches

from scanproc.errors import ScanError
from scanproc.prescription.presets import preset_names

DEFAULT = "default"  # asks for the defaults, in place of any prescription
OWN = "own"  # the scan's own insole, where versions are named
_LONGEST = 60  # letters; with a stage's folder and file below it, Windows takes 260
_OTHER = re.compile(r"[^\w.=+-]+")
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)


def as_name(text: str) -> str:
    """Return the name nearest to a text that a version can have; empty where nothing of it can be in one."""
    name = _OTHER.sub("-", unicodedata.normalize("NFC", text)).strip("-.")[:_LONGEST].removesuffix(".toml").strip("-.")
    return f"my-{name}" if name.casefold() in (DEFAULT, OWN) or _OF_WINDOWS.match(name) else name


def checked_name(given: str, known: Iterable[str] = ()) -> str:
    """Return a version's name, its letters composed as they are typed most (NFC).

    Parameters
    ----------
    known : names of other versions.

    Raises
    ------
    ScanError
        If it could not be a folder everywhere, or differs from a known one by capitals alone.
    """
    name = unicodedata.normalize("NFC", given)
    better = as_name(given)
    if not name or name != better:
        raise ScanError(
            f"{given!r} cannot be the name of a version; expected up to {_LONGEST} letters, digits, - _ + = and . "
            f"between them. Call it {better or 'walking'!r}."
        )
    alike = [other for other in known if other != name and other.casefold() == name.casefold()]
    if alike:
        raise ScanError(
            f"there is a version {alike[0]!r}, and {name!r} would be one folder with it on many disks; expected names "
            f"that differ by more than capitals. Call it {alike[0]!r}, or otherwise."
        )
    return name


def check_known(name: str, known: Collection[str], scan: str, *, begins: bool) -> None:
    """Refuse the name of no version, unless one is begun by it, and it is no slip.

    Parameters
    ----------
    scan : what it is a version of, in words.

    Raises
    ------
    ScanError
        That lists the versions that there are.
    """
    close = get_close_matches(name, known, n=1, cutoff=0.75)
    if name in known or (begins and (name in preset_names() or not close)):
        return
    there = f"expected one of {', '.join(known)}" if known else "it has none yet"
    raise ScanError(
        f"{scan} has no version {name!r}; {there}. {f'Call it {close[0]!r}, or' if close else 'To'} begin a new one "
        f"with its doses: scanproc insole SCAN --as {name} --set insole.NAME=VALUE, or --prescription FILE."
    )
