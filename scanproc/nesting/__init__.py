"""Serves making: several parts on one block or one print bed, none over another, on the least stock.

Outlines are laid out by their true shape on a map of cells: where a part may lie is the correlation of what is taken
with its own cells, for all places at once. Cells that an outline touches at all count as its own, so that parts keep
the asked distance whatever the size of cells; it is proven on the outlines themselves.
Method: Bennell and Oliveira, The geometry of nesting problems, 2008 (raster methods; bottom-left placement).
"""
