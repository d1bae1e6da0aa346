"""The one error that a user is meant to read."""

from __future__ import annotations

import re

#: All that a terminal acts on, but for line ends and tabs, and what UTF-8 has no bytes for.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class ScanError(Exception):
    """A scan, a setting or a prescription that cannot be trusted, and is refused.

    The message is one sentence for each of: what was found, what was expected, what to do. It goes to
    standard error as it is. Anything else that is raised is a bug, and keeps its traceback.
    """

    def __str__(self) -> str:
        return visible(super().__str__())


def visible(text: str) -> str:
    """Return a text whose control characters are spelt out: names of files may hold them, and terminals obey."""
    return _CONTROL.sub(lambda found: ascii(found.group())[1:-1], text)
