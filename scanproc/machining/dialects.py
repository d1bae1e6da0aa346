"""What controls read differently: comments, lines, the end of a program."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanproc.errors import ScanError
from scanproc.settings import one_of


@dataclass(frozen=True)
class Dialect:
    """How a control wants its program.

    Attributes
    ----------
    longest : characters of a line.
    end : the last word.
    active : beginnings of comments that the control acts on.
    """

    longest: int
    end: str
    active: tuple[str, ...] = ()

    def comment(self, text: str) -> str:
        """Return a text as one comment line: no brackets inside, ASCII, no longer than a line, nothing that acts."""
        plain = text.replace("(", "[").replace(")", "]").encode("ascii", errors="replace").decode()
        plain = re.sub(r"[\x00-\x1f\x7f;%]", " ", plain)
        if plain.strip().lower().startswith(self.active or ("\0",)):
            plain = f"- {plain.strip()}"
        return f"({plain[: self.longest - 2]})"


#: LinuxCNC shows, prints and logs what stands behind some words. Grbl takes 80 characters a line with its end.
DIALECTS = {
    "linuxcnc": Dialect(250, "M2", ("msg", "debug", "print", "log", "probe", "py,", "abort")),
    "grbl": Dialect(78, "M2"),
    "mach": Dialect(250, "M30", ("msg",)),
}


def dialect_of(name: str) -> Dialect:
    """Return a dialect by its name.

    Raises
    ------
    ScanError
        If there is none.
    """
    if name not in DIALECTS:
        raise ScanError(f"machine.toml: machine.dialect = {name!r}; expected {one_of(name, DIALECTS)}. Correct it.")
    return DIALECTS[name]
