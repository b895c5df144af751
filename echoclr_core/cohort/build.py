"""From the stages' tables to the cohort: who is in, in which set, with which labels."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from echoclr_core.cohort.flow import Flow
from echoclr_core.cohort.label_tables import LABELS
from echoclr_core.cohort.one_patient import (
    kept_patients,
    not_of_the_patient,
    require_one_row,
    shared_studies,
    split_by_patient,
    with_file_issuers,
)
from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.cohort.split import assert_disjoint, split_studies
from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS
from echoclr_core.cohort.unmatched import UNMATCHED, find_mixed, find_unmatched, study_patients
from echoclr_core.video.resampling import unknown_frame_rates


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The cohort's tables: schemas COHORT_VIDEOS, COHORT_STUDIES, FLOW and UNMATCHED."""

    videos: pd.DataFrame
    studies: pd.DataFrame
    flow: pd.DataFrame
    unmatched: pd.DataFrame


def build_cohort(
    source_files: pd.DataFrame,
    view_decisions: pd.DataFrame,
    masked_videos: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    settings: CohortSettings,
    excluded_studies: Collection[str] = (),
    removed: tuple[int, int] = (0, 0),
) -> Cohort:
    """Join the stages' tables, take out what does not belong, count it, and split the rest.

    Parameters
    ----------
    source_files
        SOURCE_FILES of all shards, one row a file of the archive, unreadable ones too: video_id, study_id,
        patient_id, study_year, outcome; fps_source where ``settings.known_frame_rate``.
    view_decisions
        VIEW_DECISIONS of all shards: video_id, outcome, kept, kept_view.
    masked_videos
        MASKED_VIDEOS of all shards: video_id, outcome, n_frames, fps.
    labels
        LABELS with pseudonyms.
    settings
        Years, exclusions, split.
    excluded_studies
        Studies that trained the view classifier; they may be in no set.
    removed
        Number of studies, and of their files, that have left the archive: a row of the flow.

    Returns
    -------
    Cohort
        Sorted by study, then video. A missing grade or mass index is a missing label, never a negative one.

    Raises
    ------
    ValueError
        If the tables do not belong together (a readable video without view decision, no study in the label
        table), or no training study is left. The message holds counts, and pseudonyms only.
    """
    labels = with_file_issuers(LABELS.check(labels), source_files)
    for_training = set(excluded_studies)  # known to be outside the cohort, so they need no label row
    mixed = find_mixed(source_files[~source_files["study_id"].isin(for_training)])
    shared = shared_studies(source_files, labels)
    if settings.several_patients == "split":
        used = source_files["study_id"].isin(for_training)
        source_files, labels = split_by_patient(source_files, labels, shared)
        for_training |= set(source_files.loc[used, "study_id"].dropna())
    require_one_row(labels)
    there = (source_files["outcome"] != "missing_file") & ~source_files["study_id"].isin(for_training)
    unmatched = find_unmatched(source_files[there], labels[~labels["study_id"].isin(for_training)])
    unmatched = UNMATCHED.check(pd.concat([unmatched, mixed]))
    flow = Flow(source_files[["video_id", "study_id", "outcome"]], removed)
    _readable(flow)
    majority = kept_patients(source_files, labels) if settings.several_patients == "majority" else None
    flow.step("one_patient", not_of_the_patient(flow.rows, source_files, shared, majority))
    _view_steps(flow, view_decisions, for_training)
    studies = _labelled_studies(source_files, labels, settings)
    _label_steps(flow, studies)
    _video_steps(flow, source_files, masked_videos, settings)
    _study_steps(flow, studies, settings)
    sets = _split(flow, studies, settings)
    flow.sets(flow.rows["study_id"].map(sets))
    views = view_decisions.set_index("video_id")["kept_view"]
    return _tables(flow, studies.assign(set=sets), masked_videos, views, unmatched)


