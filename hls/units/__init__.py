"""Hardware units: one file a node kind of the integer graph."""
