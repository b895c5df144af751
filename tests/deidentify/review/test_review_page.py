"""The review page: what is listed and why; decisions made in a browser are read as they are."""

import base64
import html
import json
import re
import shutil
import subprocess

import cv2
import numpy as np
import pandas as pd
import pytest
from cine_files import KEY, NAME, phantom, write_cine

from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms, pseudonymise
from echoclr_core.deidentify.review import clips as review_clips
from echoclr_core.deidentify.review import contact_pages
from echoclr_core.deidentify.review.clips import REVIEW_CLIPS, reasons_to_review, review_clip, review_shard
from echoclr_core.deidentify.review.decided_video import deidentify_decided
from echoclr_core.deidentify.review.decisions import read_decisions
from echoclr_core.deidentify.review.page import write_pages
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES
from echoclr_core.dicom.catalogue import scan_archive

OUTCOMES = ("clean", "text", "clean")
SETTINGS = DeidentifySettings(timeout_seconds=120, memory_megabytes=1024)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def source_files(*rows):
    full = [
        {"video_id": f"v_{letter * 16}", "study_id": "s_" + "s" * 16, "outcome": "ok", **row}
        for letter, row in zip("abcdefgh", rows, strict=False)
    ]
    return SOURCE_FILES.check(pd.DataFrame(full).reindex(columns=list(SOURCE_FILES.columns)))


def audit_of(video_id, outcome):
    numbers = {"n_frames": 8, "outside_pixels": 0, "leaks": 0, "text_lines": 1}
    row = {"video_id": video_id, "outcome": outcome, "leak_places": [], **numbers}
    return AUDIT.check(pd.DataFrame([row]).reindex(columns=list(AUDIT.columns)))


def test_quarantined_and_doubtful_videos_are_listed_with_their_reasons():
    files = source_files(
        {},
        {"outcome": "burned_in_text"},
        {"active_fraction": 0.9, "coverage": 0.97},
        {"active_fraction": 0.3, "coverage": 0.97},
        {"outcome": "truncated"},
        {"windows": 2},
        {"decision": "corrected"},
        {"outcome": "stale_decision", "decision": "stale"},
    )
    found = reasons_to_review(files, audit_of("v_" + "a" * 16, "text"))
    assert {video_id[2]: reason for video_id, reason in found.items()} == {
        "a": "written, but the audit found text",
        "b": "left out: text was found inside the sector",
        "d": "written, but the sector fits weakly (30% active, 97% covered)",
        "f": "written, but the screen has 2 windows, of which one was kept",
        "g": "written, but a person decided before: corrected",
        "h": "left out: it has changed since a person decided on it",
    }


@pytest.fixture(scope="module")
def loops(tmp_path_factory):
    """Four quarantined loops: path, and row of REVIEW_CLIPS; the last one cannot be decoded any more."""
    root = tmp_path_factory.mktemp("loops")
    found = []
    for number, letter in enumerate("abcd"):
        path = root / letter
        frames, _ = phantom(number, height=200, width=700)
        cv2.putText(frames[3], "KOWALSKA", (300, 120), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
        write_cine(path, frames, uid=f"1.2.{number}")
        if letter == "d":
            path.write_bytes(path.read_bytes()[:-400_000])
        row = {"video_id": f"v_{letter * 16}", "study_id": "s_" + "s" * 16, "outcome": "burned_in_text"}
        shown = review_clip(path, SETTINGS)
        row |= {"reason": f"<b>text & more</b> {shown.pop('why')}"}
        found.append((path, row | shown))
    return found


def test_the_picture_shows_what_stood_in_any_frame(loops):
    (_, row), *_ = loops
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(row["picture"]), np.uint8), 0)
    assert picture.shape == (183, 640)
    frames, _ = phantom(0, height=200, width=700)
    brightest = cv2.resize(frames.max(0), (640, 183), interpolation=cv2.INTER_AREA)
    brighter = picture.astype(int) - brightest > 60
    assert brighter[80:120, 270:440].sum() > 300  # the name of one frame
    assert brighter.sum() == brighter[80:120, 270:440].sum()
    assert (row["width"], row["height"]) == (700, 200)
    assert json.loads(row["outline"])
    assert len(row["mask"]) == len(row["content"]) == 64


def test_a_shard_lists_a_row_a_video_whatever_becomes_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(review_clips, "REVIEW_ONE", "light_decoders:reviewed")
    for number, name in enumerate("ab"):
        write_cine(tmp_path / name, phantom(number)[0], uid=f"1.2.826.0.1.{number + 1}")
    rows = pseudonymise(scan_archive(tmp_path), Pseudonyms(KEY), 1)
    files = rows[["video_id", "study_id"]].assign(outcome="burned_in_text")
    files = SOURCE_FILES.check(files.reindex(columns=list(SOURCE_FILES.columns)))
    table = review_shard(rows, files, AUDIT.empty(), tmp_path, settings=SETTINGS)
    by_name = table.set_index("video_id").loc[rows.set_index("path").loc[["a", "b"], "video_id"]]
    assert by_name["reason"].tolist() == [
        "left out: text was found inside the sector; seen",
        "left out: text was found inside the sector; it cannot be shown",
    ]


