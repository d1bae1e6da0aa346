"""Serves insole: every dose measured back from the finished solid, by means that do not know how it was made.

table has a row for each dose (its setting, its term of the design, its check, its picture) and the order of
checks.json: one body without self-intersections, wall everywhere, top against the asked surface and the scanned foot,
cup, skive, lift, posts, pads, room, sizes, letters, what a mill or printer needs.
Each check says what was asked, what was got, and whether that is within its tolerance. To add one: its function, its
row or its place in CHECKS, its test.
"""

from __future__ import annotations
