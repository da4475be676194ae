"""Why a build is as fast and as large as it is, by what it wrote and by the searches that folded it."""
