"""Damage in FFV1 frames (RFC 9043), which FFmpeg decodes to something without a word."""

import zlib
from collections.abc import Iterator

REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
SIZE_BYTES, CHECKSUM_BYTES = 3, 5  # of a slice's footer: its size; its status and CRC-32


def checksums_hold(packet: bytes, has_footers: bool) -> bool | None:
    """Whether each slice of a frame matches its checksum; None for a damaged frame.

    Parameters
    ----------
    packet
        One frame.
    has_footers
        The stream has a configuration record, as from version 3 on; then every slice ends in its size.

    Returns
    -------
    bool or None
        True where all checksums are right; False where there are none, or wrong ones; None where the frame
        is all zeros (FFmpeg makes it and those after it black), or where its slices' sizes do not fill it.
    """
    if not packet.strip(b"\0"):
        return None
    if all(_crc_holds(data) for data in _slices(packet, SIZE_BYTES + CHECKSUM_BYTES)):
        return True
    if has_footers and b"" in _slices(packet, SIZE_BYTES) and b"" in _slices(packet, 8):
        return None
    return False


def _slices(packet: bytes, footer: int) -> Iterator[bytes]:
    """Slices with their footers, the last first; b"" where no slice of at least one byte can end."""
    end = len(packet)
    while end > 0:
        size = int.from_bytes(packet[max(end - footer, 0) : max(end - footer + SIZE_BYTES, 0)], "big")
        start = end - footer - size
        if size == 0 or start < 0:
            yield b""
            return
        yield packet[start:end]
        end = start


def _crc_holds(data: bytes) -> bool:
    """RFC 9043, 4.9.3: its CRC runs from the highest bit and starts at 0, zlib's the other way."""
    return bool(data) and zlib.crc32(data.translate(REVERSED_BITS), 0xFFFFFFFF) == 0xFFFFFFFF
