"""From a scene to the pixels of a fan."""
