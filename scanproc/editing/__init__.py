"""A prescription while it is edited: its fields as a form, landmarks, undo, a proven preview, and what it differs from.

Nothing here draws or writes; `window/` shows it.
"""
