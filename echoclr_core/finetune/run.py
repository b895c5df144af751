"""A fine-tuning run from labelled videos to the best weights."""

import dataclasses
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from echoclr_core import __version__
from echoclr_core.common.digest import digest
from echoclr_core.common.randomness import derive_seed
from echoclr_core.finetune.batches import ClipBatches
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.step import FinetuneTrainer
from echoclr_core.finetune.tables import HISTORY
from echoclr_core.models.encoder import Encoder, EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.models.weights import load_strictly
from echoclr_core.training.checkpoints import Checkpoints
from echoclr_core.training.compute import Compute
from echoclr_core.training.determinism import deterministic
from echoclr_core.training.diagnostics import checked_rows
from echoclr_core.training.guard import NonFiniteError
from echoclr_core.training.inputs import data_digest, frame_counts
from echoclr_core.training.leasing import lease_device
from echoclr_core.training.loop import CHECKPOINT_MINUTES, Loop
from echoclr_core.training.numbers_code import numbers_code
from echoclr_core.training.progress import TIMINGS, Progress
from echoclr_core.training.selfcheck import training_compute
from echoclr_core.training.state_folder import state_folder
from echoclr_core.training.stopping import Stopper
from echoclr_core.video.store import ClipStore

NON_FINGERPRINT_FIELDS = ("finetune.checkpoint_every", "finetune.precision", "finetune.memory_format")
NUMBERS = (
    "echoclr_core/finetune/step.py",
    "echoclr_core/finetune/batches.py",
    "echoclr_core/training/loop.py",
)  # with what they import: the code that decides the weights
DATA = "training and validation data"  # its name in the definition of a run
COLUMNS = ["video_id", "study_id", "label"]


@dataclass(frozen=True, kw_only=True)
class FinetuneResult:
    """What a run gives.

    Parameters
    ----------
    model
        With the weights of the best epoch, on the CPU, in eval mode.
    history
        HISTORY; the same numbers however often the run was interrupted.
    timings
        TIMINGS; of this machine.
    run
        Plain values for a JSON record; ``validation_loss`` is the best epoch's.
    """

    model: Classifier
    history: pd.DataFrame
    timings: pd.DataFrame
    run: dict[str, Any]


def finetune(
    store: ClipStore,
    training: pd.DataFrame,
    validation: pd.DataFrame,
    encoder_settings: EncoderSettings,
    initial: Mapping[str, Tensor] | None,
    settings: FinetuneSettings,
    *,
    state_dir: str | Path | None = None,
    device: str = "auto",
    jobs_per_gpu: int = 1,
    workers: int = 0,
    checkpoint_minutes: float = CHECKPOINT_MINUTES,
    code: str | None = None,
    log: logging.Logger | None = None,
    terminal: bool | None = None,
) -> FinetuneResult:
    """Train a classifier until validation no longer improves, resuming from ``state_dir`` if it can.

    Binary cross-entropy on one random, augmented clip of each training video an epoch; after each epoch the
    loss of :func:`echoclr_core.finetune.step.validation_loss`; the weights of its minimum are the result.

    Parameters
    ----------
    store
        Clips.
    training, validation
        Tables (video_id, study_id, label 0 or 1), one row a video; further columns are ignored, the order of
        rows does not count.
    encoder_settings
        The encoder.
    initial
        Its initial weights (all of them), or None for random ones.
    settings
        How.
    state_dir
        For checkpoints, to be removed by the caller once the results are written; None for a run that cannot
        be resumed.
    device, jobs_per_gpu
        See ``training.lease_device``.
    workers
        Loader processes; any number gives the same numbers.
    checkpoint_minutes
        Time between two checkpoints; there is one at the end and at a request to stop in any case.
    code
        A digest of the code that decides the weights, part of the run's fingerprint: a checkpoint of other
        code is not resumed. None computes it.
    log
        For messages; default this module's logger.
    terminal
        True for a bar, False for lines, None to look.

    Raises
    ------
    ValueError
        For tables without rows, labels other than 0 and 1, videos that are not in the store, or initial
        weights of another network. A table with one class only is trained on, and the run's record says so.
    Stopped
        See ``pretrain``. A loss or gradient that is NaN or infinite raises nothing: the run's ``outcome`` is
        then "diverged", with the ``reason``; its weights are those of the best epoch before. Without one,
        ``validation_loss`` is None, and the weights are the initial ones.

    See Also
    --------
    echoclr_core.pretrain.run.pretrain : the encoder whose ``state_dict()`` is ``initial``.
    echoclr_core.finetune.scoring.predict : score videos with the result's model.
    echoclr_core.finetune.export.save_model : write it for :func:`echoclr_core.models.load`.

    Examples
    --------
    >>> store = ClipStore.open_folder("clips")
    >>> videos = pd.read_csv("videos.csv")  # video_id, study_id, label
    >>> encoder = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
    >>> settings = FinetuneSettings(clip_length=4, batch_size=8, max_epochs=1, learning_rate=1e-3)
    >>> result = finetune(
    ...     store, videos[:16], videos[16:], encoder, None, settings, device="cpu", terminal=False
    ... )
    >>> result.run["outcome"], len(result.history)
    ('finished', 1)
    """
    log = log or logging.getLogger(__name__)
    if settings.learning_rate is None:
        raise ValueError("learning_rate: None; allowed is a number above 0")
    tables = _checked_tables(store, training, validation)
    encoder = _initial_encoder(encoder_settings, initial, settings.seed)
    with (
        state_folder(state_dir) as folder,
        lease_device(device, jobs_per_gpu=jobs_per_gpu) as place,
        deterministic(settings.deterministic),
        Stopper() as stopper,
    ):
        compute = training_compute(encoder, place, store.size, settings, log)
        notes = _notes(tables, settings, log)
        trainer, batches = _trainer(encoder, store, tables, settings, compute, workers)
        definition = _definition(trainer, encoder_settings, tables, code)
        log.info("fine-tuning on %s", compute.describe())
        loop = _loop(trainer, batches, folder, definition, stopper, checkpoint_minutes, log, terminal)
        failure = _run_to_end(loop, log)
    record = {
        "reason": failure,
        "initial": "random" if initial is None else "provided",
        "data_digest": definition[DATA],
        "fingerprint": loop.checkpoints.fingerprint,
        "code": definition["code"],
        "notes": notes,
    }
    return _result(trainer, loop, encoder_settings, tables, record)


