"""What becomes files: artifacts as PLY, JSON, CSV, NPZ (the same artifact, the same bytes); solids as STL, 3MF, DXF."""
