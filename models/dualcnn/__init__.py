"""Two small networks that complete each other."""
