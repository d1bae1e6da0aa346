"""A prescription while it is edited: its fields as a form, undo, a proven preview, the difference to what was saved.

Nothing here draws or writes; `window/` shows it.
"""
