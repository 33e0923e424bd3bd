"""Dates and times as the clock on the wall of a British store shows them: 24 hours."""
