"""Parts of the simulator of recordings: cameras, how they are carried, bodies, rays, noise. Used by `simulate.py`."""