def _initial_encoder(
    encoder_settings: EncoderSettings, initial: Mapping[str, Tensor] | None, seed: int
) -> Encoder:
    encoder = build_encoder(encoder_settings, seed=derive_seed(seed, "encoder"))
    if initial is not None:
        load_strictly(encoder, initial, source="the initial state")
    return encoder


def _checked_tables(
    store: ClipStore, training: pd.DataFrame, validation: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Both tables by name; every video of them is in the store."""
    tables = {
        "training": validate_videos(training, "training"),
        "validation": validate_videos(validation, "validation"),
    }
    for name, table in tables.items():
        frame_counts(store, table["video_id"], table=f"{name} videos")
    return tables


def _trainer(
    encoder: Encoder,
    store: ClipStore,
    tables: dict[str, pd.DataFrame],
    settings: FinetuneSettings,
    compute: Compute,
    workers: int,
) -> tuple[FinetuneTrainer, ClipBatches]:
    """A classifier on the encoder, with the head's weights from the run's seed, and its training clips."""
    torch.manual_seed(derive_seed(settings.seed, "head"))
    model = Classifier(encoder, settings.dropout)
    batches = ClipBatches(store, tables["training"], settings)
    trainer = FinetuneTrainer(
        model,
        settings,
        compute,
        store,
        tables["validation"],
        positive_weight=positive_weight(tables["training"]) if settings.class_weights else 1.0,
        steps_per_epoch=batches.steps_per_epoch,
        workers=workers,
        batches=batches,
    )
    return trainer, batches


def _loop(
    trainer: FinetuneTrainer,
    batches: ClipBatches,
    state_dir: Path,
    definition: dict[str, Any],
    stopper: Stopper,
    checkpoint_minutes: float,
    log: logging.Logger,
    terminal: bool | None,
) -> Loop:
    """The loop of this run: at most ``max_epochs`` epochs, with its checkpoints and its progress."""
    settings, device = trainer.settings, trainer.compute.device
    steps = settings.max_epochs * batches.steps_per_epoch
    return Loop(
        trainer,
        batches,
        steps=steps,
        interval=batches.steps_per_epoch,
        seed=settings.seed,
        checkpoints=Checkpoints(state_dir, digest(["finetune", definition]), definition=definition),
        checkpoint_every=settings.checkpoint_every,
        checkpoint_minutes=checkpoint_minutes,
        workers=trainer.workers,
        device=device,
        progress=Progress("fine-tune", steps, log, terminal=terminal, device=device),
        stopper=stopper,
    )


def _run_to_end(loop: Loop, log: logging.Logger) -> str | None:
    """Run the loop; the reason if it diverged, else None.

    That is a result, not a failed job: the other learning rates go on.
    """
    try:
        loop.run()
    except NonFiniteError as error:
        log.warning("the run ends here, its best weights so far are its result: %s", error)
        return str(error)
    return None


def _frame_rate(store: ClipStore, videos: pd.DataFrame) -> float | None:
    """Median frame rate of the training videos, frames/s; None where none is known."""
    rates = store.index.set_index("video_id").loc[videos["video_id"], "fps"].dropna()
    return float(rates.median()) if len(rates) else None


def validate_videos(videos: pd.DataFrame, name: str) -> pd.DataFrame:
    """video_id, study_id (text) and label (0 or 1), by study, then video.

    Raises
    ------
    ValueError
        Naming the table ("training" or "validation") and what is wrong with it.
    """
    absent = [column for column in COLUMNS if column not in videos.columns]
    if absent:
        raise ValueError(f"{name} videos: missing columns {absent}; needed are {COLUMNS}")
    if videos.empty:
        raise ValueError(f"{name} videos: there are none; at least one labelled video is needed")
    table = videos[COLUMNS].astype({"video_id": str, "study_id": str})
    wrong = ~table["label"].isin([0, 1])
    if wrong.any():
        first = table["label"][wrong].tolist()[0]
        raise ValueError(
            f"{name} videos: label {first!r} ({int(wrong.sum())} such rows); allowed are 0 and 1"
        )
    twice = table["video_id"][table["video_id"].duplicated()]
    if len(twice):
        raise ValueError(f"{name} videos: {twice.iloc[0]} stands there twice")
    table["label"] = table["label"].astype(int)
    return table.sort_values(["study_id", "video_id"], ignore_index=True)


def positive_weight(videos: pd.DataFrame) -> float:
    """Negative over positive studies; 1 where a class is missing."""
    labels = videos.groupby("study_id")["label"].first()
    positive = int(labels.sum())
    return (len(labels) - positive) / positive if 0 < positive < len(labels) else 1.0


def _notes(tables: dict[str, pd.DataFrame], settings: FinetuneSettings, log: logging.Logger) -> list[str]:
    notes = []
    for name, table in tables.items():
        if table["label"].nunique() == 1:
            notes.append(
                f"all {table['study_id'].nunique()} {name} studies have label {table['label'].iloc[0]}"
            )
            if name == "training" and settings.class_weights:
                notes.append("class weights are 1, since a class is missing")
    for note in notes:
        log.warning("%s", note)
    return notes


def weights_digest(model: torch.nn.Module) -> str:
    """SHA-256 of all weights and buffers of a model."""
    checksum = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        checksum.update(name.encode())
        checksum.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return checksum.hexdigest()


def _definition(
    trainer: FinetuneTrainer,
    encoder_settings: EncoderSettings,
    tables: dict[str, pd.DataFrame],
    code: str | None,
) -> dict[str, Any]:
    """All that decides the run's numbers, as far as it can be named: name to plain value.

    The version of the software is no part of it: the code itself is.
    """
    parts = {f"finetune.{k}": v for k, v in dataclasses.asdict(trainer.settings).items()}
    parts |= {f"encoder.{k}": v for k, v in dataclasses.asdict(encoder_settings).items()}
    parts = {name: value for name, value in parts.items() if name not in NON_FINGERPRINT_FIELDS}
    return parts | {
        DATA: digest([data_digest(trainer.store, table) for table in tables.values()]),
        "initial weights": weights_digest(trainer.model),
        "code": numbers_code(NUMBERS) if code is None else code,
        "precision": trainer.compute.precision,
        "channels_last": trainer.compute.channels_last,
    }


def _result(
    trainer: FinetuneTrainer,
    loop: Loop,
    encoder_settings: EncoderSettings,
    tables: dict[str, pd.DataFrame],
    record: dict[str, Any],
) -> FinetuneResult:
    model = trainer.model.to("cpu")
    model.load_state_dict(trainer.best or trainer.initial)
    model.encoder.requires_grad_(True)
    history, warnings = checked_rows(HISTORY, loop.history)
    timings = TIMINGS.check(pd.DataFrame(loop.timings)) if loop.timings else TIMINGS.empty()
    counts = {
        f"{name}_{what}": int(count)
        for name, table in tables.items()
        for what, count in (
            ("videos", len(table)),
            ("studies", table["study_id"].nunique()),
            ("positive_studies", table.groupby("study_id")["label"].first().sum()),
        )
    }
    run = {
        "kind": "finetune",
        "version": __version__,
        "outcome": "diverged" if record["reason"] else "finished",
        "settings": dataclasses.asdict(trainer.settings),
        "encoder": dataclasses.asdict(encoder_settings),
        "frame_size": [int(side) for side in trainer.store.size],
        "frame_rate": _frame_rate(trainer.store, tables["training"]),
        "compute": trainer.compute.describe() | {"threads": torch.get_num_threads()},
        "positive_weight": trainer.positive_weight,
        "steps_per_epoch": trainer.steps_per_epoch,
        "epochs": len(history),
        "best_epoch": trainer.best_epoch,
        "validation_loss": trainer.stopping.best if trainer.best else None,
        "stopped_early": trainer.stopping.stop,
        "seconds": float(timings["seconds"].sum()),
        "clips_per_second": float(timings["clips_per_second"].mean()) if len(timings) else None,
        "wait_share": float(timings["wait_share"].mean()) if len(timings) else None,
        "warnings": warnings,
    }
    return FinetuneResult(model=model.eval(), history=history, timings=timings, run=run | counts | record)
