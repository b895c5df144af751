"""The whole study, run once in small: what comes out, that it hangs together, that nothing leaks."""

import json
import re
import stat

import numpy as np
import pandas as pd
import pytest
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from echoclr_core.cohort.flow import FLOW, check_flow
from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS, SUBSETS
from echoclr_core.common.avi_reading import avi_info, read_avi
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.evaluate.schema import COMPARISONS, EVALUATION, METRICS

pytestmark = [pytest.mark.study]

TASKS = ("severe_as", "lvh")
INITS = ("random", "simclr", "mi_simclr", "echoclr")
SHARDS = ("0000", "0001")


@pytest.fixture(scope="module")
def results(smoke):
    return smoke.path("results", "smoke")


def test_every_deliverable_is_there(results):
    wanted = ["cohort/flow.parquet", "cohort/table1.csv", "report.html", "settings.json"]
    wanted += ["provenance.html", "provenance.json", "ro-crate-metadata.json", "workflow.smk"]
    wanted += ["evaluation/failures.parquet", "evaluation/failure_causes.parquet"]
    wanted += [f"figures/failures_{task}.png" for task in TASKS]
    wanted += [f"pretrain/{method}/encoder.safetensors" for method in INITS[1:]]
    wanted += [f"evaluation/{name}.parquet" for name in EVALUATION]
    wanted += ["evaluation/table_s2.csv", "evaluation/table_s3.csv"]
    names = ("figure2", "figure3", "figure_s1", "figure_s2", "figure4_severe_as", "flow", "montage")
    wanted += [f"figures/{name}.{kind}" for name in names for kind in ("png", "pdf")]
    assert [path for path in wanted if not (results / path).stat().st_size] == []
    assert all(list((results / "masked" / shard).glob("*.avi")) for shard in SHARDS)


def test_the_report_of_snakemake_itself(smoke, tmp_path):
    """It embeds the figures with their captions."""
    page = tmp_path / "page.html"
    smoke.run("report", "--report", str(page))
    text = page.read_text(encoding="utf-8")
    for name in ("roc.png", "decision_curves.png", "figure2.png", "technical_subgroups.png"):
        assert name in text
    assert "Vickers and Elkin" in text  # a caption


def test_metrics_cover_the_grid(results):
    metrics = METRICS.read(results / "evaluation" / "metrics.parquet")
    auroc = metrics[metrics["metric"] == "auroc"]
    cells = set(auroc[["task", "init", "ratio", "cohort"]].itertuples(index=False, name=None))
    assert cells == {
        (task, init, ratio, cohort)
        for task in TASKS
        for init in INITS
        for ratio in (0.1, 1.0)
        for cohort in ("internal", "external")
    }
    assert (auroc["n_positive"] < auroc["n_studies"]).all()
    compared = COMPARISONS.read(results / "evaluation" / "comparisons.parquet")
    assert set(compared[["init_a", "init_b"]].itertuples(index=False, name=None)) == {
        ("echoclr", "random"),
        ("echoclr", "simclr"),
        ("echoclr", "mi_simclr"),
        ("mi_simclr", "simclr"),
    }


def test_flow_counts_every_file_of_the_archive(smoke, results):
    flow = FLOW.read(results / "cohort" / "flow.parquet")
    check_flow(flow)
    files = [path for path in smoke.path("smoke_data", "dicom").rglob("*") if path.is_file()]
    rows = [SOURCE_FILES.read(results / "deidentified" / f"{shard}.parquet") for shard in SHARDS]
    assert sum(map(len, rows)) == len(files)
    outcomes = set(pd.concat(rows)["outcome"])
    # one bad file is a counted row: the archive holds stills, reports, broken and blank loops, duplicates
    assert {"ok", "not_dicom", "single_frame", "blank", "duplicate"} <= outcomes
    reasons = set(flow.loc[~flow["kept"], "reason"])
    assert {"another_view", "excluded_grade", "no_label_row"} & reasons


