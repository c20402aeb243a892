"""Small programs in which something goes wrong on purpose, each beside its remedy. They run without the app."""
