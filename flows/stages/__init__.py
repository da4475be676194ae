"""One module a stage: `run(context)` calls the rooms that do the work, and says what came out."""
