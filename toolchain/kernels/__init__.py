"""The integer graph as plain C: no allocation, no recursion, no library, the same integers."""
