"""Serves register: the pose of every view, T_common_camera, without any first guess.

incremental        views are registered one after the other against a submap of those that have a pose: start rotations,
                   ICP against a grid of nearest points (grid_icp), agreement by inliers and free-space violations
first_noise        how far neighbours lie from each other where they fit: the tolerance of a noisy recording's first
                   places
depth_noise        how noise grows with depth: far points weigh less in the alignment, and may lie farther off
submap_merging     groups of views that fit together are brought to one another as wholes
pose_graph         all overlapping pairs at once: point-to-plane projective ICP (Chen & Medioni 1992; Blais & Levine
                   1995), robust Gauss-Newton on the normal equations of all poses, by conjugate gradients
pair_statistics    overlap, consistency, residual and strain of each pair of views, by which views are rejected
movement           two groups of views that see two surfaces, by the distances of views in each region of the foot
                   (regional_distances); the larger group stays (still_views)
feet_apart         two feet that moved against each other, parted by a plane (dividing_planes; Fisher 1936): each by
                   itself, if that eases the strain far more than parting them across does
"""
