"""Find text inside what would be kept."""
