"""Nothing that the user made is ever removed or overwritten, whatever is combined with what."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from secret_keys import write_key

from echoclr_core.common.validation import fill_defaults
from echoclr_core.synthetic.files import own_folder
from echoclr_core.synthetic.files.archive import write_archive
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from workflow_scripts.lib import results_folder
from workflow_scripts.lib.config_checks import schema

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = sorted((ROOT / "config").glob("*.yaml"))
COHORTS = {
    path.stem: content
    for path in OVERLAYS
    if (content := yaml.safe_load(path.read_text())).get("synthetic", {}).get("development_studies")
}
COHORT = SyntheticSettings(
    development_studies=3,
    external_studies=1,
    view_studies=1,
    pictures="tiny",
    frames=2,
    distractor_files=False,
)
SMALL = (
    "study: {name: small}\n"
    "synthetic: {folder: small_data, development_studies: 2, external_studies: 1, view_studies: 1,"
    " pictures: tiny, frames: 2%s}\n"
)


def contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """An archive with its labels, labelled views and key, named as the synthetic cohort names its own."""
    folder = tmp_path_factory.mktemp("hospital") / "data"
    write_archive(folder, COHORT)
    for path in folder.glob("*.parquet"):
        path.unlink()
    write_key(folder / "pseudonym.key")
    (folder / "pseudonym.key").chmod(0o600)
    return folder


def messages(done):
    return done.stdout + done.stderr


def mine(folder, *more):
    return "\n".join(
        [
            "study: {name: my_hospital}",
            f"input: {{dicom_dir: {folder}/dicom, labels: {folder}/labels.csv,"
            f" pseudonym_key_file: {folder}/pseudonym.key, shards: 1}}",
            f"views: {{classifier: compact, labels: {folder}/view_labels.csv, keep: [plax]}}",
            *more,
        ]
    )


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda path: path.stem)
def test_every_shipped_overlay_leaves_the_users_data_as_they_are(study_of, tmp_path, hospital, overlay):
    """The run of all stages, as README composes it; a run that cannot go on is what several end with."""
    data = shutil.copytree(hospital, tmp_path / "data")
    before = contents(data)
    study = study_of(tmp_path, ROOT / "config.yaml", overlay)
    planned = study.run("--dry-run", overlay=mine("data"), check=False)
    until = [] if overlay.stem in COHORTS else ["--until", "catalog_archive"]
    done = study.run("--cores", "2", *until, overlay=mine("data"), check=False)
    assert contents(data) == before
    if overlay.stem in COHORTS:
        for said in (planned, done):
            assert said.returncode != 0
            assert "input.dicom_dir: names your own data" in messages(said)
            assert "views.labels: names your own data" in messages(said)
        assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("name", sorted(COHORTS))
def test_a_folder_without_the_mark_is_never_written_to(study_of, tmp_path, hospital, name):
    """Data of one's own under the very names of the synthetic cohort."""
    data = shutil.copytree(hospital, tmp_path / COHORTS[name]["synthetic"]["folder"])
    before = contents(data)
    study = study_of(tmp_path, ROOT / "config" / f"{name}.yaml")
    for arguments in (["--dry-run"], ["--cores", "1", "--forceall"]):
        done = study.run(*arguments, check=False)
        assert done.returncode != 0
        assert "was not written by the generator" in messages(done)
    assert contents(data) == before


@pytest.mark.slow  # the test below makes no cohort
def test_files_added_to_the_cohort_are_kept_when_it_is_due_anew(study_of, tmp_path, hospital):
    study = study_of(tmp_path, ROOT / "config" / "smoke.yaml")
    study.run("catalog", "--cores", "1", overlay=SMALL % "")
    added = tmp_path / "small_data" / "dicom" / "mine.dcm"
    shutil.copy(next((hospital / "dicom").rglob("IM*")), added)
    before = contents(tmp_path / "small_data")
    study.run("catalog", "--cores", "1", overlay=SMALL % "")  # nothing of the cohort is due
    done = study.run("catalog", "--cores", "1", overlay=SMALL % ", difficulty: 0.5", check=False)
    assert done.returncode != 0
    assert "holds 1 file(s) that were added or changed" in messages(done)
    assert contents(tmp_path / "small_data") == before
    logs = "".join(path.read_text() for path in (tmp_path / ".snakemake" / "log").iterdir())
    assert "mine.dcm" not in logs, "names of files may be those of patients"
    added.unlink()
    study.run("catalog", "--cores", "1", overlay=SMALL % ", difficulty: 0.5")


