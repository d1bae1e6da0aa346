"""Whose report it is: the clinic's name, address and logo, and who signs; as `--clinic FILE.toml` gives them."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Clinic:
    """What stands at the head and the foot of a page; `logo` is a data URI."""

    name: str = ""
    address: str = ""
    clinician: str = ""
    logo: str = ""


def clinic_of(text: str) -> Clinic:
    """Return the clinic of the report's hidden setting; an empty text is none."""
    return Clinic(**json.loads(text)) if text else Clinic()
