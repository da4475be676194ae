"""From captures to an all-integer network."""
