"""Depth images as organised point clouds: (H, W) float32 mm, 0 = none; pixel centres at integers.

images             unprojection, cropping, flying pixels
normals            planes fitted to inverse depth over sliding windows (integral images, as Holzer et al. 2012)
organised_clouds   loose clouds of a view as depth images again
silhouettes        the outline of what a camera saw: beyond it there is free space
view_image         a recorded frame in this form, whatever it was recorded in
"""
