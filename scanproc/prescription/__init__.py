"""The prescription: every dose of an insole, the rules it keeps, the presets it starts from."""

from __future__ import annotations
