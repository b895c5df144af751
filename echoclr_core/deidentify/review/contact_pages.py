"""The contact sheet as pages: the brightest value over time of audited videos, at readable size."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from echoclr_core.common.files import atomic_path

MAX_VIDEOS, VIDEOS_PER_PAGE = 400, 100
JPEG_QUALITY = 80
STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:1rem;color:#1b1f24;background:#fff}
main{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0;width:640px;max-width:100%}
img{width:100%}figcaption{overflow-wrap:anywhere}.objected{outline:4px solid #b00020}"""


def write_contact_pages(
    audit: pd.DataFrame, pictures: Sequence[NDArray[np.uint8]], folder: str | Path
) -> list[Path]:
    """Write page_1.html, ... into a folder: all videos that the audit objects to, then others, evenly chosen.

    Parameters
    ----------
    audit
        AUDIT rows.
    pictures
        One (480, 640) uint8 a row, see :func:`echoclr_core.deidentify.audit.shard.audit_shard`.
    folder
        Keep it restricted: a picture may show text that should not be there.
    """
    wrong = np.flatnonzero(audit["outcome"] != "clean")
    clean = np.flatnonzero(audit["outcome"] == "clean")
    left = min(max(MAX_VIDEOS - len(wrong), 0), len(clean))
    spread = clean[np.linspace(0, max(len(clean) - 1, 0), left).round().astype(int)]
    chosen = [*wrong, *spread]
    count = max(1, -(-len(chosen) // VIDEOS_PER_PAGE))
    paths = [Path(folder) / f"page_{number + 1}.html" for number in range(count)]
    for number, path in enumerate(paths):
        part = chosen[number * VIDEOS_PER_PAGE : (number + 1) * VIDEOS_PER_PAGE]
        figures = "".join(_figure(audit.iloc[i], pictures[i]) for i in part)
        with atomic_path(path) as temporary:
            temporary.write_text(_page(figures, number + 1, count, len(audit)), encoding="utf-8")
    return paths


def _figure(row: pd.Series, picture: NDArray[np.uint8]) -> str:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done
    outcome = row["outcome"].replace("_", " ")
    kind = "" if row["outcome"] == "clean" else ' class="objected"'
    words = html.escape(f"{row['video_id']}: {outcome}")
    source = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return f'<figure{kind}><img alt="{words}" src="{source}"><figcaption>{words}</figcaption></figure>'


def _page(figures: str, number: int, count: int, audited: int) -> str:
    links = " ".join(
        f"<b>{page}</b>" if page == number else f'<a href="page_{page}.html">{page}</a>'
        for page in range(1, count + 1)
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Contact sheet</title><style>{STYLE}</style><h1>Contact sheet</h1>"
        f"<p>Of {audited} audited videos those that the audit objects to come first. Each picture shows the "
        f"brightest value of every pixel in any frame of the written video. Page {links}.</p>"
        f"<main>{figures}</main></html>"
    )
