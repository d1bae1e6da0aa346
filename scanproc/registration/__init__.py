"""Serves register: the pose of every view, T_common_camera, without any first guess.

What views are made into
sampled_views        levelled, stacked and sampled at three spacings, with their rims and without
stacked_views        all images, and all samples, end to end in flat arrays, as compiled loops want them
depth_noise          how noise grows with depth: far points weigh less in the alignment, and may lie farther off

How two or more views are compared and aligned
point_to_plane       what alignment is made of, within compiled loops: moving points, adding up distances, one step
projective_icp       points of a view against the image of another (Blais & Levine 1995; Chen & Medioni 1992):
                     equations, inliers and free-space violations
grid_icp             points of a view against a grid of a model's nearest points, from many starts
view_pairs           which pairs of views are compared; counts and equations of all pairs
agreement            how well a view fits a submap of placed views, by inliers and free-space violations
pair_statistics      overlap, consistency, residual and strain of each pair of views, by which views are rejected

First places
turn_or_search       which comes first, one turn in even steps or the search, and which of the two stands
turntable            all poses from one turn round an axis
global_registration  the search: what is beyond doubt first, then groups, then what is left
first_noise          how far neighbours lie from each other where they fit: the tolerance of a noisy recording's search
incremental          views are registered one after the other against a submap of those that have a pose
candidates           where one view fits a submap best: grid_icp from many starts (start_rotations), the best judged
submap_merging       groups of views that fit together are brought to one another as wholes

Alignment of all views
joint_alignment      rounds with narrowing gates; the rim term; whether the focal length is wrong
pose_graph           one round: all overlapping pairs at once, robust Gauss-Newton on the poses of all views
normal_equations     its solver, by conjugate gradients
shared_terms         one number more that all views share, found with the poses: the rim term, the focal length
settling             the last rounds: poses down to the noise, and the views that do not fit dropped

Which views stay
judgement            by overlap, consistency and residual; the noise and the strain of a recording
strangers            a view that contradicts nobody but lies off, such as one of another's foot
still_views          a foot that moved: of two groups of views that see two surfaces the larger one stays
movement             the two groups, by the distances of views in each region of the foot (regional_distances)
bending              a joint that bent, solved for with the poses (regional_equations), about an axis of foot_axes
feet_apart           two feet that moved against each other, parted by a plane (dividing_planes; Fisher 1936): each by
                     itself, if that eases the strain far more than parting them across does

What comes of it
turn_axis            the axis that all cameras went round, which is upright where no floor was seen
rejections           why a view is rejected, in words
refusals             why a recording is refused, in words
"""
