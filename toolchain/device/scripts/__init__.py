"""The programs that a package holds at its top."""
