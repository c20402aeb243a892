"""Short work in processes of its own, with limits."""
