"""The review page: one HTML file with its pictures, which needs neither a server nor a network."""

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.digest import digest
from echoclr_core.common.files import atomic_path
from echoclr_core.deidentify.review.clips import REVIEW_CLIPS
from echoclr_core.deidentify.review.decisions import COLUMNS, Decision, decision_row
from echoclr_core.deidentify.review.page_script import SCRIPT

CLIPS_PER_PAGE = 200
FIRST = ("stale_decision", "burned_in_text", "no_sector", "ok", "rejected")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1b1f24;background:#fff}
header,main{max-width:76rem;margin:auto;padding:.5rem 1rem}
nav{position:sticky;top:0;background:#fff;border-bottom:1px solid #888;padding:.5rem 1rem;z-index:1}
.clip{display:flex;flex-wrap:wrap;gap:1rem;padding:1rem;border-top:1px solid #ccc}
.clip:focus{outline:3px solid #0550ae}
.clip svg{width:640px;max-width:100%;background:#000;touch-action:none}
.clip>div{flex:1 1 20rem}
.fitted{fill:none;stroke:#ffd33d;stroke-width:2;vector-effect:non-scaling-stroke}
.drawn{fill:#54aeff33;stroke:#54aeff;stroke-width:2;vector-effect:non-scaling-stroke}
.handle{fill:#54aeff;stroke:#fff;cursor:move}
button,input{font:inherit;margin:.1rem .2rem .1rem 0}
button[aria-pressed=true]{background:#0550ae;color:#fff}
input[name=geometry]{width:100%;box-sizing:border-box}
.wrong{color:#b00020}
code{overflow-wrap:anywhere}
kbd{border:1px solid #888;border-radius:3px;padding:0 .3em}"""
HELP = """<p>Each picture shows the brightest value of every pixel in any frame, before anything is masked: it
may show a name. Yellow is the fitted sector. <b>Accept</b> keeps the yellow sector, whatever text
was found (a written video stays as it is); <b>reject</b> leaves the video out; <b>correct</b> keeps
what you draw. What you decide stays in this browser until you download <code>decisions.csv</code>;
name that file in <code>deidentify.decisions</code> and run again.</p>
<p>Keys: <kbd>j</kbd> <kbd>k</kbd> next, previous; <kbd>n</kbd> next undecided; <kbd>a</kbd> accept;
<kbd>r</kbd> reject; <kbd>p</kbd> draw a polygon; <kbd>s</kbd> draw a sector; <kbd>u</kbd> undo.
Drawing: click adds a corner of a polygon, drag moves a point; or type the numbers: corners <code>x
y; x y; …</code>, or <code>apex x, apex y, left, right, inner, outer</code> (pixels; degrees from
straight down, positive to the right; radii in pixels).</p>"""


def write_pages(
    clips: pd.DataFrame,
    folder: str | Path,
    *,
    decisions: Mapping[str, Decision] | None = None,
    clips_per_page: int = CLIPS_PER_PAGE,
) -> list[Path]:
    """Write page_1.html, page_2.html, ... into a folder.

    Parameters
    ----------
    clips
        REVIEW_CLIPS.
    folder
        Keep it restricted: the pictures may show names.
    decisions
        Those in force. Each page holds all of them, so that a downloaded file is complete.
    clips_per_page
        At least 1. There is one page also where there is nothing to review.
    """
    clips = REVIEW_CLIPS.check(clips)
    order = {word: number for number, word in enumerate(FIRST)}
    clips = clips.assign(order=clips["outcome"].map(order).fillna(len(FIRST)))
    clips = clips.sort_values(["order", "video_id"], ignore_index=True).drop(columns="order")
    rows = [decision_row(decision) for decision in (decisions or {}).values()]
    identity = ["video_id", "outcome", "content", "mask"]
    store = digest([clips[identity].to_numpy().tolist(), rows])[:32]
    count = max(1, -(-len(clips) // clips_per_page))
    paths = [Path(folder) / f"page_{number + 1}.html" for number in range(count)]
    for number, path in enumerate(paths):
        part = clips.iloc[number * clips_per_page : (number + 1) * clips_per_page]
        data = {"columns": COLUMNS, "store": store, "rows": rows, "clips": _for_script(part)}
        with atomic_path(path) as temporary:
            temporary.write_text(_page(data, number + 1, count, len(clips)), encoding="utf-8")
    return paths


def _for_script(clips: pd.DataFrame) -> list[dict[str, Any]]:
    """The clips as JSON values; outlines as lists of points."""
    return [{**row, "outline": json.loads(row["outline"])} for row in clips.to_dict("records")]


def _page(data: dict[str, Any], number: int, count: int, clips: int) -> str:
    links = " ".join(
        f"<b>{page}</b>" if page == number else f'<a href="page_{page}.html">{page}</a>'
        for page in range(1, count + 1)
    )
    pages = f"<p>Page {links}. On the next page, first open the decisions.csv of this one.</p>"
    text = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Review of deidentified videos</title><style>{STYLE}</style>"
        f"<header><h1>Review of deidentified videos</h1><p>{clips} videos to look at.</p>"
        f"{HELP}{pages if count > 1 else ''}</header>"
        '<nav><button id="download">Download decisions.csv</button> '
        '<label>Open decisions.csv <input id="open" type="file" accept=".csv"></label> '
        '<span id="state" role="status"></span></nav><main id="clips"></main>'
        f'<script type="application/json" id="data">{text}</script><script>{SCRIPT}</script></html>'
    )
