"""Serves align: which way a foot lies, its frame, its side, its landmarks.

foot_pose          up and forward from the shape alone, weighed: profile, sole, cuts; and how sure that is
foot_profile       how like a foot a shape is: its profile of widths and heights
cut_ends           the cuts in which a surface ends, open or closed by a plane
foot_frame         the frame in which its own definition holds: pternion, second toe, ground (ISO 20685, ISO 7250-1)
side               left or right by a vote of what differs between the borders (naive Bayes)
landmarks          pternion, toe tips, metatarsals, support points; malleoli, skin markers, plantar surface beside them
lone_soles         a sole without the foot above it; foam_blocks, fused_plates: what carried it is taken away
open_boundaries    where a scan ends although the foot goes on; cut_off_ends: where a closed cut ran through them
foot_replicates    frames and landmarks on each jackknife replicate of the surface
"""
