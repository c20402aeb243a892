"""What breaks the app, done to a real server: see `python -m tests.faults --help`."""
