"""The outside world, one module for each: places, messages, road times."""
