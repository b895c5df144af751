"""One self-contained HTML page: text, key numbers, figures, tables. Nothing is loaded from anywhere."""

import base64
import io
import numbers
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from docutils.core import publish_parts
from docutils.utils import SystemMessage
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from echoclr_core.common.files import atomic_path
from echoclr_core.reporting.style import DPI, settle_layout, styled
from echoclr_core.reporting.tables import ABSENT, printed

MEDIA = {".png": "image/png", ".gif": "image/gif", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
FILMS = {".mp4": "video/mp4"}
CSS_DPI = 96
LARGE_PNG = 300_000  # bytes
JPEG_QUALITY = 90


@dataclass(frozen=True, kw_only=True)
class Text:
    """A passage in reStructuredText."""

    rst: str


@dataclass(frozen=True, kw_only=True)
class KeyNumbers:
    """A row of large numbers: (value, what it is)."""

    items: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure: an image file (PNG, GIF, JPEG) or a matplotlib Figure.

    Parameters
    ----------
    source
        Path or Figure.
    title
        "Figure 2. Label efficiency": printed bold before the caption.
    alt
        What is to be seen, for those who cannot see it. Must not be empty.
    caption
        reStructuredText.
    """

    source: str | Path | Figure
    title: str
    alt: str
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Movie:
    """A film: an MP4 file. It never starts by itself.

    Parameters
    ----------
    source
        Path.
    title, alt, caption
        As in :class:`Picture`.
    """

    source: str | Path
    title: str
    alt: str
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """A table: the frame's columns as they stand, without those that are for machines only.

    Parameters
    ----------
    frame
        Values are shown as text, missing ones as "–".
    title, caption
        As in :class:`Picture`.
    group
        Show a value of the first column once for the run of rows that repeat it.
    spans
        First words of column names, as "Internal": neighbouring columns that share one get a common heading
        above, and keep the rest of their names.
    links
        Columns of relative links (a file, a place on a page, or both), or empty cells.
    """

    frame: pd.DataFrame
    title: str
    caption: str = ""
    group: bool = False
    spans: Sequence[str] = ()
    links: Sequence[str] = ()


Block = Text | KeyNumbers | Picture | Movie | DataTable


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, its blocks, and sub-sections (one level)."""

    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    sections: Sequence["Section"] = field(default_factory=tuple)


def build_report(
    path: str | Path,
    *,
    title: str,
    lead: str,
    sections: Sequence[Section],
    facts: Sequence[tuple[str, str]] = (),
    footer: str = "",
) -> Path:
    """Write the report to ``path`` (atomically) and return it.

    Parameters
    ----------
    path
        The HTML file.
    title
        Heading and window title; plain text.
    lead
        reStructuredText below the title: what this is and what came out.
    sections
        In reading order; each gets an entry in the table of contents.
    facts
        (name, value) lines under the lead: study, date, version, digest.
    footer
        reStructuredText at the foot.

    Raises
    ------
    ValueError
        A picture that is missing or of an unknown kind, an empty alt text, faulty reStructuredText, a
        section without a title, or no section at all.
    """
    if not sections:
        raise ValueError("report: no sections")
    used: set[str] = set()
    context = {
        "title": title,
        "lead": render_rst(lead),
        "facts": facts,
        "sections": [_section(section, used) for section in sections],
        "footer": render_rst(footer) if footer else "",
    }
    environment = Environment(
        loader=PackageLoader("echoclr_core.reporting", "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("report.html.j2").render(context)
    path = Path(path)
    with atomic_path(path) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return path


def render_rst(text: str) -> Markup:
    """HTML of a reStructuredText passage; ValueError with docutils' message if it is faulty.

    Raw HTML, file inclusion and images are off: a caption cannot load anything.
    """
    settings = {
        "raw_enabled": False,
        "file_insertion_enabled": False,
        "report_level": 2,
        "halt_level": 2,
        "warning_stream": io.StringIO(),
        "math_output": "MathML",
        "initial_header_level": 4,
        "doctitle_xform": False,
        "smart_quotes": False,
    }
    try:
        body = publish_parts(text, writer="html5", settings_overrides=settings)["body"]
    except SystemMessage as error:
        raise ValueError(f"report: faulty reStructuredText: {error}") from error
    if re.search(r"<(img|object|script|iframe|video|audio|link)\b", body):
        raise ValueError("report: text must not embed images or other resources; use a Picture")
    return Markup(body)


def embed(
    source: str | Path | Figure, allowed: Mapping[str, str] = MEDIA
) -> tuple[str, int | None, int | None]:
    """A data URI with its size in CSS pixels (None where the file does not tell: not a PNG)."""
    if isinstance(source, Figure):
        data, media = _png_of(source), MEDIA[".png"]
    else:
        path = Path(source)
        media = allowed.get(path.suffix.lower(), "")
        if not media:
            raise ValueError(f"report: picture {path.name}: allowed are {sorted(allowed)}")
        if not path.exists():
            raise ValueError(f"report: picture {path.name} does not exist")
        data = path.read_bytes()
    width = height = None
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        width, height = (round(n * CSS_DPI / DPI * 1.25) for n in struct.unpack(">II", data[16:24]))
        data, media = _lighter(data, media)
    return f"data:{media};base64,{base64.b64encode(data).decode()}", width, height


def _lighter(png: bytes, media: str) -> tuple[bytes, str]:
    """A large picture of ultrasound frames as JPEG, so that the page can be sent; line drawings stay PNG."""
    if len(png) < LARGE_PNG:
        return png, media
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY)
    jpeg = buffer.getvalue()
    return (jpeg, MEDIA[".jpg"]) if len(jpeg) < len(png) / 2 else (png, media)


@styled
def _png_of(figure: Figure) -> bytes:
    settle_layout(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def _section(section: Section, used: set[str]) -> dict:
    if not section.title.strip():
        raise ValueError("report: a section without a title")
    return {
        "title": section.title,
        "id": _slug(section.title, used),
        "blocks": [_block(block) for block in section.blocks],
        "sections": [_section(inner, used) for inner in section.sections],
    }


def _block(block: Block) -> dict:
    if isinstance(block, Text):
        return {"kind": "text", "html": render_rst(block.rst)}
    if isinstance(block, KeyNumbers):
        return {"kind": "numbers", "items": list(block.items)}
    caption = render_rst(block.caption) if block.caption else ""
    if isinstance(block, Picture | Movie):
        if not block.alt.strip():
            raise ValueError(f"report: {block.title!r} has no alternative text")
        allowed = MEDIA if isinstance(block, Picture) else FILMS
        uri, width, height = embed(block.source, allowed)
        size = {"uri": uri, "width": width, "height": height}
        kind = "picture" if isinstance(block, Picture) else "movie"
        return {"kind": kind, "title": block.title, "alt": block.alt, "caption": caption, **size}
    assert isinstance(block, DataTable), f"unknown block {type(block)}"
    frame = printed(block.frame)
    return {
        "kind": "table",
        "title": block.title,
        "caption": caption,
        "spans": _spans([str(name) for name in frame.columns], block.spans),
        "rows": _rows(frame, group=block.group, links=block.links),
    }


def _link(target: str) -> Markup | str:
    """The cell of a link, shown by its place or its file."""
    if not target:
        return ABSENT
    if not re.fullmatch(r"[\w./-]*(#[a-z0-9-]+)?", target):
        raise ValueError(f"report: {target!r} is no relative link")
    page, _, place = target.partition("#")
    return Markup('<a href="{}">{}</a>').format(target, place.replace("-", " ") or page)


def _spans(columns: list[str], prefixes: Sequence[str]) -> list[dict]:
    """Runs of columns: ``title`` of the common heading ("" for none) and the ``columns`` under it."""
    runs: list[dict] = []
    for name in columns:
        title = next((p for p in prefixes if name.startswith(f"{p} ")), "")
        short = name.removeprefix(f"{title} ") if title else name
        if title and runs and runs[-1]["title"] == title:
            runs[-1]["columns"].append(short)
        else:
            runs.append({"title": title, "columns": [short]})
    return runs


def _rows(frame: pd.DataFrame, *, group: bool, links: Sequence[str]) -> list[dict]:
    """Rows of cells; ``span`` is how many rows the first cell covers, 0 where an earlier one covers it."""
    cells = [
        [
            _link(value) if name in links else ABSENT if value is None or pd.isna(value) else _cell(value)
            for name, value in zip(frame.columns, row, strict=True)
        ]
        for row in frame.itertuples(index=False)
    ]
    rows = [{"cells": row, "span": 1, "first": True} for row in cells]
    if group:
        start = 0
        for i in range(1, len(rows)):
            if cells[i][0] == cells[start][0]:
                rows[start]["span"] += 1
                rows[i].update(span=0, first=False)
            else:
                start = i
    return rows


def _cell(value) -> str:
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    if isinstance(value, numbers.Real):
        return f"{float(value):,.3f}"
    return str(value)


def _slug(title: str, used: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"
    slug, k = base, 2
    while slug in used:
        slug, k = f"{base}-{k}", k + 1
    used.add(slug)
    return slug
