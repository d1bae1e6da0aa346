"""Insoles of one scan side by side: which there are, what one has that another has not, and series over a dose."""
