"""Says a sentence aloud where the machine has a voice: hands and eyes are on the foot."""

from __future__ import annotations

import shutil
import subprocess

_PROGRAMS = ("say", "spd-say", "espeak-ng", "espeak")  # macOS, Linux desktops, Linux


class Voice:
    """Says one sentence at a time; a new one waits for nobody, and is left out while the last is being said."""

    def __init__(self) -> None:
        self._program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
        self._talking: subprocess.Popen[bytes] | None = None

    @property
    def is_there(self) -> bool:
        """Whether the machine has one."""
        return self._program is not None

    def say(self, sentence: str) -> None:
        """Begin to say a sentence."""
        if self._program is None or (self._talking is not None and self._talking.poll() is None):
            return
        quiet = subprocess.DEVNULL
        self._talking = subprocess.Popen([self._program, sentence], stdin=quiet, stdout=quiet, stderr=quiet)
