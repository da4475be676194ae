"""Records that cross a stage or a process."""
