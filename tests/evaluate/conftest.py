"""Reference values for the statistics, kept outside the repository."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "golden" / "stats"
NAMES = ("d01_lvh_n1063", "d02_ties_n60", "d03_as_rare_n2040", "d04_weakcorr_n500", "d05_reversed_n259")
NAMES += ("d06_perfect_both_n80", "d07_tiny_rare_n100")


class Golden:
    """The reference file with its datasets."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.reference = json.loads((folder / "reference.json").read_text())

    def __getitem__(self, name: str) -> dict:
        return self.reference["datasets"][name]

    def frame(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / f"{name}.csv")

    def indices(self, name: str) -> dict[str, np.ndarray]:
        with np.load(self.folder / f"{name}.idx.npz") as stored:
            return dict(stored)


@pytest.fixture(scope="session")
def golden() -> Golden:
    if not (FOLDER / "reference.json").exists():
        pytest.skip("the reference values (../shared/golden/stats) are not there")
    return Golden(FOLDER)


@pytest.fixture(params=NAMES)
def dataset(request) -> str:
    return request.param
