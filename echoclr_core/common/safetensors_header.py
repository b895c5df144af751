"""The size of a safetensors file's header, looked at before a library parses it."""

from pathlib import Path

MAX_BYTES = 4 * 2**20  # some 50,000 tensors; the largest networks here have a thousand


def check_header_size(path: Path) -> None:
    """Raise ValueError for a header that takes minutes and gigabytes to parse.

    The format allows 100 MB, which hold a million tensors without values. A length that the file does not
    have passes: reading the file fails at once.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
    if MAX_BYTES < size <= path.stat().st_size:
        raise ValueError(f"{path.name}: its header has {size} bytes; allowed are at most {MAX_BYTES}")
