"""Serves export: milling programs for three axes, proven on their own text before they are written.

Tool paths follow the drop-cutter: the lowest place of the cutter's tip over a spot is the grey dilation of the surface
by the cutter's shape. It is computed against the triangles themselves, not against a map of heights: trim lines and
letters are edges, and a map misses them by its step times the steepness of the cutter there. What is then removed is
simulated from the lines of the program on a map of the stock's heights (dexels).
Method: Choi and Jerard, Sculptured Surface Machining, 1998, chapters 5 to 7 and 9.
"""
