"""What a bundle is made from, from the inputs of its rule."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pandas as pd

from echoclr_core.cohort.flow import FLOW
from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS, SUBSETS
from echoclr_core.cohort.training_videos import subset_videos
from echoclr_core.common.digest import digest, file_digest
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.evaluate.schema import CALIBRATION, METRICS, OPERATING_POINTS, SUBGROUPS
from echoclr_core.finetune.tables import PREDICTIONS
from echoclr_core.predict.export import ExportedStudy
from echoclr_core.predict.model_card import CardTables
from echoclr_core.predict.training_range import MEASURED
from echoclr_core.video.tables import MASKED_VIDEOS
from echoclr_core.views.classifier import read_classes
from echoclr_core.views.files import read_header
from echoclr_core.views.keep import kept_views


def exported_study(snakemake, chosen: SimpleNamespace) -> ExportedStudy:
    """The study of rule ``export_bundle``; ``chosen`` are the rule's settings."""
    inputs, params, task = snakemake.input, snakemake.params, snakemake.wildcards.task
    draws = list(params.draws)
    classifier = str(inputs.classifier) or snakemake.config["views"]["weights"] or None
    return ExportedStudy(
        models=dict(zip(draws, inputs.models, strict=True)),
        task={"name": task, "title": params.title, "label_rule": snakemake.config["tasks"][task]},
        initialisation=snakemake.wildcards.init,
        ratio=float(params.ratio),
        deidentify=chosen.deidentify,
        views=_views(chosen, classifier, snakemake.config["views"]["classes"]),
        mask=chosen.mask,
        clip=chosen.clip,
        view_classifier=None if chosen.views["classifier"] == "provided" else classifier,
        batch_size=chosen.batch_size,
        precision=snakemake.config["compute"]["precision"],
        validation={
            draw: PREDICTIONS.read(path) for draw, path in zip(draws, inputs.validation, strict=True)
        },
        training_videos=_training_videos(inputs, task),
        target_rate=chosen.target_rate,
        calibration_bins=chosen.calibration_bins,
        onnx=snakemake.params.onnx,
        digests={
            "split": file_digest(inputs.split),
            "clip store": file_digest(inputs.store),
            "settings": digest(params.settings),
            "code": params.code_hash,
        },
    )


def card_tables(snakemake) -> CardTables:
    """The tables of the model card."""
    inputs = snakemake.input
    return CardTables(
        flow=FLOW.read(inputs.flow),
        metrics=METRICS.read(inputs.metrics),
        operating_points=OPERATING_POINTS.read(inputs.operating_points),
        calibration=CALIBRATION.read(inputs.calibration),
        subgroups=SUBGROUPS.read(inputs.subgroups),
        least_cell=snakemake.params.least_cell,
        synthetic=snakemake.params.synthetic,
    )


def _views(chosen: SimpleNamespace, classifier: str | None, classes: str) -> dict[str, Any]:
    kind, keep = chosen.views["classifier"], kept_views(chosen.views["keep"])
    if len(keep) > 1:  # a folder that was asked for by its path; the target is refused when it is planned
        raise ValueError(
            f"a bundle scores videos of one class of the view classifier; this study keeps {list(keep)}"
        )
    if kind == "provided":
        names: list[str] = []
    elif kind == "onnx":
        names = read_classes(classes)
    else:
        names = list(read_header(classifier)["classes"])
    return {
        "classifier": kind,
        "kept": next(iter(keep)),
        "classes": names,
        "frames": chosen.views["frames"],
        "seed": chosen.seed,
        "onnx": chosen.views["onnx"] if kind == "onnx" else {},
    }


def _training_videos(inputs, task: str) -> pd.DataFrame:
    """The videos that the models of any draw were trained on, with what is compared of new ones."""
    videos, studies = COHORT_VIDEOS.read(inputs.videos), COHORT_STUDIES.read(inputs.studies)
    subset = pd.concat([SUBSETS.read(path) for path in inputs.subsets], ignore_index=True)
    rows = subset_videos(videos, studies, subset, task=task)[["video_id", "study_id"]]
    sources = _joined(SOURCE_FILES, inputs.files)[
        ["video_id", "fps", "height", "width", "kept_fraction", "manufacturer"]
    ]
    hulls = _joined(MASKED_VIDEOS, inputs.masked)[["video_id", "hull_fraction"]]
    rows = rows.merge(sources, on="video_id", how="left").merge(hulls, on="video_id", how="left")
    assert set(MEASURED) <= set(rows.columns), "each property that is compared is read"
    return rows


def _joined(schema, paths: Iterable[str]) -> pd.DataFrame:
    return pd.concat([schema.read(path) for path in paths], ignore_index=True)