def _label_steps(flow: Flow, studies: pd.DataFrame) -> None:
    known = flow.rows["study_id"].isin(studies.index)
    flow.step("labels", _reason_where(~known, "no_label_row"))
    lookup = flow.rows["study_id"].map
    flow.step("grade", _reason_where(lookup(studies["excluded"]), "excluded_grade"))


def _video_steps(
    flow: Flow, source_files: pd.DataFrame, masked_videos: pd.DataFrame, settings: CohortSettings
) -> None:
    masked = _matching(flow.rows, masked_videos, "the masked videos")
    flow.step("mask", masked["outcome"].mask(masked["outcome"] == "ok"))
    if settings.known_frame_rate:
        unknown = source_files.loc[unknown_frame_rates(source_files), "video_id"]
        flow.step("frame_rate", _reason_where(flow.rows["video_id"].isin(unknown), "no_frame_rate"))


def _study_steps(flow: Flow, studies: pd.DataFrame, settings: CohortSettings) -> None:
    """Studies without any label, outside the years or the provided split, or of an external patient."""
    if settings.tasks:
        has_label = studies[[task.name for task in settings.tasks]].notna().any(axis=1)
        flow.step("task_labels", _reason_where(~flow.rows["study_id"].map(has_label), "no_task_label"))
    part = flow.rows["study_id"].map(studies["part"])
    if settings.split_unit == "table":
        flow.step("provided_split", _reason_where(part.isna(), "no_provided_set"))
    else:
        flow.step("years", _reason_where(part.isna(), "year_outside"))
    if settings.split_unit == "patient":
        flow.step("patients", _patient_reasons(flow.rows["study_id"], studies))


def _readable(flow: Flow) -> None:
    outcome = flow.rows["outcome"].astype("string")
    rows = flow.step("deidentification", outcome.mask(outcome == "ok"))
    if rows["study_id"].isna().any() or rows["video_id"].duplicated().any():
        raise ValueError(
            f"source files: of the readable videos {int(rows['study_id'].isna().sum())} have no study_id and "
            f"{int(rows['video_id'].duplicated().sum())} share their video_id; each needs its own"
        )


def _view_steps(flow: Flow, view_decisions: pd.DataFrame, for_training: Collection[str]) -> None:
    rows = flow.rows
    used = rows["study_id"].isin(for_training)
    rows = flow.step("view_classifier", _reason_where(used, "view_classifier_training"))
    views = _matching(rows, view_decisions, "the view decisions")
    reason = _reason_where(~views["kept"].fillna(False).astype(bool), "another_view")
    flow.step("views", reason.mask(views["outcome"] != "ok", views["outcome"]))


def _labelled_studies(
    source_files: pd.DataFrame, labels: pd.DataFrame, settings: CohortSettings
) -> pd.DataFrame:
    """The label table by study_id with each task's label, excluded, part ("development", "external", NA)."""
    studies = labels.set_index("study_id")
    patients = studies["patient_id"].fillna(study_patients(source_files).reindex(studies.index))
    return studies.assign(
        patient_id=patients.astype("string"),
        excluded=_excluded(studies, settings),
        **{task.name: task.label(studies) for task in settings.tasks},
        part=_parts(studies, settings).astype("string"),
    )


def _excluded(studies: pd.DataFrame, settings: CohortSettings) -> pd.Series:
    """Whether a task's rule takes the study out of the whole cohort."""
    excluded = pd.Series(False, index=studies.index)
    for task in settings.tasks:
        excluded |= task.leaves_cohort(studies)
    return excluded


def _parts(studies: pd.DataFrame, settings: CohortSettings) -> pd.Series:
    """ "development" or "external", NA for neither: by the given set, or by year."""
    if settings.split_unit == "table":
        if "provided_set" not in studies:
            raise ValueError("split_unit: 'table', but the labels name no sets (provided_set)")
        external = studies["provided_set"] == "external"
        return external.map({True: "external", False: "development"}).where(studies["provided_set"].notna())
    if studies["study_year"].isna().all():  # a table without dates: one period
        return pd.Series("development", index=studies.index)
    years = dict.fromkeys(settings.development_years, "development")
    years |= dict.fromkeys(settings.external_years, "external")
    return studies["study_year"].map(years)


