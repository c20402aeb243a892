"""Where to go next: one program for each next thing. They run alone, with torch and nothing else."""
