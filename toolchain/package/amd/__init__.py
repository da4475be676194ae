"""Packages of AMD boards: the hand-off that Vivado finishes elsewhere, and what goes onto the board."""