def written_page(folder, loops, **options):
    clips = REVIEW_CLIPS.check(pd.DataFrame([row for _, row in loops]))
    return write_pages(clips, folder, **options)


def test_pages_are_self_contained_and_hold_no_text_of_the_header(loops, tmp_path):
    pages = written_page(tmp_path, loops, clips_per_page=3)
    assert [page.name for page in pages] == ["page_1.html", "page_2.html"]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"""(src|href)=["']?(https?:|//|file:)""", text)
        assert "default-src &#x27;none&#x27;" in text
        assert "<b>text" not in text
        assert not any(word in text for word in (NAME, "MRN 0042", "20190312", str(tmp_path)))
    (empty,) = write_pages(REVIEW_CLIPS.empty(), tmp_path / "empty")
    assert "0 videos to look at" in empty.read_text()


def test_contact_pages_show_objections_first_at_readable_size(tmp_path, monkeypatch):
    rows = [audit_of(f"v_{letter * 16}", outcome) for letter, outcome in zip("abc", OUTCOMES, strict=True)]
    audit = pd.concat(rows, ignore_index=True)
    pictures = [np.full((480, 640), 50 * number, np.uint8) for number in range(3)]
    monkeypatch.setattr(contact_pages, "VIDEOS_PER_PAGE", 2)
    pages = contact_pages.write_contact_pages(audit, pictures, tmp_path)
    assert len(pages) == 2
    shown = [re.findall(r"<figcaption>(v_.).*?: (.*?)<", page.read_text()) for page in pages]
    assert shown == [[("v_b", "text"), ("v_a", "clean")], [("v_c", "clean")]]
    data = re.search(r"base64,([^\"]+)", pages[0].read_text()).group(1)
    assert cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), 0).shape == (480, 640)


USER = """
const files = [];
URL.createObjectURL = blob => { files.push(blob); return 'data:,'; };
const press = key => document.activeElement.dispatchEvent(
  new KeyboardEvent('keydown', {key, bubbles: true}));
const type = text => {
  const input = document.activeElement.querySelector('input');
  input.value = text;
  input.oninput();
};
const noted = [];
(async () => {
  %s
  document.getElementById('download').click();
  const out = document.createElement('pre');
  out.id = 'out';
  const csv = files.length ? await files[0].text() : '';
  out.textContent = JSON.stringify({csv, state: document.getElementById('state').textContent, noted});
  document.body.append(out);
})();
"""


def used(page, actions, tmp_path):
    """What a person gets who opens a page in a browser and does something."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    driven = tmp_path / "driven.html"
    text = page.read_text(encoding="utf-8").replace("</html>", f"<script>{USER % actions}</script></html>")
    driven.write_text(text, encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    done = subprocess.run(
        [CHROMIUM, *flags, "--virtual-time-budget=2000", "--dump-dom", driven.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    out = re.search(r'<pre id="out">(.*?)</pre>', done.stdout, re.DOTALL)
    assert out, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(html.unescape(out.group(1)))


def test_decisions_of_the_page_are_read_and_followed_without_change(loops, tmp_path):
    page, *_ = written_page(tmp_path, loops)
    found = used(
        page,
        "press('j'); press('a'); press('n'); press('r'); press('n'); press('s');"
        " type('350, 20, -35, 35, 10, 170'); press('j'); press('a');"
        " noted.push(document.querySelectorAll('polygon.fitted').length);",
        tmp_path,
    )
    assert found["state"] == "3 of 4 on this page decided"
    assert found["noted"] == [
        3
    ]  # the last one cannot be shown, so that nothing can be decided but by its file
    (tmp_path / "decisions.csv").write_bytes(found["csv"].encode())
    decisions = read_decisions(tmp_path / "decisions.csv")
    assert [one.decision for one in decisions.values()] == ["accept", "reject", "correct"]
    assert list(decisions.values())[2].geometry == "350 20 -35 35 10 170"
    outcomes = [
        deidentify_decided(path, tmp_path / f"{letter}.avi", SETTINGS, decision)["outcome"]
        for letter, (path, _), decision in zip("abc", loops, decisions.values(), strict=False)
    ]
    assert outcomes == ["ok", "rejected", "ok"]
    again, *_ = written_page(tmp_path, loops, decisions=decisions)
    kept = used(again, "press('j'); press('u');", tmp_path)
    assert kept["state"] == "2 of 4 on this page decided"
    assert kept["csv"].splitlines()[1:] == found["csv"].splitlines()[2:]


def test_an_unfinished_shape_is_not_downloaded(loops, tmp_path):
    page, *_ = written_page(tmp_path, loops)
    found = used(page, "press('j'); press('p'); type('10 10; 20 x');", tmp_path)
    assert found["csv"] == ""
    assert found["state"] == "this shape is not finished"
    click = (
        "press('j'); press('p'); const svg = document.querySelector('svg');"
        " const box = svg.getBoundingClientRect();"
        " svg.dispatchEvent(new MouseEvent('click', {bubbles: true,"
        " clientX: box.left + box.width / 2, clientY: box.top + box.height / 2}));"
    )
    found = used(page, click, tmp_path)
    assert re.search(
        r"; (349|350|351)(\.\d)? (99|100|101)(\.\d)?,", found["csv"]
    )  # the corner that was clicked, in pixels of the picture
