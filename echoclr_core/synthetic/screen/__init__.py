"""The picture around the fan, as vendors draw it."""
