"""What is known of a pretraining run before it begins: videos, steps, chance levels, what batch norm sees."""

import logging
import math
from dataclasses import dataclass

import pandas as pd

from echoclr_core.pretrain.batches import have_order
from echoclr_core.pretrain.pairs import matched_epochs, pretraining_items
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.training.inputs import clip_span
from echoclr_core.video.store import ClipStore

COLUMNS = ("video_id", "study_id")
PAPER_SHARE = 196  # pairs on each of the paper's two GPUs


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many steps a run takes, and why."""

    items: int
    steps_per_epoch: int
    steps: int
    epochs: float


def plan(videos: pd.DataFrame, settings: PretrainSettings, world_size: int = 1) -> Plan:
    """Count items and steps.

    SimCLR with ``match_steps`` takes exactly as many steps as the pairs of the same videos would;
    ``Plan.epochs`` is then the rounded number of passes over the videos. ``max_steps`` ends a run early: the
    epochs are then the passes over the items that are left of it.

    Raises
    ------
    ValueError
        When an epoch has not one whole batch, or a batch cannot be shared out evenly.
    """
    if settings.batch_size % world_size:
        raise ValueError(
            f"pretrain.batch_size {settings.batch_size} pairs cannot be shared by {world_size} processes"
        )
    share = settings.batch_size // world_size
    if settings.micro_batch_size and share % settings.micro_batch_size:
        raise ValueError(
            f"pretrain.micro_batch_size {settings.micro_batch_size} must divide the {share} pairs that a "
            "process sees a step"
        )
    own = _count_items(videos, settings, settings.multi_instance)
    per_epoch = own // settings.batch_size
    steps, epochs = settings.epochs * per_epoch, settings.epochs
    if not settings.multi_instance and settings.match_steps:
        pairs = _count_items(videos, settings, True)
        steps = settings.epochs * (pairs // settings.batch_size)
        epochs = matched_epochs(pairs, own, settings.epochs, settings.batch_size)
    if settings.max_steps is not None and settings.max_steps < steps:
        steps = settings.max_steps
        epochs = round(steps / per_epoch, 3)
    return Plan(items=own, steps_per_epoch=per_epoch, steps=steps, epochs=epochs)


def _count_items(videos: pd.DataFrame, settings: PretrainSettings, multi_instance: bool) -> int:
    items = pretraining_items(
        videos["study_id"],
        multi_instance=multi_instance,
        single_video_studies=settings.single_video_studies,
        views=pairing_views(videos, settings),
    )
    if len(items) < settings.batch_size:
        kind = "pairs of videos of one study" if multi_instance else "videos"
        raise ValueError(
            f"pretraining needs at least one batch: there are {len(items)} {kind} "
            f"but pretrain.batch_size is {settings.batch_size}"
        )
    return len(items)


def pairing_views(videos: pd.DataFrame, settings: PretrainSettings) -> pd.Series | None:
    """The views within which videos are paired; None where they are paired across views, or have none."""
    return None if settings.pairs_across_views else videos.get("view")


def chance_levels(settings: PretrainSettings) -> dict[str, float]:
    """What guessing reaches: column of the history to its value."""
    others = 2 * settings.batch_size - 1
    levels = settings.definition.chance(settings) | {"contrastive_accuracy": 1 / others}
    if settings.frame_order:
        orders = math.factorial(settings.clip_length)
        levels |= {"order_loss": math.log(orders), "order_accuracy": 1 / orders}
    return levels


def batch_norm_notes(settings: PretrainSettings, share: int, *, batch_norm: bool) -> list[tuple[int, str]]:
    """What ``settings.micro_batch_size`` means for the method: (logging level, text), at most one.

    Without it, what the number of processes means.

    Parameters
    ----------
    settings
        With ``micro_batch_size``.
    share
        Pairs that a process sees a step.
    batch_norm
        Whether the encoder has any.
    """
    size = settings.micro_batch_size
    if size is None or size == share:
        return _split_notes(settings, share) if batch_norm and not settings.sync_bn else []
    if not batch_norm:
        return [
            (logging.INFO, f"pretrain.micro_batch_size {size}: exact, since the encoder has no batch norm")
        ]
    if size == PAPER_SHARE:
        return [
            (
                logging.INFO,
                f"pretrain.micro_batch_size {size}: batch norm sees {size} clips of one view, as on each "
                "of the paper's GPUs",
            )
        ]
    return [
        (
            logging.WARNING,
            f"pretrain.micro_batch_size {size} changes the method: batch norm sees {size} clips of one "
            f"view, not {share}. The paper's is {PAPER_SHARE}; pretrain.activation_checkpointing "
            "saves memory and changes nothing",
        )
    ]


def _split_notes(settings: PretrainSettings, share: int) -> list[tuple[int, str]]:
    """What another number of GPUs than the paper's two means, for the paper's batch."""
    if settings.batch_size != 2 * PAPER_SHARE or share == PAPER_SHARE:
        return []
    processes = settings.batch_size // share
    as_published = (
        f"pretrain.micro_batch_size: {PAPER_SHARE} gives the paper's split"
        if share > PAPER_SHARE
        else f"two GPUs give the paper's split, pretrain.sync_bn statistics over all {settings.batch_size}"
    )
    return [
        (
            logging.WARNING,
            f"{processes} process(es): batch norm sees {share} clips of one view, not the {PAPER_SHARE} of "
            f"each of the paper's two GPUs; {as_published}",
        )
    ]


def validate_videos(videos: pd.DataFrame) -> pd.DataFrame:
    """video_id, study_id and, where it is there, view as text, by study, then video: the order of a table's
    rows must not change a run.
    """
    absent = [name for name in COLUMNS if name not in videos.columns]
    if absent:
        raise ValueError(f"pretraining videos: missing columns {absent}; needed are {list(COLUMNS)}")
    known = [*COLUMNS, *(["view"] if "view" in videos.columns else [])]
    checked = videos[known].astype(str).sort_values(["study_id", "video_id"], ignore_index=True)
    twice = checked["video_id"][checked["video_id"].duplicated()]
    if len(twice):
        raise ValueError(f"pretraining videos: {twice.iloc[0]} stands there twice")
    return checked


def check_videos(store: ClipStore, videos: pd.DataFrame, settings: PretrainSettings) -> None:
    span = clip_span(settings.clip_length, settings.frame_stride)
    ordered = have_order(store, [str(video) for video in videos["video_id"]], settings)
    if settings.frame_order and not ordered.any():
        raise ValueError(
            f"no video has the {span} frames that a clip of the frame-order task covers, all of them "
            "different"
        )
