"""From a foot and a prescription to the surfaces that are asked of its insole."""

from __future__ import annotations
