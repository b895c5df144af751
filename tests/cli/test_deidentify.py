"""`echoclr deidentify`: overlay and key in restricted/, a plan without labels, a page without identifiers."""

import json

import pandas as pd
import yaml

from workflow_scripts.cli.deidentified_page import write_page


def test_the_plan_needs_no_labels(echoclr, hospital, tmp_path):
    (hospital / "labels.csv").unlink()
    out = tmp_path / "out"
    code, said, error = echoclr("deidentify", hospital / "dicom", out, "--cores", "1", "--dry-run")
    assert code == 0, said + error
    assert "$ snakemake deidentify" in said + error
    assert "deidentify_shard" in said + error
    restricted = out / "restricted"
    assert restricted.stat().st_mode & 0o777 == 0o700
    assert (restricted / "pseudonym.key").stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load((restricted / "deidentify.yaml").read_text())["deidentify"]["keep_videos"]
    assert not (out / "index.html").exists()


def test_wrong_usage(echoclr, hospital, tmp_path):
    dicom = hospital / "dicom"
    for words, message in (
        ([tmp_path / "none", tmp_path / "out"], "there is no folder"),
        ([dicom, dicom / "out"], "lies within DICOM_DIR"),
        ([dicom, hospital / "labels.csv"], "is a file; name a folder"),
        ([dicom, tmp_path / "out", "--key", tmp_path / "none"], "there is no file"),
        ([dicom, tmp_path / "out", "--cores", "many"], "allowed is a number or all"),
    ):
        code, _, error = echoclr("deidentify", *words)
        assert code == 2
        assert message in error


def test_the_page_says_what_became_of_every_file(tmp_path):
    results = tmp_path / "results"
    (results / "deidentified").mkdir(parents=True)
    (results / "restricted" / "catalog").mkdir(parents=True)
    (results / "restricted" / "catalog" / "0000.parquet").touch()
    table = pd.DataFrame({"video_id": ["v_a", "v_b", "v_c"], "outcome": ["ok", "ok", "no_sector"]})
    table.to_parquet(results / "deidentified" / "0000.parquet")
    page = write_page(results, tmp_path / "index.html")
    assert page.summary.startswith("3 files, 2 videos written; the audit has not passed")
    (results / "deidentified" / "audit.json").write_text(json.dumps({"clean": 2, "audited": 2}))
    page = write_page(results, tmp_path / "index.html")
    assert page.summary.endswith("the audit passed: 2 of 2 audited videos are clean")
    text = (tmp_path / "index.html").read_text()
    assert "<td>no_sector</td><td>1</td>" in text
    assert str(tmp_path) not in text