def test_sets_are_disjoint_and_subsets_nested(results):
    studies = COHORT_STUDIES.read(results / "cohort" / "studies.parquet")
    videos = COHORT_VIDEOS.read(results / "cohort" / "videos.parquet")
    assert studies["study_id"].is_unique
    assert set(studies["set"]) == {"train", "val", "test", "external"}
    years = studies.groupby("set")["study_year"].agg(["min", "max"])
    assert years.loc["external"].tolist() == [2021, 2021]
    assert years.drop("external").to_numpy().max() == 2020
    development = studies[studies["set"] != "external"]
    assert (studies["set"] == "train").sum() == int(0.75 * len(development))
    assert set(videos["study_id"]) == set(studies["study_id"])
    subsets = SUBSETS.read(results / "cohort" / "subsets.parquet")
    for task in TASKS:
        labelled = studies.loc[(studies["set"] == "train") & studies[task].notna(), "study_id"]
        chosen = {
            ratio: set(rows["study_id"]) for ratio, rows in subsets[subsets["task"] == task].groupby("ratio")
        }
        assert chosen[1.0] == set(labelled)
        assert chosen[0.1] < chosen[1.0]
        assert len(chosen[0.1]) == int(0.1 * len(labelled))


def test_view_training_studies_are_in_no_set(results):
    labels = pd.read_parquet(results / "views" / "labels.parquet")
    studies = COHORT_STUDIES.read(results / "cohort" / "studies.parquet")
    assert len(labels)
    assert not set(labels["study_id"]) & set(studies["study_id"])


def test_masked_videos_are_small_grey_and_black_outside_the_sector(results):
    paths = sorted((results / "masked" / "0000").glob("*.avi"))[:8]
    for path in paths:
        frames, fps = read_avi(path)
        assert frames.shape[1:] == (112, 112)
        assert fps in (15, 30)  # a few files state no rate: deidentify.default_fps
        assert avi_info(path).codec == "ffv1"
        shown = frames.max(axis=0) > 0
        assert 0.15 < shown.mean() < 0.9
        corners = shown[[0, 0, -1, -1], [0, -1, 0, -1]]
        assert not corners.all()


def test_predictions_are_means_of_means(results):
    table = pd.read_parquet(results / "predictions" / "lvh" / "echoclr" / "1" / "0" / "internal.parquet")
    clips = np.stack(table["clip_probabilities"].to_list())
    assert clips.shape[1] == 4
    np.testing.assert_allclose(table["video_probability"], clips.mean(axis=1), atol=1e-6)
    means = table.groupby("study_id")["video_probability"].transform("mean")
    np.testing.assert_allclose(table["study_probability"], means, atol=1e-6)


def test_selection_holds_every_candidate(results):
    best = json.loads((results / "selected" / "lvh" / "random" / "0.1" / "0" / "best_lr.json").read_text())
    losses = {candidate["learning_rate"]: candidate["validation_loss"] for candidate in best["candidates"]}
    assert set(losses) == {"1e-3", "3e-4"}
    assert losses[best["learning_rate"]] == min(losses.values())
    cell = "lvh/random/0.1/0"
    winner = (results / "selected" / cell / "model.safetensors").read_bytes()
    for rate in losses:
        candidate = (results / "finetune" / cell / rate / "model.safetensors").read_bytes()
        assert (candidate == winner) == (rate == best["learning_rate"])
    predicted = {
        path.parent.relative_to(results / "predictions") for path in results.glob("predictions/**/*.parquet")
    }
    selected = {
        path.parent.relative_to(results / "selected") for path in results.glob("selected/**/best_lr.json")
    }
    assert predicted == selected  # no learning rate in the path: predictions are the winners' alone


def test_report_is_one_file(results):
    html = (results / "report.html").read_text()
    assert 'src="http' not in html
    assert "Kinetics-400 was left out" in html
    for word in ("Table 1", "Table S2", "Table S3", "Figure 2", "Figure 4", "synthetic"):
        assert word in html


