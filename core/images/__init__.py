"""What the experiments on images share: their settings, and what a viewer may look at."""
