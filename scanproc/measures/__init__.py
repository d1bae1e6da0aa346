"""Serves measure: lengths, widths, girths, heights, angles and indices of a foot in its frame.

What each is, its words, norms and source, is a row of one table; a reading carries the geometry that it was read from.
Standard uncertainties are combined as in the GUM (JCGM 100:2008): replicates, surface, scale of the camera.
Definitions follow ISO 7250-1, Williams & McClay 2000, Cavanagh & Rodgers 1987; deviation compares two surfaces.
"""
