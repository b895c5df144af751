"""What a user reads when the configuration or a table is wrong."""

import hashlib
import urllib.error
from pathlib import Path

import pytest
import torch
import yaml
from secret_keys import write_key
from snakemake.exceptions import WorkflowError
from torchvision.models.video import r3d_18

from echoclr_core.design.problems import encoder_names as names_without_torch
from echoclr_core.synthetic.plan.cohort import label_table, plan_studies
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from workflow_scripts.lib import synthetic_folder
from workflow_scripts.lib.config_checks import resolve_config
from workflow_scripts.lib.file_checks import require_files
from workflow_scripts.lib.table_checks import check_tables

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def messages(config, check_paths=False):
    with pytest.raises(WorkflowError) as caught:
        resolve_config(config, ROOT, check_paths=check_paths)
    return str(caught.value)


def test_the_papers_config_is_valid(config):
    assert resolve_config(config, ROOT, check_paths=False) == config


def test_missing_keys_get_the_papers_values(config):
    assert resolve_config({}, ROOT, check_paths=False) == config


@pytest.mark.parametrize("overlay", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_overlays_are_valid(overlay, config):
    from snakemake.utils import update_config

    update_config(config, yaml.safe_load(overlay.read_text()))
    resolve_config(config, ROOT, check_paths=False)


def test_all_problems_are_listed_at_once(config):
    config["finetune"]["patiense"] = 3
    config["mask"]["codec"] = "ffv2"
    config["pretrain"]["batch_size"] = 1
    config["pretrain"]["learning_rate"] = "1e-4"
    text = messages(config)
    assert "4 problems" in text
    assert "finetune.patiense: unknown key; did you mean patience?" in text
    assert "mask.codec: 'ffv2' is not allowed; allowed is one of ffv1, mjpeg" in text
    assert "pretrain.batch_size: 1 is not allowed; allowed is 2 or more (pairs)" in text
    assert "YAML reads 1e-4 as text" in text
    assert "1.0e-4" in text


def test_keys_that_do_not_go_together_are_told_beside_wrong_ones(config):
    config["finetune"] |= {"patiense": 3, "tasks": ["severe_as", "nope"]}
    config["model"]["encoder"] = "r3d_19"
    config["tasks"]["mine"] = {"title": "Mine", "colum": "lvef", "positive_below": 40}
    text = messages(config)
    assert "finetune.patiense: unknown key; did you mean patience?" in text
    assert "tasks.mine.colum: unknown key; did you mean column?" in text
    assert "nope" in text
    assert "model.encoder: 'r3d_19' is not known" in text
    assert "tasks.mine: " not in text  # it follows from the wrong key


def test_a_value_of_a_wrong_kind_does_not_hide_other_problems(config):
    config["mask"]["size"] = "large"
    config["cohort"]["external_years"] = [2020]
    text = messages(config)
    assert "mask.size: 'large' is not allowed" in text
    assert "cohort.external_years: [2020] are development years too" in text


def test_empty_paths_name_the_keys_and_the_demo(config):
    text = messages(config, check_paths=True)
    assert "input.dicom_dir" in text
    assert "input.labels" in text
    assert "make demo" in text


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        ("cohort", "split_fractions", [0.7, 0.1, 0.1], "sum to 0.9"),
        ("cohort", "external_years", [2020], "development years too"),
        ("model", "encoder", "r3d", "kinetics400 weights are those of r3d_18"),
        ("model", "input_size", 224, "larger than mask.size"),
        ("explain", "reference", "random", None),
        ("model", "encoder", "r3d_81", "'r3d_81' is not known; allowed are ['mc3_18', "),
        (
            "finetune",
            "initialisations",
            ["random", "echoclr"],
            "kinetics400 is not in finetune.initialisations",
        ),
        ("evaluate", "age_bands", [65, 50], "ages must rise"),
        ("views", "classifier", "compact", "views.labels"),
        ("views", "classifier", "onnx", "views.classes"),
        ("input", "released_columns", ["notes"], "['notes'] are not published; columns that are: ['as_sev"),
    ],
)
def test_keys_that_do_not_go_together(config, section, key, value, said):
    config[section][key] = value
    if said is None:
        resolve_config(config, ROOT, check_paths=False)
    else:
        assert said in messages(config)


def test_export_names_what_the_study_trains(config):
    config["export"] |= {"tasks": ["pregnancy"], "initialisations": ["random"], "ratio": 0.3}
    config["finetune"]["initialisations"] = ["echoclr"]
    text = messages(config)
    for line in (
        "export.tasks: ['pregnancy'] are not in finetune.tasks; allowed are ['severe_as', 'lvh']",
        "export.initialisations: ['random'] are not in finetune.initialisations; allowed are ['echoclr']",
        "export.ratio: 0.3 is not in finetune.ratios",
    ):
        assert line in text


