"""Pads, bars, crests and reliefs: one file each, with its doses and its place; `table` has a row for each.

A place follows from the plan of the foot and the doses alone (metatarsal heads, named shares of length and width), so
that the design can lay it on and the proof can look there. Places as orthotics textbooks give them: Philps 1990,
The functional foot orthosis.
"""

from __future__ import annotations