def test_every_link_of_the_checklist_resolves(results):
    html = (results / "checklist.html").read_text()
    targets = set(re.findall(r'href="([\w./-]+\.html)(?:#([a-z0-9-]+))?"', html))
    assert len(targets) > 8
    for name, place in targets:
        page = (results / name).read_text()
        assert not place or f'id="{place}"' in page, (name, place)
    table = pd.read_csv(results / "checklist.csv", dtype=str)
    assert table["Answer"].notna().all()


def test_text_for_the_manuscript(results):
    text = (results / "manuscript.md").read_text(encoding="utf-8")
    keys = set(re.findall(r"\[@(\w+)\]", text))
    assert {"holste2024", "molder2021", "holm1979"} <= keys
    entries = set(re.findall(r"^@\w+\{(\w+),$", (results / "references.bib").read_text(), re.MULTILINE))
    assert keys <= entries
    value = METRICS.read(results / "evaluation" / "metrics.parquet").query("metric == 'auroc'")["value"]
    assert f"{value.iloc[0]:.3f}" in text


def test_provenance_of_the_run(results):
    facts = json.loads((results / "provenance.json").read_text())
    assert {"torch", "pandas", "python"} <= set(facts["versions"])
    assert {"deidentify", "pretrain", "finetune", "evaluate"} <= {row["stage"] for row in facts["costs"]}
    assert len(set(facts["digests"].values())) == 5
    crate = json.loads((results / "ro-crate-metadata.json").read_text())["@graph"]
    files = [one["@id"] for one in crate if one["@type"] == "File"]
    assert {"report.html", "evaluation/metrics.parquet"} <= set(files)
    assert [path for path in files if not (results / path).is_file()] == []


def test_restricted_folder_is_closed(results):
    mode = stat.S_IMODE((results / "restricted").stat().st_mode)
    assert mode == 0o700
    for path in (results / "restricted").rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def identifiers(smoke):
    """Every identifier that stands in the headers and the tables of the archive."""
    found = set()
    for path in smoke.path("smoke_data", "dicom").rglob("*"):
        if not path.is_file():
            continue
        try:
            header = dcmread(path, stop_before_pixels=True)
        except (InvalidDicomError, OSError, ValueError):
            continue
        for word in ("PatientName", "PatientID", "AccessionNumber", "SOPInstanceUID", "StudyInstanceUID"):
            found.add(str(header.get(word, "")))
        found.add(str(header.get("StudyDate", "")))
        found.add(str(header.get("PatientBirthDate", "")))
    labels = pd.read_csv(smoke.path("smoke_data", "labels.csv"), dtype=str)
    for column in ("study_key", "patient_key", "study_date"):
        found |= set(labels[column].dropna())
    return {word for word in found if len(word) >= 6}


def text_of(path):
    """The text of a file; tables and arrays decoded."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path).to_csv()
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return " ".join(str(arrays[name].tolist()) for name in arrays if arrays[name].dtype.kind == "U")
    return path.read_bytes().decode("latin-1")


def test_no_identifier_leaves_restricted(smoke, results):
    wanted = sorted(identifiers(smoke))
    assert len(wanted) > 100
    texts = {
        path: text_of(path)
        for top in (results, smoke.path(".snakemake"))
        for path in top.rglob("*")
        if path.is_file() and "restricted" not in path.relative_to(smoke.directory).parts
    }
    texts["output"] = smoke.output.stdout + smoke.output.stderr
    utf8 = {word: word.encode().decode("latin-1") for word in wanted}
    leaks = {
        (str(path), word)
        for path, text in texts.items()
        for word in wanted
        if word in text or utf8[word] in text
    }
    assert leaks == set()
    names = {part for path in results.rglob("*") for part in path.relative_to(results).parts}
    assert not [word for word in wanted if any(word in name for name in names)]


def test_second_run_does_nothing(smoke):
    assert smoke.plan() == {}
