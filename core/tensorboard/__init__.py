"""What TensorBoard reads: event files, written and read."""
