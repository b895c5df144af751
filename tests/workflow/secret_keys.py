"""Keys of the pseudonyms for tests: as a user makes them, but the same each time."""

import hashlib


def write_key(path, seed="test"):
    """Write a key that only its owner can read."""
    path.write_text(hashlib.sha256(seed.encode()).hexdigest())
    path.chmod(0o600)
