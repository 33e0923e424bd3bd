"""The demonstration's invented county and its story. Only the commands `seed_demo` and `tell_demo` import it."""
