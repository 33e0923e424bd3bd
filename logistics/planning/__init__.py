"""The routing core: plain dataclasses in, a plan out. No Django here, and only `logistics.dispatch` imports it.

Times are whole seconds from the start of the horizon (local midnight of its first day), distances whole metres,
volumes whole litres, weights whole kilograms.
"""
