"""Serves export: how a part is handed to a printer. Its postures on the bed, what of it hangs over, what holds it up."""
