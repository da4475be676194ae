"""How much a capture may hold: every bound of the readers, so that no file fills the memory or never ends.

At these bounds the readers stay below 2 GiB. The largest published capture has 4.6 million frames of some 90 bytes.
"""

from __future__ import annotations

# Lines or frames of one capture, and frames of all captures of a folder.
MOST_LINES = 1 << 24
MOST_FRAMES = 1 << 24
MOST_FRAMES_TOGETHER = 1 << 25

# Bytes of one capture, unpacked.
MOST_BYTES = 1 << 32

# A packed capture may unpack to so many bytes, and to so many more for each byte that it takes packed. Real ones unpack
# to 7 to 10 times as much; deflate itself gets to 1,032.
FREE_BYTES = 1 << 24
MOST_DENSE = 100

LONGEST_LINE = 1 << 14

# Characters of a number or a mark; a longer field is neither.
LONGEST_WORD = 40

# Files below a folder, members of its zip files included.
MOST_FILES = 4096

# Buses of one capture, and captures of a folder, each bus being one: their numbers have 16 bits.
MOST_CHANNELS = 64
MOST_CAPTURES = (1 << 16) - 1

# Columns of a table.
MOST_COLUMNS = 256

# Bytes of one object of a BLF file, packed or not.
MOST_OBJECT_BYTES = 1 << 24

# Bytes of one value, and of the file, of a database, and steps of its engine: some twenty for each frame.
MOST_VALUE_BYTES = 1 << 12
MOST_DATABASE_BYTES = 1 << 31
MOST_STEPS = 1 << 29

# Bytes of a sidecar, and seconds until somebody writes into a pipe.
MOST_SIDECAR_BYTES = 1 << 24
PIPE_SECONDS = 10.0
