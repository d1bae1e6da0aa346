"""Solids between two height fields over one outline: what design, proof and export share.

plantar_height_field   the sole by vertical rays, holes bridged, noise smoothed
ball_erosion           the parallel surface: grey erosion with a ball (Serra 1982), exact between the nodes too
adaptive_samples, greedy_insertion, delaunay   triangles as large as a tolerance allows (Garland & Heckbert 1995; Lawson
                       1977, exact orient2d)
closed_solid, edge_rounding, letters   two sheets joined, the lower edge rounded, raised text
face_grid, probes, topology, self_intersection, curvature, resting_plane   what is measured back on the finished mesh
"""
