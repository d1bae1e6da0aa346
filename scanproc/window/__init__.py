"""The window in which a scan is looked at, measured by hand, cut, and its landmarks are moved.

What is shown are the layers of `views.display`; VTK draws them in `views.canvas`. Here is what keys and mouse do, and
what is written over and beside the scene: plain data and pure functions, but for `viewer.py`, which holds the state.
"""