@pytest.mark.parametrize("name", ["../data", "a/b", ".", "..", "", "/data"])
def test_a_study_is_named_by_one_word(study_of, tmp_path, name):
    study = study_of(tmp_path, ROOT / "config" / "smoke.yaml")
    done = study.run("-n", overlay=f"study: {{name: '{name}'}}", check=False)
    assert done.returncode != 0
    assert "study.name" in messages(done)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("input.dicom_dir", "results/my_hospital/deidentified/0000"),
        ("input.labels", "results/my_hospital/cohort/labels.csv"),
        ("input.pseudonym_key_file", "other/../results/my_hospital/key"),
        ("views.weights", "results/my_hospital/views/classifier.safetensors"),
        ("input.dicom_dir", "."),
    ],
)
def test_no_input_lies_where_the_study_writes(tmp_path, monkeypatch, key, path):
    monkeypatch.chdir(tmp_path)
    section, name = key.split(".")
    config = {
        "study": {"name": "my_hospital"},
        "input": {"dicom_dir": "", "labels": "", "pseudonym_key_file": "", "avi": {"dir": "", "table": ""}},
        "views": {"labels": "", "weights": "", "classes": ""},
        "finetune": {"kinetics_weights": "", "initialisations": []},
        "initialisations": {},
        "deidentify": {"decisions": "", "write_dicom": False},
        "predict": {"dicom_dir": ""},
    }
    assert results_folder.problems(config) == []
    config[section][name] = path
    [problem] = results_folder.problems(config)
    assert problem.startswith(f"{key}: ")
    # the same through a link
    (tmp_path / "linked").symlink_to(Path(path).absolute())
    config[section][name] = "linked"
    assert len(results_folder.problems(config)) == 1


def test_a_folder_of_results_that_no_study_wrote_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "thesis"
    folder.mkdir(parents=True)
    assert results_folder._foreign(Path("results/thesis")) == []
    (folder / "chapter1.docx").write_text("mine")
    assert "study.name" in results_folder._foreign(Path("results/thesis"))[0]
    (folder / "restricted").mkdir()
    assert results_folder._foreign(Path("results/thesis")) == []


def test_clean_removes_only_what_make_wrote(tmp_path):
    made = [".venv/bin/python", ".ruff_cache/x", "echoclr_core/__pycache__/a.pyc", "demo_data/dicom/IM1"]
    made += ["results/demo/report.html", f"demo_data/{own_folder.MARK}"]
    kept = ["results/my_hospital/report.html", "smoke_data/dicom/IM1", "results/smoke/report.html"]
    kept += ["archive/IM1", "labels.csv", ".snakemake/metadata/x", "echoclr_core/a.py"]
    for name in (*made, *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    clean = [sys.executable, str(ROOT / "tools" / "clean.py"), str(tmp_path)]
    said = subprocess.run(clean, capture_output=True, text=True, check=True).stdout
    assert sorted(contents(tmp_path)) == sorted(kept)
    assert "my_hospital, smoke" in said
    shutil.rmtree(tmp_path / "results")
    subprocess.run(clean, check=True)
    assert not (tmp_path / ".snakemake").exists()


def test_clean_knows_the_shipped_cohorts():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import clean
    finally:
        sys.path.remove(str(ROOT / "tools"))
    assert {content["study"]["name"]: content["synthetic"]["folder"] for content in COHORTS.values()} == (
        clean.SHIPPED
    )
    assert clean.MARK == own_folder.MARK


def test_every_result_of_the_rules_is_known_as_the_study_s_own():
    """Else the next run would take the folder for somebody else's."""
    text = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    names = set(re.findall(r'results\(f?"([\w.-]+)[/"]', text))
    assert {"cohort", "report.html", "provenance.json", "workflow.smk"} <= names
    assert names - results_folder.PARTS == set()


def test_dicom_files_of_an_earlier_run_are_not_left_beside_later_decisions(tmp_path, monkeypatch):
    """A video that a person rejects must not stay as a DICOM file because the option was left out."""
    monkeypatch.chdir(tmp_path)
    config = fill_defaults(schema(ROOT), {"study": {"name": "small"}})
    (tmp_path / "results/small/dicom").mkdir(parents=True)
    assert results_folder.problems(config) == []
    (tmp_path / "results/small/dicom/0000.parquet").touch()
    (problem,) = results_folder.problems(config)
    assert "deidentify.write_dicom: false, but results/small/dicom holds DICOM files" in problem
    config["deidentify"]["write_dicom"] = True
    assert results_folder.problems(config) == []
