"""The page of a new study: probability, frames, saliency film, files left out, warnings."""

import re
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from echoclr_core import __version__
from echoclr_core.dicom.outcomes import OUTCOME_MEANINGS
from echoclr_core.predict.bundle import Bundle
from echoclr_core.predict.files import MEANINGS
from echoclr_core.predict.page_pictures import calibration_figure, frames_figure, saliency_film
from echoclr_core.reporting.report import (
    Block,
    DataTable,
    KeyNumbers,
    Movie,
    Picture,
    Section,
    Text,
    build_report,
)
from echoclr_core.reporting.style import init_name
from echoclr_core.video.store import ClipStore

MAX_SHOWN = 4  # videos whose frames are shown
RESEARCH_ONLY = "**Research use only.** Not a medical device; not for any decision about a patient."


@dataclass(frozen=True, kw_only=True)
class StudyPage:
    """What a page is made from.

    Parameters
    ----------
    study_id
        Pseudonym of the study.
    files, videos, predictions
        PATIENT_FILES, PATIENT_VIDEOS and PATIENT_PREDICTIONS of the study alone.
    store
        Clips of its scored videos.
    clean
        Videos that the audit found clean: pictures of no other are shown.
    """

    study_id: str
    files: pd.DataFrame
    videos: pd.DataFrame
    predictions: pd.DataFrame
    store: ClipStore
    clean: Collection[str]


def write_page(path: str | Path, page: StudyPage, bundles: Sequence[Bundle]) -> Path:
    """Write the page of a study, one section a bundle, and return its path."""
    with tempfile.TemporaryDirectory() as work:
        sections = [
            *(_prediction(page, bundle, Path(work) / f"{place}.mp4") for place, bundle in enumerate(bundles)),
            *_frames(page, bundles[0]),
            _left_out(page),
        ]
        return build_report(
            path,
            title=f"Study {page.study_id}",
            lead=RESEARCH_ONLY,
            sections=sections,
            facts=[
                ("Files", f"{len(page.files):,}"),
                ("Videos scored", f"{int((page.files['outcome'] == 'scored').sum()):,}"),
                *(("Bundle", bundle.name) for bundle in bundles),
            ],
            footer=f"echoclr-workflow {__version__}.",
        )


def shown_videos(videos: pd.DataFrame, clean: Collection[str] | None = None) -> list[str]:
    """The videos of one study that are shown, those with the highest probability first.

    Parameters
    ----------
    videos
        PATIENT_VIDEOS of the study.
    clean
        See :class:`StudyPage`; None before the audit.
    """
    order = videos.groupby("video_id")["video_probability"].max().sort_values(ascending=False, kind="stable")
    candidates = list(order.index[:MAX_SHOWN])
    return candidates if clean is None else [video for video in candidates if video in clean]


def _prediction(page: StudyPage, bundle: Bundle, film: Path) -> Section:
    """Probability, thresholds, warning, calibration curve and film of one bundle."""
    row = _own(page.predictions, bundle).iloc[0]
    blocks: list[Block] = []
    if pd.isna(row["probability"]):
        blocks.append(Text(rst=f"No probability: {plain(row['reason'])}."))
        return Section(title=bundle.title, blocks=blocks)
    probability = float(row["probability"])
    blocks.append(KeyNumbers(items=_numbers(row)))
    if not pd.isna(row["warnings"]):
        blocks.append(
            Text(
                rst="**Unlike the training data**: the prediction may be wrong for a reason that the model "
                f"cannot see. {plain(row['warnings'])}."
            )
        )
    blocks.append(Text(rst=_thresholds(bundle, row)))
    if bundle.description["validation"]["calibration_curve"]:
        blocks.append(
            Picture(
                source=calibration_figure(bundle.description["validation"]["calibration_curve"], probability),
                title="The probability on the calibration curve of the validation set",
                alt=f"Calibration curve; this study's probability of {probability:.2f} as a vertical line.",
                caption="Observed share of cases against mean predicted probability, with exact 95 % "
                "intervals. On the diagonal, predicted probability equals observed frequency. Nothing is "
                "recalibrated.",
            )
        )
    if shown := shown_videos(page.videos, page.clean):
        saliency_film(film, bundle, page.store, shown[0])
        blocks.append(
            Movie(
                source=film,
                title=f"Saliency of video {shown[0]}",
                alt="The first frames of the video, above; below, the same with the regions that raise the "
                "probability in colour.",
                caption="Grad-CAM of the first model on the first frames, scaled to its own maximum. It "
                "shows where the evidence lies, not whether the model is right.",
            )
        )
    return Section(title=f"{bundle.title}, {init_name(bundle.description['initialisation'])}", blocks=blocks)