def test_an_initialisation_of_ones_own_can_be_exported(config, tmp_path):
    weights = tmp_path / "mine.safetensors"
    weights.touch()
    config["initialisations"] = {"mine": {"weights": str(weights)}}
    config["finetune"]["initialisations"] = ["random", "mine", "echoclr"]
    config["explain"]["reference"] = "random"
    config["export"]["initialisations"] = ["mine"]
    assert resolve_config(config, ROOT, check_paths=False)["export"]["initialisations"] == ["mine"]
    config["export"]["initialisations"] = ["yours"]
    assert "export.initialisations: ['yours'] are not in finetune.initialisations" in messages(config)


def test_clusters_are_not_stratified(config):
    config["evaluate"] |= {"resample_unit": "patient", "stratified_intervals": True}
    assert "not with evaluate.resample_unit: patient" in messages(config)


@pytest.mark.parametrize(
    ("rates", "said"),
    [(["0.1", 0.1], "the same rate"), (["fast"], "is no number"), (["-1e-3"], "more than 0")],
)
def test_learning_rates(config, rates, said):
    config["finetune"]["learning_rates"]["ssl"] = rates
    assert said in messages(config)


def test_bare_run_stops_before_any_job(study_of, tmp_path):
    for arguments in (["--cores", "1"], ["--dry-run"]):
        done = study_of(tmp_path).run(*arguments, check=False)
        assert done.returncode != 0
        for word in ("input.dicom_dir", "input.labels", "make demo"):
            assert word in done.stdout + done.stderr
    assert not (tmp_path / "results").exists()


def test_missing_files_are_listed_before_any_job(study_of, tmp_path):
    done = study_of(tmp_path, ROOT / "tests" / "config" / "archive.yaml").run("--cores", "1", check=False)
    assert done.returncode != 0
    for word in ("input.dicom_dir", "input.labels", "views.weights", "input.pseudonym_key_file", "r3d_18"):
        assert word in done.stdout + done.stderr
    assert not list(tmp_path.glob("results/**/*.parquet"))


@pytest.mark.parametrize("keep", [["plax", "a3c"], {"apical": ["a4c", "a3c"]}])
def test_a_view_that_the_synthetic_cohort_does_not_show_is_told(config, keep):
    config["synthetic"] |= {"development_studies": 20, "folder": "data", "views": ["plax", "a4c"]}
    config["views"] |= {"classifier": "compact", "keep": keep}
    said = "no video of the synthetic cohort shows ['a3c']; synthetic.views are ['plax', 'a4c']"
    assert said in messages(config)


