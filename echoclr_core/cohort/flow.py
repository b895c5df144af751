"""The flow of files and studies from the archive to each set, with every exclusion counted."""

import pandas as pd

from echoclr_core.common.tables import Column, Table

FLOW = Table(
    "flow",
    {
        "order": Column(kind="int", low=0, description="number of the row, in the order of the steps"),
        "level": Column(
            kind="str",
            allowed=("file", "video", "study"),
            description="what the step decides on: each file, each video, or the study as a whole",
        ),
        "stage": Column(kind="str", description="step of the flow"),
        "reason": Column(
            kind="str",
            description="why these left; 'kept' for what went on; 'removed': no longer in the archive, in no"
            " sum; the set at the end",
        ),
        "studies": Column(
            kind="int",
            low=0,
            description="studies that left with their last video, under the reason most of their videos had",
        ),
        "videos": Column(kind="int", low=0, description="files or videos"),
        "kept": Column(kind="bool", description="whether these went on"),
    },
    key=("stage", "reason"),
)

STAGES = {
    "archive": ("file", "Files in the archive"),
    "deidentification": ("file", "Readable cine loops, deidentified"),
    "one_patient": ("study", "One patient a study key"),
    "view_classifier": ("study", "Not used to train the view classifier"),
    "views": ("video", "Kept view"),
    "labels": ("study", "Study in the label table"),
    "grade": ("study", "Without low-flow low-gradient aortic stenosis"),
    "mask": ("video", "Image content after the sector mask"),
    "frame_rate": ("video", "Known frame rate"),
    "task_labels": ("study", "Label of at least one task"),
    "years": ("study", "Years of the study"),
    "provided_split": ("study", "Set named in the table of videos"),
    "patients": ("study", "External patients not in development"),
    "split": ("study", "Sets"),
}
"""Stage to (level, words for people), in order. The order of views, labels, grade and mask is the paper's."""

REASONS = {
    "kept": "kept",
    "removed": "in an earlier catalogue, no longer in the archive",
    "link_outside": "a link out of the archive",
    "not_dicom": "not DICOM",
    "duplicate": "the same video twice",
    "missing_file": "named in the table of videos and not there",
    "pseudonym_collision": "pseudonym of another file",
    "changed": "changed after it was catalogued",
    "no_pixels": "no pixel data",
    "single_frame": "still image",
    "too_short": "too few frames",
    "truncated": "truncated",
    "corrupt": "corrupt",
    "unsupported_syntax": "unsupported transfer syntax",
    "not_ultrasound_cine": "another image than an ultrasound loop",
    "spectral_doppler_or_mmode": "spectral Doppler or M-mode",
    "fps_below_limit": "frame rate below the limit",
    "no_frame_rate": "no frame rate in the header",
    "colour_doppler": "colour Doppler",
    "no_study_key": "no study key",
    "no_sector": "no ultrasound sector found",
    "burned_in_text": "text inside the image",
    "rejected": "rejected by a person",
    "stale_decision": "decided on before it changed",
    "timeout": "decoder timed out",
    "crashed": "decoder crashed",
    "another_view": "another view",
    "unreadable": "unreadable",
    "blank": "blank",
    "no_calibration": "no millimetres a pixel in the header",
    "several_patients": "the study key stands for several patients",
    "view_classifier_training": "used to train the view classifier",
    "no_label_row": "study not in the label table",
    "excluded_grade": "low-flow low-gradient aortic stenosis",
    "no_task_label": "no label of any task",
    "year_outside": "year outside development and external years",
    "no_provided_set": "no set in the table of videos",
    "no_patient_id": "patient unknown",
    "patient_in_development": "patient also in the development years",
    "train": "training",
    "val": "validation",
    "test": "internal test",
    "external": "external test",
}
"""Reason to words for people; those of the deidentification step are the outcomes of source files."""


class Flow:
    """Carries the rows that are still in, and counts those that leave.

    Parameters
    ----------
    rows
        One row a file with a study_id (missing where a file has none; such a file counts under no study).
    removed
        Number of studies, and of their files, that earlier catalogues had and the archive lacks: a row of
        their own, in no sum.
    """

    def __init__(self, rows: pd.DataFrame, removed: tuple[int, int] = (0, 0)):
        self.rows = rows.reset_index(drop=True)
        self.lines: list[dict] = []
        self._line("archive", "kept", self.rows["study_id"].nunique(), len(self.rows), kept=True)
        if any(removed):
            self._line("archive", "removed", *removed, kept=False)

    def step(self, stage: str, reason: pd.Series) -> pd.DataFrame:
        """Take out the rows that have a ``reason`` (NA: stays; aligned with ``rows``); return those left."""
        reason = reason.astype("string")
        before = (self.rows["study_id"].nunique(), len(self.rows))
        left, out = self.rows[reason.isna()], self.rows[reason.notna()].assign(reason=reason.dropna())
        gone = out[~out["study_id"].isin(left["study_id"].dropna())].dropna(subset="study_id")
        votes = gone.groupby(["study_id", "reason"], as_index=False).size()
        votes = votes.sort_values(["size", "reason"], ascending=[False, True]).drop_duplicates("study_id")
        studies = votes["reason"].value_counts()
        counts = out["reason"].value_counts().rename_axis("reason").reset_index(name="videos")
        for line in counts.sort_values(["videos", "reason"], ascending=[False, True]).itertuples():
            self._line(stage, line.reason, int(studies.get(line.reason, 0)), int(line.videos), kept=False)
        self._line(stage, "kept", left["study_id"].nunique(), len(left), kept=True)
        after = (left["study_id"].nunique() + int(studies.sum()), len(left) + len(out))
        assert after == before, f"{stage}: {after} (studies, videos) accounted for, {before} came in"
        self.rows = left.reset_index(drop=True)
        return self.rows

    def sets(self, names: pd.Series) -> None:
        """The last step: each remaining row's set."""
        for name in ("train", "val", "test", "external"):
            chosen = self.rows[names == name]
            self._line("split", name, chosen["study_id"].nunique(), len(chosen), kept=True)

    def _line(self, stage: str, reason: str, studies: int, videos: int, *, kept: bool) -> None:
        line = {"order": len(self.lines), "level": STAGES[stage][0], "stage": stage, "reason": reason}
        self.lines.append(line | {"studies": studies, "videos": videos, "kept": kept})

    def table(self) -> pd.DataFrame:
        """The counts, schema :data:`FLOW`, sums checked."""
        flow = FLOW.check(pd.DataFrame(self.lines))
        check_flow(flow)
        return flow


def check_flow(flow: pd.DataFrame) -> None:
    """Assert that at every step what was kept and what left is what came in, in studies and in videos."""
    before = flow.iloc[0][["studies", "videos"]]
    for stage in flow["stage"].unique()[1:]:
        lines = flow[flow["stage"] == stage]
        total = lines[["studies", "videos"]].sum()
        assert (total == before).all(), f"{stage}: {total.to_dict()} of {before.to_dict()} accounted for"
        before = lines.loc[lines["kept"], ["studies", "videos"]].sum()
