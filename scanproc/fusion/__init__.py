"""Serves surface: one mesh from posed depth images, and how sure it is.

tsdf                   truncated signed distances on sparse voxel blocks (Curless & Levoy 1996; KinectFusion, Newcombe
                       et al. 2011; voxel hashing, Niessner et al. 2013), measured to tangent planes
dual_marching_cubes    its zero surface (Nielson 2004)
visibility             which views saw each vertex, and in which colour
jackknife              replicates of the surface from groups of views left out (Tukey 1958)
border_morphology      dilation and opening of a mesh along its borders
"""
