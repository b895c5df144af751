"""The secret key of the pseudonyms: made once, kept outside the results."""

import logging
import os
import secrets
from pathlib import Path

_LOG = logging.getLogger(__name__)

LEAST_BYTES = 32
VARIABLE = "ECHOCLR_PSEUDONYM_KEY"


def make_key(path: str | Path) -> None:
    """Write a new random key (32 bytes as 64 hex digits) to ``path``, readable by its owner alone.

    Raises FileExistsError if there is a file already: with another key every pseudonym would change.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(LEAST_BYTES) + "\n")


def load_key(file: str | Path | None = None, variable: str = VARIABLE) -> bytes:
    """The key from ``file`` or, if that is None, from the environment variable.

    Returns
    -------
    bytes
        At least 32 bytes, given as hex digits.

    Raises
    ------
    ValueError
        There is no key, or it is no hex number of at least 64 digits. The message never shows the key.
    """
    if file is not None:
        place = f"key file {file}"
        path = Path(file)
        if not path.is_file():
            raise ValueError(f"{place}: there is no such file; make one with `make_key`, once for the study")
        if path.stat().st_mode & 0o077:
            _LOG.warning("the pseudonym key file can be read by others; allowed is mode 0600")
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
    if len(key) < LEAST_BYTES:
        raise ValueError(f"{place}: {len(key)} bytes; allowed are {LEAST_BYTES} or more, as hex digits")
    return key