def _patient_reasons(study_ids: pd.Series, studies: pd.DataFrame) -> pd.Series:
    """In patient mode: unknown patients, and external studies of patients who are in development."""
    rows = studies.loc[study_ids].reset_index()
    development = rows.loc[rows["part"] == "development", "patient_id"].dropna()
    repeated = (rows["part"] == "external") & rows["patient_id"].isin(development)
    reason = _reason_where(repeated, "patient_in_development")
    return reason.mask(rows["patient_id"].isna(), "no_patient_id")


def _split(flow: Flow, studies: pd.DataFrame, settings: CohortSettings) -> pd.Series:
    """Set of each study that is left, by study_id."""
    left = studies.loc[flow.rows["study_id"].unique()]
    development = left[left["part"] == "development"]
    if settings.split_unit == "table":
        names = development["provided_set"]
        split = {name: names.index[names == name].to_numpy() for name in ("train", "val", "test")}
    else:
        groups = development["patient_id"] if settings.split_unit == "patient" else None
        split = split_studies(development.index, settings.split_fractions, settings.seed, groups)
    if not len(split["train"]):
        lines = flow.table()
        steps = "; ".join(
            f"{row.stage} {row.reason} {row.studies}" for row in lines.itertuples() if row.studies
        )
        raise ValueError(
            f"cohort: no training study is left of {len(development)} (studies by step: {steps or 'none'})"
        )
    split["external"] = left.index[left["part"] == "external"].to_numpy()
    assert_disjoint(split, len(left))
    if settings.split_unit == "patient":
        _assert_patients_apart(split, left["patient_id"])
    return pd.concat([pd.Series(name, index=ids, dtype="string") for name, ids in split.items()])


def _assert_patients_apart(split: Mapping[str, Collection[str]], patients: pd.Series) -> None:
    """Assert that no patient stands in two sets, the external one included."""
    sets = {name: set(patients.loc[list(ids)]) for name, ids in split.items()}
    assert len(set.union(*sets.values())) == sum(map(len, sets.values())), "a patient stands in two sets"


def _tables(
    flow: Flow, studies: pd.DataFrame, masked_videos: pd.DataFrame, views: pd.Series, unmatched: pd.DataFrame
) -> Cohort:
    rows = flow.rows.merge(masked_videos[["video_id", "n_frames", "fps"]], on="video_id", validate="1:1")
    rows["set"] = rows["study_id"].map(studies["set"])
    rows["view"] = rows["video_id"].map(views)
    videos = rows[list(COHORT_VIDEOS.columns)].sort_values(["study_id", "video_id"])
    studies = studies.dropna(subset="set").drop(columns=["excluded", "part", "provided_set"], errors="ignore")
    studies = studies.assign(n_videos=rows["study_id"].value_counts()).sort_index().reset_index()
    return Cohort(
        videos=COHORT_VIDEOS.check(videos),
        studies=COHORT_STUDIES.check(studies),
        flow=flow.table(),
        unmatched=unmatched,
    )


def _reason_where(condition: pd.Series, reason: str) -> pd.Series:
    """``reason`` where the condition holds, NA elsewhere."""
    return pd.Series(pd.NA, index=condition.index, dtype="string").mask(condition.astype(bool), reason)


def _matching(rows: pd.DataFrame, table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of ``table`` in the order of ``rows``; ValueError if one is lacking or stands there twice."""
    if table["video_id"].duplicated().any():
        raise ValueError(f"{name}: {int(table['video_id'].duplicated().sum())} videos stand there twice")
    lacking = ~rows["video_id"].isin(table["video_id"])
    if lacking.any():
        first = rows.loc[lacking, "video_id"].iloc[0]
        raise ValueError(f"{name} lack {int(lacking.sum())} of {len(rows)} videos, {first} the first of them")
    return table.set_index("video_id").loc[rows["video_id"]].reset_index()
