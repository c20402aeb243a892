"""Pictures that several pages show."""
