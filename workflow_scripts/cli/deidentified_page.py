"""The page of `echoclr deidentify`: what became of every file, the audit's verdict, the contact sheet."""

import base64
import html
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;padding:1rem;color:#1b1f24}
table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #ddd}
img{max-width:100%;height:auto}code{overflow-wrap:anywhere}"""
PAGES = "results/deidentified/restricted/review"
OUTCOMES = "docs/errors.md of the repository says what each outcome means and what can be done."


@dataclass(frozen=True, kw_only=True)
class Page:
    """What was written: one line for the terminal."""

    summary: str


def write_page(results: Path, page: Path) -> Page:
    """Write the page from the tables of a run, finished or not; it holds no identifier and no source path."""
    tables = sorted(results.glob("deidentified/[0-9]*.parquet"))
    shards = len(list(results.glob("restricted/catalog/[0-9]*.parquet")))
    files = pd.concat([pd.read_parquet(path) for path in tables]) if tables else pd.DataFrame()
    counts = files["outcome"].value_counts() if len(files) else pd.Series(dtype=int)
    written = int(counts.get("ok", 0))
    verdict = _verdict(results / "deidentified" / "audit.json")
    unfinished = "" if tables and len(tables) == shards else f" ({len(tables)} of {shards} shards are done)"
    summary = f"{len(files)} files, {written} videos written{unfinished}; {verdict}"
    rows = "".join(f"<tr><td>{html.escape(str(name))}</td><td>{n:,}</td></tr>" for name, n in counts.items())
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Deidentified videos</title><style>{STYLE}</style><h1>Deidentified videos</h1>"
        f"<p>{html.escape(summary)}</p>"
        f"<h2>Files</h2><table><tr><th>outcome</th><th>files</th></tr>{rows}</table><p>{OUTCOMES}</p>"
        "<h2>Where things are</h2><ul>"
        "<li><code>results/deidentified/deidentified/&lt;shard&gt;/</code>: the videos, and beside it a "
        "table with one row a source file, under pseudonyms</li>"
        "<li><code>results/deidentified/restricted/crosswalk.parquet</code>: pseudonym to file and patient; "
        "the folders called <code>restricted</code> hold identifiers and never leave the hospital</li>"
        f'<li><a href="{PAGES}/pages/page_1.html">Review page</a>: quarantined and doubtful videos, on which '
        "a person accepts, rejects or corrects; run again with <code>--decisions decisions.csv</code></li>"
        f'<li><a href="{PAGES}/contact_sheet/page_1.html">Contact sheet</a> of up to 400 audited videos'
        "</li></ul>"
        f"<h2>Contact sheet</h2>{_picture(results / 'figures' / 'contact_sheet.png')}"
        "<p>The brightest value over time of 30 audited videos, those that the audit objects to first. "
        "Look at it before the videos leave the hospital.</p></html>"
    )
    page.write_text(text, encoding="utf-8")
    return Page(summary=summary)


def _verdict(audit: Path) -> str:
    if not audit.is_file():
        return "the audit has not passed: do not hand the videos on"
    found = json.loads(audit.read_text(encoding="utf-8"))
    return f"the audit passed: {found['clean']} of {found['audited']} audited videos are clean"


def _picture(path: Path) -> str:
    if not path.is_file():
        return "<p>It was not drawn yet.</p>"
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<img alt="one frame of each audited video" src="data:image/png;base64,{data}">'
