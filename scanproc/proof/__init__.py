"""The proof of an insole: every dose that was asked, measured back from the finished solid."""

from __future__ import annotations
