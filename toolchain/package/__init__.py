"""The board package: everything a person needs beside the board, each file with its SHA-256."""
