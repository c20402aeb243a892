"""Small programs that log: the first example, and what goes wrong, beside its cure. They run alone, outside the app."""
