"""Search everything that a run wrote for words: tables, arrays and containers decoded, names included."""

import base64
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "iso8859-2", "gb18030", "shift_jis")


def forms(word: str) -> set[bytes]:
    """The bytes in which a word may stand in a file: encodings, escapes, percent signs, and Base64."""
    found = set()
    for encoding in ENCODINGS:
        try:
            found.add(word.encode(encoding))
        except UnicodeEncodeError:
            continue
    found |= {json.dumps(word)[1:-1].encode(), word.encode("ascii", "backslashreplace")}
    found |= {word.encode("ascii", "xmlcharrefreplace"), quote(word).encode()}
    return found


def found_in(words: Iterable[str], files: Iterable[tuple[str, bytes]]) -> set[tuple[str, str]]:
    """(place, word) of every word that stands in any of the named contents or in a name."""
    wanted = {word: forms(word) for word in words}
    hits = set()
    for place, content in files:
        for part in (place.encode("utf-8", "surrogatepass"), *parts(place, content)):
            hits |= {(place, word) for word, shapes in wanted.items() if any(one in part for one in shapes)}
    return hits


def files_below(*tops: Path, leave_out: Iterable[str] = ("restricted",)) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file below the folders, but those in folders named in ``leave_out``."""
    for top in tops:
        for path in sorted(top.rglob("*")):
            parts_below = path.relative_to(top).parts
            if path.is_file() and not set(parts_below) & set(leave_out):
                yield str(path.relative_to(top)), path.read_bytes()


def parts(name: str, content: bytes) -> Iterator[bytes]:
    """A content as it is, and everything in it that is packed: tables, archives, streams, Base64."""
    yield content
    suffix = Path(name).suffix
    if suffix == ".parquet":
        yield _text_of_table(pd.read_parquet(io.BytesIO(content)))
    elif suffix in (".npz", ".npy"):
        loaded = np.load(io.BytesIO(content))
        arrays = [loaded[key] for key in loaded] if suffix == ".npz" else [loaded]
        yield "\n".join(str(array.tolist()) for array in arrays if array.dtype.kind in "US").encode()
    elif content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    elif content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(one) for one in archive.namelist())
    elif content[:5] == b"%PDF-":
        for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
            yield zlib.decompressobj().decompress(stream) if stream[:1] == b"x" else stream
    yield from _base64_in(Path(name).name.encode() + b"\n" + content)


def _base64_in(content: bytes) -> Iterator[bytes]:
    """What runs of 24 and more letters of Base64 stand for, as names of metadata and images in pages are."""
    for run in re.findall(rb"[A-Za-z0-9+/_-]{24,}", content):
        letters = run.translate(bytes.maketrans(b"-_", b"+/"))
        yield base64.b64decode(letters[: len(letters) // 4 * 4])


def _text_of_table(table: pd.DataFrame) -> bytes:
    return (table.to_csv() + json.dumps({str(k): str(v) for k, v in table.attrs.items()})).encode()
