"""Serves insole: every dose that an orthotist can ask, with its unit, range and reason; the rules between doses.

fields: the doses flat, as users give them, and one foot's by groups, as design and proof are handed them.
device, doses (and the room `pads`): the groups. presets, files, sides: where values come from, what lies over what.
resolve: what was left open, by labs' tables (materials), the arch (high_arch) and another scan. rules: what is refused.
"""

from __future__ import annotations
