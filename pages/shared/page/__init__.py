"""What every page is built of: its frame, its top, its row of sections."""
