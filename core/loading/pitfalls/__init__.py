"""Small programs in which something goes wrong on purpose, each beside its cure. They run alone, outside of the app."""
