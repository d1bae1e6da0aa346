"""Serves clean: which pixels of a view are the foot's.

Planes by RANSAC with a refit to the inliers (Fischler & Bolles 1981), clipping by them, connected components of the
organised image (union-find, cut where the depth jumps), features of each component, and the choice of those that are
the foot's over all views: large, central, standing on the floor. Tabletop segmentation as in PCL's tutorial.
joined_feet parts two feet again that fusion has joined (watershed on the ground plan).
"""
