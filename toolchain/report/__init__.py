"""What builds came to, for people and for programs."""
