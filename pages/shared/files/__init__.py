"""The page of files: choose a kept step, save it, look inside, load it, go on from it."""
