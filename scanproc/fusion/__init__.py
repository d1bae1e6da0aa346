"""Serves surface: one mesh from posed depth images, and how sure it is.

posed_views            a depth image and its pose, the tangent plane of each pixel, and what a pixel weighs
tsdf                   truncated signed distances on sparse voxel blocks (Curless & Levoy 1996; KinectFusion, Newcombe
                       et al. 2011; voxel hashing, Niessner et al. 2013), measured to tangent planes
voxel_blocks           these blocks, their order and neighbours, and the distance field on them
dual_marching_cubes    its zero surface (Nielson 2004)
visibility             which views saw each vertex, how far off, and in which colour
jackknife              replicates of the surface from groups of views left out (Tukey 1958), and of what all views err
                       by alike: over a region, and by a stretch
border_morphology      dilation, erosion and opening of a mesh along its borders
"""
