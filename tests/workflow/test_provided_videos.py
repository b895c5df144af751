"""Videos without DICOM: planned, and run through masked clips and cohort."""

import re
from pathlib import Path

import pandas as pd
import pytest
from echonet_files import echonet_dynamic, echonet_lvh, fan, name_of
from secret_keys import write_key

from echoclr_core.cohort.flow import FLOW, check_flow
from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS
from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.evaluate.schema import METRICS
from echoclr_core.video.store import ClipStore

ROOT = Path(__file__).resolve().parents[2]
REPLACED = {"catalog_archive", "deidentify_shard", "import_labels", "classify_views"}
# What makes the study of a published set small: its network, its steps, its grid.
SMALL = """
input: {shards: 1}
model: {encoder: r3d, width: 8, blocks: [1, 1, 1, 1], input_size: 28}
augmentation: {pad: 2}
pretrain: {methods: [echoclr], batch_size: 4, max_steps: 2, learning_rate: 1.0e-3}
finetune:
  initialisations: [random, echoclr]
  ratios: [1.0]
  clip_length: 4
  batch_size: 8
  max_epochs: 1
  learning_rates: {supervised: ["1e-3"], supervised_few: ["1e-3"], ssl: ["1e-3"], ssl_few: ["1e-3"]}
evaluate: {n_resamples: 50}
explain: {n_studies: 2, n_randomisations: 1}
compute: {threads: 1, loader_workers: 0}
"""
INSTEAD = {"catalog_videos", "import_videos", "import_video_labels", "import_views"}


def study(study_of, directory, layout, videos, table):
    """A study of given videos with the overlay of a published set."""
    write_key(directory / "key")
    (directory / "mine.yaml").write_text(
        f"input: {{avi: {{dir: {videos}, table: {table}}}, pseudonym_key_file: {directory}/key, shards: 2}}\n"
        "finetune: {initialisations: [random, simclr, echoclr], ratios: [1.0]}\n"
        "explain: {reference: random}\n"
    )
    config = ROOT / "config"
    return study_of(directory, ROOT / "config.yaml", config / f"{layout}.yaml", directory / "mine.yaml")


@pytest.fixture(scope="module")
def lvh(study_of, tmp_path_factory):
    directory = tmp_path_factory.mktemp("lvh")
    found = study(study_of, directory, "echonet_lvh", *echonet_lvh(directory / "set"))
    found.run("mask", "cohort", "--cores", "2", "--quiet", "rules")
    return found


def test_the_whole_study_is_planned_without_dicom(study_of, tmp_path):
    plan = study(study_of, tmp_path, "echonet_lvh", *echonet_lvh(tmp_path / "set")).plan()
    assert set(plan) >= INSTEAD
    assert not set(plan) & REPLACED
    assert plan["import_videos"] == plan["import_views"] == plan["mask_shard"] == 2
    assert {"pretrain_encoder", "finetune_model", "build_report", "audit_shard"} <= set(plan)


def test_a_study_without_tasks_ends_with_pretraining(study_of, tmp_path):
    found = study(study_of, tmp_path, "echonet_dynamic", *echonet_dynamic(tmp_path / "set"))
    plan = found.plan(overlay="{finetune: {tasks: []}, explain: {tasks: []}}")
    assert {"pretrain_encoder", "digest_pretraining", "make_table1", "index_clip_store"} <= set(plan)
    assert not {"finetune_model", "evaluate_ratio", "build_report", *REPLACED} & set(plan)


def test_echonet_dynamic_asks_for_the_ejection_fraction(study_of, tmp_path):
    plan = study(study_of, tmp_path, "echonet_dynamic", *echonet_dynamic(tmp_path / "set")).plan()
    assert {"finetune_model", "evaluate_ratio", "build_report"} <= set(plan)


def test_echonet_dynamic_is_imported(study_of, tmp_path):
    found = study(study_of, tmp_path, "echonet_dynamic", *echonet_dynamic(tmp_path / "set"))
    target = "results/echonet_dynamic/deidentified/0000.parquet"
    found.run(target, "--cores", "1", "--quiet", "rules", overlay="input: {shards: 1}")
    table = pd.read_parquet(found.path(target))
    outcomes = table["outcome"].value_counts().to_dict()
    assert outcomes == {"ok": 11, "no_study_key": 1, "missing_file": 1}
    videos = {path.stem for path in found.path(target).with_suffix("").glob("*.avi")}
    assert videos == set(table.loc[table["outcome"] == "ok", "video_id"])


