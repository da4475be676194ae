"""FINN, behind one adapter: nothing else in the repository imports it."""
