"""Serves insole: from a foot and its prescription to the surfaces that are asked of the shell.

A shell is two height fields over an outline (`solid`). sole, top: the plantar surface with the doses laid on as smooth
fields; trim_line, edge_profile, distal_edge, outline: where it ends; wall, underside: the even wall below it (ball
erosion), posts and marks; solid: both sheets as one closed mesh. Doses as labs write them: cast fill, Kirby skive,
intrinsic and extrinsic posts, pads (room `pads`). shape.design is the method in order.
"""

from __future__ import annotations
