"""Data sets that need no code: a recipe names a file or folder, and what of it is input and class.

One module a format: `npz`, `table` (CSV), `idx`, `image_folders`, `sounds` (WAV). Each reads a file or folder into
`Rows`; what they have in common is done behind them: windows, classes, splits, and integers of a few bits.
"""
