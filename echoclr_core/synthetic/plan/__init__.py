"""Who is examined when, and which videos a study holds."""
