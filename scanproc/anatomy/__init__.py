"""Serves align: which way a foot lies, its frame, its side, its landmarks.

foot_pose          up and forward from the shape alone, by a foot's profile of widths and heights
foot_frame         the frame in which its own definition holds: pternion, second toe, ground (ISO 20685, ISO 7250-1)
side               left or right by a vote of what differs between the borders (naive Bayes)
landmarks          pternion, toe tips, metatarsals, support points; malleoli, skin markers, plantar surface beside them
open_boundaries    where a scan ends although the foot goes on
foot_replicates    frames and landmarks on each jackknife replicate of the surface
"""