@pytest.mark.slow
def test_echonet_dynamic_runs_to_its_cohort(study_of, tmp_path):
    found = study(study_of, tmp_path, "echonet_dynamic", *echonet_dynamic(tmp_path / "set"))
    target = "results/echonet_dynamic/cohort/studies.parquet"
    found.run(target, "--cores", "2", "--quiet", "rules", overlay="input: {shards: 1}")
    folder = found.path("results", "echonet_dynamic")
    studies = COHORT_STUDIES.read(folder / "cohort" / "studies.parquet")
    assert studies["set"].value_counts().to_dict() == {"train": 5, "val": 3, "test": 3}
    assert (studies["reduced_ef"] == (studies["EF"] < 50)).all()
    assert studies["reduced_ef"].sum() == 7
    flow = FLOW.read(folder / "cohort" / "flow.parquet")
    check_flow(flow)
    assert flow.loc[flow["reason"] == "no_study_key", "videos"].tolist() == [1]  # not in FileList.csv
    unmatched = pd.read_parquet(folder / "cohort" / "unmatched.parquet")
    assert unmatched["kind"].tolist() == ["labels_without_files"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layout", "make", "task", "title", "definition"),
    [
        ("echonet_dynamic", echonet_dynamic, "reduced_ef", "EF &lt; 50 %", "EF below 50 %"),
        ("echonet_lvh", echonet_lvh, "lvh", "LVH", "wall_thickness above 1 cm"),
    ],
)
def test_a_published_set_runs_to_its_report(study_of, tmp_path, layout, make, task, title, definition):
    found = study(study_of, tmp_path, layout, *make(tmp_path / "set", count=24))
    found.run("--cores", "2", "--quiet", "rules", overlay=SMALL)
    folder = found.path("results", layout)
    metrics = METRICS.read(folder / "evaluation" / "metrics.parquet")
    auroc = metrics[metrics["metric"] == "auroc"]
    assert set(auroc["task"]) == {task}
    assert set(auroc["init"]) == {"random", "echoclr"}
    assert set(auroc["cohort"]) == {"internal"}  # the published sets have no external one
    assert auroc["value"].notna().all()
    text = (folder / "report.html").read_text(encoding="utf-8")
    words = re.sub(r"<(style|script).*?</\1>|<[^>]+>|data:[^\"]+", " ", text, flags=re.DOTALL)
    assert title in words
    assert f"{definition}." in (folder / "manuscript.md").read_text(encoding="utf-8")
    table = pd.read_csv(folder / "cohort" / "table1.csv")
    assert "missing" not in set(table["level"])  # no rows of what the set does not have
    assert "DICOM" not in words
    assert ("PLAX" in words) == (layout == "echonet_lvh")


@pytest.mark.slow
def test_echonet_lvh_keeps_its_sets_and_gets_labels(lvh):
    folder = lvh.path("results", "echonet_lvh")
    studies = COHORT_STUDIES.read(folder / "cohort" / "studies.parquet")
    # 24 videos less the one that lacks a wall: no label of the task, so it left and was counted
    assert studies["set"].value_counts().to_dict() == {"train": 11, "test": 8, "val": 4}
    assert studies["lvh"].sum() == 9
    assert (studies["lvh"] == (studies["wall_thickness"] > 1.0)).all()
    flow = FLOW.read(folder / "cohort" / "flow.parquet")
    assert flow.loc[flow["reason"] == "no_task_label", "studies"].tolist() == [1]
    table = pd.read_csv(folder / "cohort" / "table1.csv")
    assert "Thicker of septum and posterior wall, cm, mean (SD)" in set(table["characteristic"])


@pytest.mark.slow
def test_the_clips_are_those_of_the_videos(lvh):
    folder = lvh.path("results", "echonet_lvh")
    videos = COHORT_VIDEOS.read(folder / "cohort" / "videos.parquet")
    parts = sorted((folder / "clips").glob("*.npy"))
    store = ClipStore.open([part.with_suffix(".parquet") for part in parts], parts)
    store.verify()
    assert set(videos["video_id"]) <= set(store.index["video_id"])
    assert (videos["n_frames"] == 8).all()
    assert (videos["fps"] == 30).all()
    [path] = folder.glob(f"masked/*/{videos['video_id'][0]}.avi")
    assert (read_avi(path)[0] == store.video(videos["video_id"][0])).all()


@pytest.mark.slow
def test_no_original_name_leaves_restricted(lvh):
    folder = lvh.path("results", "echonet_lvh")
    names = [name_of(number) for number in range(24)]
    for path in folder.rglob("*"):
        if path.is_file() and "restricted" not in path.relative_to(folder).parts:
            text = path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                text = pd.read_parquet(path).to_csv()
            assert not [name for name in names if name in text or name in path.name], path


@pytest.mark.slow
def test_a_new_study_touches_its_own_shard_only(lvh):
    """The last of those that look at this study: it changes the set."""
    assert lvh.plan("mask", "cohort") == {}
    path = lvh.path("set", "MeasurementsList.csv")
    rows = path.read_text().splitlines()
    more = [row.replace(name_of(0), name_of(500)) for row in rows if name_of(0) in row]
    path.write_text("\n".join([*rows, *more]) + "\n")
    write_avi(lvh.path("set", "Batch1", f"{name_of(500)}.avi"), fan(500), 30, "mjpeg")
    lvh.run("catalog", "--cores", "2", "--quiet", "rules")
    plan = lvh.plan("mask", "cohort")
    of_shards = ("import_videos", "import_views", "mask_shard", "build_clip_store")
    assert {rule: plan[rule] for rule in of_shards} == dict.fromkeys(of_shards, 1)
    assert plan["build_cohort"] == plan["index_clip_store"] == 1


@pytest.mark.parametrize(
    ("overlay", "said"),
    [
        ("input: {labels: labels.csv}", "input.labels: stands beside input.avi"),
        ("finetune: {tasks: [severe_as, lvh]}", "layout echonet_lvh has no column as_severity for severe_as"),
        (
            "tasks: {lvh: {column: lv_mass_index}}",
            "no column lv_mass_index for lvh; it has IVSd",
        ),
        ("input: {avi: {table: ''}}", "input.avi.table: is empty"),
    ],
)
def test_keys_that_do_not_go_together_are_told(study_of, tmp_path, overlay, said):
    found = study(study_of, tmp_path, "echonet_lvh", tmp_path, tmp_path / "MeasurementsList.csv")
    done = found.run("--dry-run", overlay=overlay, check=False)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
