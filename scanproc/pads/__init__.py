"""Pads, bars, crests and reliefs: one file each, with its doses and its place; `table` has a row for each.

A place follows from the plan of the foot and the doses alone (mm behind the metatarsal heads, named shares of length
and width), so that the design can lay it on and the proof can look there. To add one: its file with its settings and
its place, its settings' class and its row in `table`; rules, design, proof and template follow.
"""

from __future__ import annotations
