"""What every model's training has in common: data sets, loop, metrics."""
