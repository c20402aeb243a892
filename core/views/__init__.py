"""What a network looks like inside, as arrays for the screen."""
