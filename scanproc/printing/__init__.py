"""Serves export: how parts are handed to a printer. Postures on the bed, what hangs over, what holds it up."""
