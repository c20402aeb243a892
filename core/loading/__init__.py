"""The laboratory of DataLoader: Datasets to read in, a loop that takes its time, and what measures both."""
