"""The encoding of a text file that people bring."""

import codecs

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
SAMPLE = 1000  # bytes


def decode_text(content: bytes) -> tuple[str, str]:
    """(text, name of its encoding): "utf-8", "UTF-16" or "Windows code page 1252".

    A byte order mark decides; without one UTF-16 shows by the zero bytes of its Latin letters. What is
    neither UTF-8 nor UTF-16 is code page 1252, as spreadsheets of Western Europe and America write it, unless
    it holds a byte that this one does not know.

    Raises
    ------
    ValueError
        If it is none of these. The message holds no part of the text.
    """
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return _decode(content, encoding), "utf-8" if encoding == "utf-8-sig" else "UTF-16"
    sample = content[:SAMPLE]
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if zeros and zeros.count(0) > len(zeros) / 2:
            return _decode(content, encoding), "UTF-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _decode(content, "cp1252"), "Windows code page 1252"
    return _decode(content, "utf-8"), "utf-8"


def _decode(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("the file is neither UTF-8 nor UTF-16 nor code page 1252 text") from None
    if "\0" in text:
        raise ValueError("the file holds zero bytes and is no text")
    return text