def _numbers(row: pd.Series) -> list[tuple[str, str]]:
    items = [(f"{float(row['probability']):.3f}", "probability")]
    if not pd.isna(row["lowest"]):
        spread = f"{float(row['lowest']):.3f}–{float(row['highest']):.3f}"
        items.append((spread, f"lowest and highest of {row['n_models']} models"))
    items.append((str(row["n_videos"]), f"videos scored, of {row['n_files']} files"))
    return items


def _thresholds(bundle: Bundle, row: pd.Series) -> str:
    """Where the probability stands against the thresholds of the validation set."""
    lines = []
    for point in bundle.description["thresholds"]:
        kept = f"{100 * point['rate']:g} % {point['criterion']} on validation"
        if point["threshold"] is None:
            lines.append(f"- The threshold for {kept} calls no study positive.")
        else:
            side = "at or above" if row[f"above_{point['criterion']}"] else "below"
            lines.append(f"- **{side.capitalize()}** {point['threshold']:.3f}, the threshold for {kept}.")
    return "\n".join(lines) or "The validation set fixed no threshold."


def _frames(page: StudyPage, bundle: Bundle) -> list[Section]:
    """First frame of each scored clip, video by video."""
    shown, scored = shown_videos(page.videos, page.clean), page.videos["video_id"].nunique()
    if not shown:
        return []
    hidden = scored - len(shown)
    more = f" {hidden} further videos were scored and are not shown." if hidden else ""
    picture = Picture(
        source=frames_figure(bundle, page.store, shown),
        title="Frames that were scored",
        alt="A row a video: the middle frame of each scored clip.",
        caption=f"The middle frame of each scored clip, masked as the model sees it.{more}",
    )
    return [Section(title="Frames", blocks=[picture])]


def _left_out(page: StudyPage) -> Section:
    """What became of every file, and the scored videos in numbers."""
    counts = page.files["outcome"].value_counts().rename_axis("outcome").reset_index(name="Files")
    counts = counts.sort_values(["Files", "outcome"], ascending=[False, True], ignore_index=True)
    meanings = {**OUTCOME_MEANINGS, **MEANINGS}
    counts["Meaning"] = [meanings[outcome] for outcome in counts["outcome"]]
    blocks = [
        DataTable(frame=counts.rename(columns={"outcome": "Outcome"}), title="What became of the files")
    ]
    if len(page.videos):
        blocks.append(DataTable(frame=_video_table(page), title="Scored videos"))
    return Section(title="Files", blocks=blocks)


def _video_table(page: StudyPage) -> pd.DataFrame:
    """One row a scored video and model."""
    rows = page.videos.merge(page.files[["video_id", "view_probability", "fps", "n_frames"]], on="video_id")
    return pd.DataFrame(
        {
            "Video": rows["video_id"],
            "Task": rows["task"],
            "Model": rows["draw"],
            "Probability": rows["video_probability"],
            "Probability of the view": rows["view_probability"],
            "Frames": rows["n_frames"],
            "Frames/s": [f"{rate:.4g}" for rate in rows["fps"]],
            "Distance from training": rows["embedding_distance"],
        }
    )


def _own(rows: pd.DataFrame, bundle: Bundle) -> pd.DataFrame:
    same = (rows["task"] == bundle.task) & (rows["initialisation"] == bundle.description["initialisation"])
    return rows[same & ((rows["ratio"] - bundle.description["ratio"]).abs() < 1e-9)]


def plain(text: str) -> str:
    """``text`` as reStructuredText shows it literally."""
    return re.sub(r"([\\*`|_:<>\[\]])", r"\\\1", str(text))
