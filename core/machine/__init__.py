"""What this machine has to compute with, and measurements of it."""
