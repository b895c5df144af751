"""Read written videos back and look for what should not be there."""
