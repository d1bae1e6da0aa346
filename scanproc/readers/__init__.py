"""Readers of the forms that a recording comes in: depth images, clouds, finished meshes. Used by `scan.py` alone."""
