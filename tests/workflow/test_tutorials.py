"""The tutorials: the commands of each page, typed in order as the page shows them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def blocks(page, kind):
    """The code blocks of one language."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def type_in(command, folder):
    """What a shell says to a command of a page; .venv/bin is that of this Python."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("ECHOCLR_PSEUDONYM_KEY", None)
    done = subprocess.run(
        ["bash", "-e", "-c", command.replace(".venv/bin/", f"{shlex.quote(str(BIN))}/")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,  # s
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def test_real_loops(tmp_path):
    """Every command of the page, and what the page says of it."""
    [script] = blocks("tutorial_real_loops", "python")
    (tmp_path / "get_loops.py").write_text(script)
    get, deidentify, look, again = blocks("tutorial_real_loops", "sh")
    type_in(get, tmp_path)
    assert len(list((tmp_path / "loops").iterdir())) == 4
    assert "4 files, 2 videos written; the audit passed: 2 of 2" in type_in(deidentify, tmp_path)
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "<td>ok</td><td>2</td>" in page
    assert "fps_source" in type_in(look, tmp_path)
    table = pd.read_parquet(tmp_path / "out/results/deidentified/deidentified/0000.parquet")
    assert sorted(table["outcome"]) == ["no_pixels", "ok", "ok", "single_frame"]
    assert again == deidentify
    videos = tmp_path / "out" / "results" / "deidentified" / "deidentified"
    written = {path: path.stat().st_mtime_ns for path in videos.glob("*/*.avi")}
    assert len(written) == 2
    type_in(again, tmp_path)
    assert written == {path: path.stat().st_mtime_ns for path in written}


def test_the_change_of_the_demo(study_of, tmp_path):
    """The overlay of the page is allowed, and its command plans the demo."""
    [overlay] = blocks("tutorial_demo", "yaml")
    plan = study_of(tmp_path, ROOT / "config" / "demo.yaml").plan(overlay=overlay)
    assert {"evaluate_ratio", "build_report"} <= set(plan)
    assert yaml.safe_load(overlay) == {"evaluate": {"n_resamples": 5000}}
    [change] = [block for block in blocks("tutorial_demo", "sh") if "more.yaml" in block]
    assert change.count("--configfile config/demo.yaml more.yaml") == 2
