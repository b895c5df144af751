"""The secret key of the pseudonyms: made once, kept outside the results."""

import hashlib
import itertools
import os
import secrets
from pathlib import Path

MIN_BYTES = 32
MIN_DISTINCT = 20  # different bytes; 32 random bytes have fewer once in some 10**9 keys
MIN_STEPS = 16  # different differences between neighbouring bytes
SYNTHETIC_SEEDS = 10_000
VARIABLE = "ECHOCLR_PSEUDONYM_KEY"


def make_key(path: str | Path) -> None:
    """Write a new random key (32 bytes as 64 hex digits) to ``path``, readable by its owner alone.

    Raises FileExistsError if there is a file already: with another key every pseudonym would change.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(MIN_BYTES) + "\n")


def load_key(file: str | Path | None = None, variable: str = VARIABLE) -> bytes:
    """The key from ``file`` or, if that is None, from the environment variable.

    Returns
    -------
    bytes
        At least 32 bytes, given as hex digits.

    Raises
    ------
    ValueError
        There is no key, others than its owner can read its file, it is no hex number of at least 64 digits,
        or nobody drew it at random: it has few different bytes, or is a series or a text. The message never
        shows the key.
    """
    if file is not None:
        place = f"key file {file}"
        path = Path(file)
        if not path.is_file():
            raise ValueError(f"{place}: there is no such file; make one with `make key`, once for the study")
        if path.stat().st_mode & 0o077:
            raise ValueError(
                f"{place}: others can read it (mode {path.stat().st_mode & 0o777:04o}); allowed is mode 0600 "
                f"(`chmod 600`); where a file system has no modes, set the environment variable {variable}"
            )
        text = path.read_bytes().decode("ascii", errors="replace")
    else:
        place = f"environment variable {variable}"
        text = os.environ.get(variable, "")
        if not text.strip():
            raise ValueError(f"no pseudonym key: name a key file, or set the {place}")
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        raise ValueError(f"{place}: not a hex number; allowed are 64 or more hex digits") from None
    if len(key) < MIN_BYTES:
        raise ValueError(f"{place}: {len(key)} bytes; allowed are {MIN_BYTES} or more, as hex digits")
    _check_randomness(key, place)
    return key


def synthetic_key(seed: int) -> str:
    """The key of the synthetic cohort of a seed, 64 hex digits: everybody can compute it."""
    return hashlib.sha256(f"synthetic cohort {seed}".encode()).hexdigest()


def is_synthetic_key(key: bytes) -> bool:
    """Whether a key is that of a synthetic cohort (seed below SYNTHETIC_SEEDS)."""
    return key.hex() in map(synthetic_key, range(SYNTHETIC_SEEDS))


def _check_randomness(key: bytes, place: str) -> None:
    """ValueError for a key that somebody could guess; random ones pass but for one in some 10**9."""
    if len(set(key)) < MIN_DISTINCT:
        raise ValueError(
            f"{place}: too few different bytes ({len(set(key))}) for a random key, so that it could be "
            f"guessed; allowed are {MIN_DISTINCT} or more: make a key with `make key`"
        )
    steps = {(after - before) % 256 for before, after in itertools.pairwise(key)}
    guessed = "form a series" if len(steps) < MIN_STEPS else "are those of a text" if key.isascii() else None
    if guessed:
        raise ValueError(f"{place}: its bytes {guessed}; allowed is a random key: make one with `make key`")
