"""Sections that several pages have."""
