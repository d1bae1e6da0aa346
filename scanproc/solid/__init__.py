"""solid."""
