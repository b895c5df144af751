"""Figure 4, its film, and the checks beside it."""

from pathlib import Path

import pandas as pd

from echoclr_core.reporting.exhibits import FIGURES
from echoclr_core.reporting.report import Block, DataTable, Movie, Section, Text
from echoclr_core.reporting.saliency_finding import finding
from echoclr_core.reporting.sections.page import Page, decimal, read_json
from echoclr_core.reporting.style import init_label

MAX_MOVIE = 3_000_000
"""Bytes: a larger film stays a file of its own, so that the page can be sent."""


def section(page: Page) -> Section:
    """One figure a task."""
    names = ("saliency", "saliency_checks", "saliency_movies", "saliency_summary")
    blocks: list[Block] = []
    for picture, checks, movie, path in zip(*(page.files[name] for name in names), strict=True):
        summary = read_json(path)
        task = page.titles[Path(path).parent.name]
        blocks.append(Text(rst=finding(summary, task)))
        blocks.append(page.picture("figure4", picture, of=task, alt=_alt(summary), more=_looped(summary)))
        blocks.append(_movie(page, movie, task))
        blocks.append(DataTable(frame=shown(summary), title=f"Studies shown for {task}"))
        blocks.append(
            DataTable(
                frame=where(summary),
                title=f"Where the saliency for {task} lies",
                caption=_flat_map(summary),
            )
        )
        if any(value is not None for one in summary["models"].values() for value in one["correlations"]):
            blocks.append(page.picture("figure4_checks", checks, of=task))
            blocks.append(
                DataTable(frame=cascade(summary), title=f"Rank correlation after redrawing weights, {task}")
            )
    if not blocks:
        blocks = [Text(rst="``explain.tasks`` is empty: no saliency maps were asked for.")]
    return Section(title="Saliency", blocks=blocks)


def shown(summary: dict) -> pd.DataFrame:
    """The studies of the figure with the ids of the clips that were scored."""
    reference = init_label(summary["reference"])
    return pd.DataFrame(
        [
            {
                "Study": study["study_id"],
                "Video": study["video_id"],
                "Label": "case" if study["label"] else "control",
                f"Study, {reference}": decimal(study["study_probability"]),
                **{
                    f"Clip shown, {init_label(name)}": decimal(value)
                    for name, value in study["clip_probabilities"].items()
                },
            }
            for study in summary["studies"]
        ]
    )


def where(summary: dict) -> pd.DataFrame:
    """Shares of the maps inside the sector and on the valve, model by model."""
    rows = []
    for name, values in summary["models"].items():
        row = {
            "Model": init_label(name),
            "Maps without evidence": f"{values['empty_maps']} of {summary['n_studies']}",
            "Greatest value": decimal(values["greatest"], 4),
            "Share inside the sector": decimal(values["sector_share"]),
        }
        if summary["valve_area"] is not None:
            row["Share on the aortic valve"] = decimal(values["valve_share"])
            row["Maps greatest on the valve"] = decimal(values["valve_peak"], 2)
        rows.append(row)
    return pd.DataFrame(rows)


def cascade(summary: dict) -> pd.DataFrame:
    """Mean rank correlations, one column a part of the network, from output to input."""
    return pd.DataFrame(
        [
            {
                "Model": init_label(name),
                **{
                    stage.removeprefix("encoder."): decimal(value, 2)
                    for stage, value in zip(summary["stages"], values["correlations"], strict=True)
                },
            }
            for name, values in summary["models"].items()
        ]
    )


def _movie(page: Page, path: str, task: str) -> Movie | Text:
    if Path(path).stat().st_size > MAX_MOVIE:
        return Text(rst=f"The moving version is ``figures/{Path(path).name}``.")
    figure = FIGURES["figure4_movie"]
    return Movie(
        source=path,
        title=f"{figure.heading} for {task}",
        alt=figure.alt,
        caption=f"{page.caption('figure4_movie')} File: ``figures/{Path(path).name}``.",
    )


def _alt(summary: dict) -> str:
    models = " and ".join(init_label(name) for name in summary["models"])
    return f"Heat maps of {models} over the first frame of {summary['n_studies']} studies, one row a model"


def _looped(summary: dict) -> str:
    if not summary["looped"]:
        return ""
    return f"{summary['looped']} of the {summary['n_studies']} videos were shorter and repeated as a loop."


def _flat_map(summary: dict) -> str:
    text = (
        f"The sector fills {100 * summary['sector_area']:.0f} % of the frame: a map that ignores the picture "
        "would have that share inside."
    )
    if summary["valve_area"] is not None:
        text += (
            f" The disc that counts as the aortic valve fills {100 * summary['valve_area']:.1f} %; its place "
            "is known because the cohort is synthetic, and nothing that was trained has read it."
        )
    return text
