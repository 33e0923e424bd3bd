"""Makes every mode of this app known to the registry."""

from equipment.scanning import counting, moving, putting_away, returns, testing, washing

__all__ = ["counting", "moving", "putting_away", "returns", "testing", "washing"]
