"""A small archive with labels, labelled views and key, and a way to run `echoclr` in the same process."""

import hashlib
import os

import pytest
import yaml

from echoclr_core.synthetic.files.archive import write_archive
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from workflow_scripts.cli.main import main

COHORT = SyntheticSettings(
    development_studies=3,
    external_studies=1,
    view_studies=4,
    pictures="tiny",
    frames=2,
    distractor_files=False,
)


@pytest.fixture
def hospital(tmp_path):
    """A folder with dicom/, labels.csv, view_labels.csv, pseudonym.key and the overlay mine.yaml."""
    folder = tmp_path / "hospital"
    write_archive(folder, COHORT)
    key = folder / "pseudonym.key"
    key.unlink(missing_ok=True)
    key.write_text(hashlib.sha256(b"a key").hexdigest() + "\n")
    key.chmod(0o600)
    overlay = {
        "study": {"name": "mine"},
        "input": {
            "dicom_dir": str(folder / "dicom"),
            "labels": str(folder / "labels.csv"),
            "pseudonym_key_file": str(key),
            "shards": 1,
        },
        "views": {"classifier": "compact", "labels": str(folder / "view_labels.csv"), "keep": ["plax"]},
        "finetune": {"initialisations": ["random", "echoclr"]},
        "explain": {"reference": "random"},
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(overlay))
    return folder


@pytest.fixture
def echoclr(capfd, monkeypatch):
    """Run a command; returns exit code, standard output and standard error."""
    monkeypatch.delenv("ECHOCLR_PSEUDONYM_KEY", raising=False)
    start = os.getcwd()  # noqa: PTH109

    def run(*words):
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:  # argparse
            code = stop.code
        finally:
            os.chdir(start)
        return code, *capfd.readouterr()

    return run
