"""What every section of the report is made from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from echoclr_core.reporting.exhibits import FIGURES, caption_values, figure_name
from echoclr_core.reporting.report import Picture


@dataclass(frozen=True, kw_only=True)
class Page:
    """The report's inputs.

    Parameters
    ----------
    files
        The rule's named inputs: name to path or list of paths.
    config
        The configuration without paths.
    titles
        Task to title, in the order of figures and tables.
    inits, methods
        Initialisations and pretraining methods, in the order of figures and tables.
    cells
        (task, initialisation, ratio, draw) of each path in ``files["selected"]``.
    source
        What the archive holds: "DICOM files" or "videos".
    kept
        Short names of the kept views: "PLAX and A4C".
    units
        Task to the unit of its column, where it has one.
    """

    files: dict
    config: dict
    titles: Mapping[str, str]
    inits: Sequence[str]
    methods: Sequence[str]
    cells: Sequence[Sequence[str]] = ()
    source: str = "DICOM files"
    kept: str = "PLAX"
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def synthetic(self) -> bool:
        """Whether the cohort is made of phantoms."""
        return self.config["synthetic"]["development_studies"] > 0

    def table(self, name: str) -> pd.DataFrame:
        """One of the inputs as a frame."""
        path = self.files[name]
        return (
            pd.read_csv(path, dtype=str, keep_default_na=False)
            if path.endswith(".csv")
            else pd.read_parquet(path)
        )

    def picture(self, name: str, source: str, *, of: str = "", alt: str = "", more: str = "") -> Picture:
        """A figure with what the registry says of it.

        Parameters
        ----------
        name
            Key of :data:`~echoclr_core.reporting.exhibits.FIGURES`, or file name of a further page.
        source
            The image file.
        of
            What this one of several is of; appended to the title.
        alt
            Alternative text, where the run knows more than the registry.
        more
            Sentences after the caption.
        """
        name, page = figure_name(name)
        exhibit = FIGURES[name]
        title = exhibit.heading + (f" for {of}" if of else "") + (f" (page {page})" if page > 1 else "")
        return Picture(
            source=source,
            title=title,
            alt=alt or exhibit.alt,
            caption=f"{self.caption(name)} {more}".strip(),
        )

    def caption(self, name: str) -> str:
        """The caption of a figure with the values of this run."""
        explain = self.config["explain"]
        values = caption_values(
            n_resamples=self.config["evaluate"]["n_resamples"],
            frames=explain["frames"],
            n_randomisations=explain["n_randomisations"],
            saliency_scale=self.config["report"]["saliency_scale"],
        )
        return FIGURES[name].caption_text(**values)


def read_json(path: str) -> dict:
    """A JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def decimal(value: float | None, digits: int = 3) -> str:
    """A number as the report prints it; a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def shared_patients(page: Page) -> int:
    """Number of patients with studies in more than one set."""
    studies = page.table("studies").dropna(subset="patient_id")
    return int((studies.groupby("patient_id")["set"].nunique() > 1).sum())
