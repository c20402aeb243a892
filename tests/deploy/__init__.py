"""The ways in which schools run it: each file is read, and what it says is carried out."""
