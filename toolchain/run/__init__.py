"""Running what was built: a test set through a board, virtual boards, and boards reached by SSH."""
