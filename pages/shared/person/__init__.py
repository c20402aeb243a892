"""Who looks at the app: a person's session, preferences and language."""
