"""Triangle meshes and the curves that planes cut from them: what all rooms below the stages share.

meshes             areas, normals, connected components, smoothing that keeps the form (twicing, Tukey 1977)
edges              directed edges by vertex; boundary edges have a face on one side only
hole_filling       small holes closed by thin plates of least squared Laplacian (Botsch et al., Polygon Mesh Processing)
sections           plane sections, and what a tape (convex hull), a caliper or a ruler reads on them
polygons           closed curves in the ground plane: offset, hull, union, arc-length sampling
polyline_distance  nearest place on a curve, and inside or outside, for hundred thousands of points
"""