@pytest.fixture
def kinetics_alone(config, tmp_path, monkeypatch):
    """A configuration of which the Kinetics weights are all that may be missing; no network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    config["views"] |= {"classifier": "compact", "labels": "views.csv"}
    fetched = []

    def offline(url, **_):
        fetched.append(url)
        raise urllib.error.URLError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    return config, fetched


def test_kinetics_weights_offline_stop_the_run_before_any_job(kinetics_alone):
    config, fetched = kinetics_alone
    with pytest.raises(WorkflowError, match=r"finetune\.kinetics_weights.*r3d_18-b3b3357e\.pth.*no network"):
        require_files(config, synthetic=True)
    assert len(fetched) == 1
    config["finetune"]["initialisations"] = ["random"]
    require_files(config, synthetic=True)
    assert len(fetched) == 1


def test_a_named_file_of_kinetics_weights_is_tried_before_any_job(kinetics_alone, tmp_path):
    config, fetched = kinetics_alone
    config["finetune"]["kinetics_weights"] = str(tmp_path / "mine.pth")
    with pytest.raises(WorkflowError, match=r"not at .*mine\.pth"):
        require_files(config, synthetic=True)
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "mine.pth")
    with pytest.raises(WorkflowError, match=r"mine\.pth does not fit"):
        require_files(config, synthetic=True)
    torch.save(r3d_18(weights=None).state_dict(), tmp_path / "mine.pth")
    require_files(config, synthetic=True)
    assert fetched == []


@pytest.mark.parametrize("targets", [{"mask"}, {"catalog", "pretrain"}])
def test_a_run_that_ends_early_needs_no_kinetics_weights(kinetics_alone, targets):
    config, fetched = kinetics_alone
    require_files(config, synthetic=True, targets=targets)
    assert fetched == []
    for later in (set(), {"mask", "finetune"}, {"mask", "results/study/some/file.parquet"}):
        with pytest.raises(WorkflowError, match="kinetics_weights"):
            require_files(config, synthetic=True, targets=later)


def test_an_early_stage_needs_the_files_of_no_later_one(kinetics_alone, tmp_path, monkeypatch):
    config, _ = kinetics_alone
    monkeypatch.setenv("ECHOCLR_PSEUDONYM_KEY", hashlib.sha256(b"key").hexdigest())
    config["input"] |= {"dicom_dir": str(tmp_path), "labels": "no_labels.csv"}
    require_files(config, synthetic=False, targets={"deidentify"})
    for targets, asked in (({"views"}, r"views\.csv"), ({"cohort"}, r"no_labels\.csv(.|\n)*views\.csv")):
        with pytest.raises(WorkflowError, match=asked):
            require_files(config, synthetic=False, targets=targets)


def test_nothing_is_fetched_while_other_files_are_missing(kinetics_alone):
    config, fetched = kinetics_alone
    with pytest.raises(WorkflowError, match=r"pseudonym_key(.|\n)*kinetics_weights"):
        require_files(config | {"input": config["input"] | {"dicom_dir": "/none"}}, synthetic=False)
    assert fetched == []


def test_bad_labels_are_listed_before_any_job(study_of, tmp_path):
    (tmp_path / "dicom").mkdir()
    (tmp_path / "labels.csv").write_text(
        "study_key,patient_key,study_date,sex,as_severity,lv_mass_index\n"
        "A1,P1,2018-02-30,F,None,80\n"
        "A1,P2,2018-01-01,robot,Mild,high\n"
    )
    overlay = f"input: {{dicom_dir: {tmp_path}/dicom, labels: {tmp_path}/labels.csv}}"
    done = study_of(tmp_path, ROOT / "config.yaml").run("--dry-run", overlay=overlay, check=False)
    assert done.returncode != 0
    for word in ("labels.csv", "row 2", "row 3", "study_date", "robot", "high", "same study"):
        assert word in done.stdout + done.stderr


@pytest.fixture
def wrong_tables(config, tmp_path):
    """A configuration whose label table lacks a column and whose view table has no video of the kept view."""
    (tmp_path / "labels.csv").write_text(
        "study_key,patient_key,study_date,sex,as_severity,lv_mass_index,ef\nA1,P1,2018-01-01,F,None,80,50\n"
    )
    (tmp_path / "views.csv").write_text("video,view\n1.2.3,a4c\n")
    config["input"] |= {"dicom_dir": str(tmp_path), "labels": str(tmp_path / "labels.csv")}
    config["views"] |= {"classifier": "compact", "labels": str(tmp_path / "views.csv"), "keep": ["plax"]}
    config["tasks"]["low_ef"] = {"title": "Low EF", "column": "lvef", "positive_below": 40}
    config["finetune"]["tasks"] = config["explain"]["tasks"] = ["low_ef"]
    return config


def test_problems_of_all_tables_are_told_with_those_of_the_keys(wrong_tables, capsys):
    wrong_tables["model"]["encoder"] = "r3d_19"
    wrong_tables["mask"]["codec"] = "ffv2"
    text, said = messages(wrong_tables, check_paths=True), capsys.readouterr().err
    assert "model.encoder: 'r3d_19' is not known" in text
    assert "mask.codec: 'ffv2' is not allowed" in text
    assert "1 problem(s) in the table of input.labels, listed above." in text
    assert "1 problem(s) in the table of views.labels, listed above." in text
    assert "labels.csv: row 1: there is no column 'lvef'" in said
    assert "plax" in said


def test_problems_of_several_tables_are_told_together(wrong_tables):
    with pytest.raises(WorkflowError, match=r"views\.labels(.|\n)*input\.labels"):
        check_tables(resolve_config(wrong_tables, ROOT, check_paths=False))


def test_a_table_that_a_wrong_key_reads_is_passed_over(wrong_tables, capsys):
    wrong_tables["input"]["columns"]["sexx"] = "gender"
    text, said = messages(wrong_tables, check_paths=True), capsys.readouterr().err
    assert "input.columns.sexx: unknown key; did you mean sex?" in text
    assert "table of views.labels" in text
    assert "input.labels" not in text
    assert "labels.csv" not in said


def test_columns_that_a_synthetic_cohort_will_not_have_are_told_before_it_is_made(config):
    config["synthetic"] |= {"development_studies": 8, "folder": "made"}
    config["views"] |= {"classifier": "compact", "keep": ["plax"]}
    config["tasks"]["low_ef"] = {"title": "Low EF", "column": "ejection_fractoin", "positive_below": 40}
    config["finetune"]["tasks"] = config["explain"]["tasks"] = ["low_ef"]
    config["input"]["extra_columns"] = ["height", "smoker"]
    text = messages(config)
    assert "2 problems" in text
    assert "tasks.low_ef: the label table of the synthetic cohort has no column ejection_fractoin" in text
    assert "did you mean ejection_fraction?" in text
    assert "input.extra_columns: the label table of the synthetic cohort has no column smoker" in text


def test_a_wrong_key_of_a_synthetic_study_brings_no_word_of_inputs_it_fills_itself(config):
    config["synthetic"] |= {"development_studies": 8, "folder": "made"}
    config["views"] |= {"classifier": "compact", "keep": ["plax"]}
    config["mask"]["codec"] = "ffv2"
    text = messages(config)
    assert "1 problem " in text
    assert "views.labels" not in text


def test_the_columns_of_the_synthetic_label_table_are_those_that_it_gets():
    settings = SyntheticSettings(development_studies=2, external_studies=0, view_studies=0)
    assert tuple(label_table(settings, plan_studies(settings))) == synthetic_folder.LABEL_COLUMNS


def test_definition_comments_and_docs_agree():
    import subprocess
    import sys

    done = subprocess.run([sys.executable, ROOT / "config" / "render.py", "--check"], check=False)
    assert done.returncode == 0


def test_the_encoders_that_the_configuration_allows_are_those_of_the_library():
    """Read from the files' text, so that the Snakefile need not wait for torch; a new file is enough."""
    from echoclr_core.models.encoder import encoder_names

    assert names_without_torch() == list(encoder_names())


def test_logs_of_restricted_are_not_copied(study_of, tmp_path):
    done = study_of(tmp_path, ROOT / "config" / "demo.yaml").run("-n", "--show-failed-logs", check=False)
    assert done.returncode != 0
    assert "--show-failed-logs is not allowed" in done.stdout + done.stderr


def test_a_key_in_place_of_its_file_is_not_repeated(config, tmp_path, monkeypatch):
    monkeypatch.delenv("ECHOCLR_PSEUDONYM_KEY", raising=False)
    config["input"] |= {"dicom_dir": str(tmp_path), "pseudonym_key_file": "5a" * 32}
    with pytest.raises(WorkflowError, match="looks like a key") as caught:
        require_files(config, synthetic=False, targets=["catalog"])
    assert "5a5a" not in str(caught.value)


def test_a_key_that_others_can_read_or_guess_stops_the_run(config, tmp_path):
    key = tmp_path / "key"
    write_key(key)
    config["input"] |= {"dicom_dir": str(tmp_path), "pseudonym_key_file": str(key)}
    require_files(config, synthetic=False, targets=["catalog"])
    for mode in (0o644, 0o640, 0o604, 0o622):
        key.chmod(mode)
        with pytest.raises(WorkflowError, match=r"pseudonym_key_file: .*others can read it"):
            require_files(config, synthetic=False, targets=["catalog"])
    key.chmod(0o600)
    for text in ("5a" * 32, "0123456789abcdef" * 4, "no key"):
        key.write_text(text)
        with pytest.raises(WorkflowError, match="pseudonym_key_file") as caught:
            require_files(config, synthetic=False, targets=["catalog"])
        assert text not in str(caught.value)


def test_free_text_stops_the_run_and_ages_are_warned_of(config, tmp_path, capsys):
    rows = "".join(f"A{i},P{i},2018-02-0{i},F,None,80,Meier{chr(65 + i)},9{3 * i % 7}\n" for i in range(1, 7))
    path = tmp_path / "labels.csv"
    path.write_text("study_key,patient_key,study_date,sex,as_severity,lv_mass_index,note,Alter\n" + rows)
    config["input"] |= {"dicom_dir": str(tmp_path), "labels": str(path), "extra_columns": ["note", "Alter"]}
    config["finetune"]["tasks"] = ["lvh"]
    config["explain"]["tasks"] = ["lvh"]
    resolved = resolve_config(config, ROOT, check_paths=False)
    with pytest.raises(WorkflowError, match=r"input\.labels"):
        check_tables(resolved)
    said = capsys.readouterr().err
    assert "column 'note': allowed is a category that studies share" in said
    assert "warning: labels.csv: column 'Alter' looks like an age" in said
    assert "Meier" not in said
    resolved["input"]["released_columns"] = ["note"]
    check_tables(resolved)


def test_class_names_of_a_view_classifier_are_searched(tmp_path):
    from echoclr_core.views.configured import classifier_problems
    from echoclr_core.views.files import save_classifier
    from echoclr_core.views.networks import CompactViewNet, TorchClassifier

    path = tmp_path / "views.safetensors"
    save_classifier(TorchClassifier(CompactViewNet(2), ["plax", "seen 17.3.19"], "plax"), path)
    views = {"classifier": "compact", "weights": str(path), "keep": ["plax"]}
    (line,) = classifier_problems(views)
    assert "class 2 of 2: allowed is a name without an exact date" in line
    assert "17.3" not in line
    assert classifier_problems(views, released=True) == []
