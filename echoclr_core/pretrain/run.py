"""A pretraining run from videos to an encoder."""

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from echoclr_core import __version__
from echoclr_core.common import derive_seed, digest
from echoclr_core.models import Encoder, EncoderSettings, build_encoder
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.pairs import matched_epochs, pretraining_items
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainModel, PretrainTrainer
from echoclr_core.pretrain.tables import HISTORY
from echoclr_core.pretrain.validate import held_out_accuracy
from echoclr_core.training import distributed
from echoclr_core.training.checkpoints import Checkpoints
from echoclr_core.training.compute import Compute, choose_compute
from echoclr_core.training.determinism import deterministic
from echoclr_core.training.inputs import clip_span, data_digest, frame_counts
from echoclr_core.training.leasing import lease_device
from echoclr_core.training.loop import Loop, silent_logger
from echoclr_core.training.progress import TIMINGS, Progress
from echoclr_core.training.selfcheck import checked_compute
from echoclr_core.training.stopping import Stopper
from echoclr_core.video.store import ClipStore

# Settings that do not change a run's numbers; a checkpoint serves whatever they are.
NOT_DEFINING = ("checkpoint_every",)
COLUMNS = ("video_id", "study_id")


@dataclass(frozen=True, kw_only=True)
class PretrainResult:
    """What a run gives.

    Parameters
    ----------
    encoder
        On the CPU, in eval mode; the heads are gone.
    history
        HISTORY; the same numbers however often the run was interrupted.
    timings
        TIMINGS; clips per second and share of time waiting, of this machine.
    run
        Plain values for a JSON record: settings, counts, device, digests, final and held-out figures.
    """

    encoder: Encoder
    history: pd.DataFrame
    timings: pd.DataFrame
    run: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many steps a run takes, and why."""

    items: int
    steps_per_epoch: int
    steps: int
    epochs: int


def plan(videos: pd.DataFrame, settings: PretrainSettings, world_size: int = 1) -> Plan:
    """Count items and steps.

    SimCLR with ``match_steps`` takes exactly as many steps as the pairs of the same videos would;
    ``Plan.epochs`` is then the rounded number of passes over the videos.

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
    if settings.chunk and share % settings.chunk:
        raise ValueError(
            f"pretrain.chunk {settings.chunk} must divide the {share} pairs that a process sees a step"
        )
    own = _count_items(videos, settings, settings.multi_instance)
    per_epoch = own // settings.batch_size
    steps, epochs = settings.epochs * per_epoch, settings.epochs
    if not settings.multi_instance and settings.match_steps:
        pairs = _count_items(videos, settings, True)
        steps = settings.epochs * (pairs // settings.batch_size)
        epochs = matched_epochs(pairs, own, settings.epochs, settings.batch_size)
    if settings.max_steps is not None:
        steps = min(steps, settings.max_steps)
    return Plan(items=own, steps_per_epoch=per_epoch, steps=steps, epochs=epochs)


def _count_items(videos: pd.DataFrame, settings: PretrainSettings, multi_instance: bool) -> int:
    items = pretraining_items(
        videos["study_id"], multi_instance=multi_instance, single_video_studies=settings.single_video_studies
    )
    if len(items) < settings.batch_size:
        kind = "pairs of videos of one study" if multi_instance else "videos"
        raise ValueError(
            f"pretraining needs at least one batch: there are {len(items)} {kind} "
            f"but pretrain.batch_size is {settings.batch_size}"
        )
    return len(items)


def pretrain(
    store: ClipStore,
    videos: pd.DataFrame,
    encoder_settings: EncoderSettings,
    settings: PretrainSettings,
    *,
    state_dir: str | Path,
    validation: pd.DataFrame | None = None,
    device: str = "auto",
    jobs_per_gpu: int = 1,
    workers: int = 0,
    log: logging.Logger | None = None,
    terminal: bool | None = None,
) -> PretrainResult:
    """Pretrain an encoder, resuming from ``state_dir`` if an interrupted run of the same definition left its
    state there.

    Parameters
    ----------
    store
        Clips.
    videos
        Training videos (video_id, study_id); further columns are ignored. Their order does not count.
    encoder_settings, settings
        What and how.
    state_dir
        For checkpoints; to be removed by the caller once the results are written.
    validation
        Videos of other studies, for the held-out accuracies; None for none.
    device
        "auto", "cpu" or "cuda"; see ``training.lease_device``.
    jobs_per_gpu
        Jobs that may share a GPU.
    workers
        Loader processes; any number gives the same numbers.
    log
        For messages; default this module's logger.
    terminal
        True for a bar, False for lines, None to look.

    Raises
    ------
    ValueError
        For settings, videos and store that do not fit together.
    NonFiniteError
        When loss or gradient is NaN or infinite.
    Stopped
        After SIGTERM or SIGUSR1, the state saved; a SystemExit with code ``training.EXIT_STOPPED``.
    """
    log = log or logging.getLogger(__name__)
    with (
        lease_device(device, jobs_per_gpu=jobs_per_gpu) as place,
        distributed.process_group(place),
        deterministic(),
        Stopper() as stopper,
    ):
        run = _Run(store, videos, encoder_settings, settings, place, log)
        return run(Path(state_dir), validation, workers, stopper, terminal)


class _Run:
    """The pieces of one run, put together."""

    def __init__(self, store, videos, encoder_settings, settings, device: torch.device, log: logging.Logger):
        self.store, self.encoder_settings, self.settings = store, encoder_settings, settings
        self.videos = _tidy(videos)
        self.log = log if distributed.rank() == 0 else silent_logger()
        world = distributed.world_size()
        self.plan = plan(self.videos, settings, world)
        _check_videos(store, self.videos, settings)
        self.encoder = build_encoder(encoder_settings, seed=derive_seed(settings.seed, "encoder"))
        self.compute = self._choose_compute(device)
        self._check_batch_norm(world)
        items = pretraining_items(
            self.videos["study_id"],
            multi_instance=settings.multi_instance,
            single_video_studies=settings.single_video_studies,
        )
        self.batches = PairBatches(
            store, self.videos, items, settings, rank=distributed.rank(), world_size=world
        )
        self.data_digest = data_digest(store, self.videos)

    def _choose_compute(self, device: torch.device) -> Compute:
        settings = self.settings
        size = (settings.input_size or self.store.size[0], settings.input_size or self.store.size[1])
        compute = choose_compute(device, settings.precision, settings.memory_format)
        shape = (3, settings.clip_length, *size)
        return checked_compute(compute, self.encoder, shape, settings.precision, self.log)

    def _check_batch_norm(self, world: int) -> None:
        if self.settings.sync_bn and self.compute.device.type != "cuda":
            raise ValueError("pretrain.sync_bn needs GPUs: PyTorch has no synchronised batch norm on a CPU")
        if self.settings.sync_bn and world == 1:
            self.log.warning("pretrain.sync_bn changes nothing with one process")
        if self.settings.chunk:
            self.log.info("batch norm sees chunks of %d clips of one view", self.settings.chunk)

    def fingerprint(self) -> str:
        """Digest of all that decides the run's numbers, as far as it can be named."""
        defining = {k: v for k, v in dataclasses.asdict(self.settings).items() if k not in NOT_DEFINING}
        parts = [
            defining,
            dataclasses.asdict(self.encoder_settings),
            self.data_digest,
            distributed.world_size(),
        ]
        return digest(["pretrain", __version__, *parts, self.compute.precision, self.compute.channels_last])

    def __call__(
        self, state_dir: Path, validation, workers: int, stopper: Stopper, terminal
    ) -> PretrainResult:
        settings, seed = self.settings, self.settings.seed
        torch.manual_seed(derive_seed(seed, "heads"))
        model = PretrainModel(self.encoder, settings)
        if settings.sync_bn:
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        trainer = PretrainTrainer(
            model, settings, self.compute, steps=self.plan.steps, epoch_steps=self.plan.steps_per_epoch
        )
        self.log.info("pretraining (%s) on %s", settings.method, self.compute.describe())
        loop = Loop(
            trainer,
            self.batches,
            steps=self.plan.steps,
            interval=settings.history_every or self.plan.steps_per_epoch,
            seed=seed,
            checkpoints=Checkpoints(state_dir, self.fingerprint()),
            checkpoint_every=settings.checkpoint_every,
            workers=workers,
            device=self.compute.device,
            progress=Progress(
                f"pretrain {settings.method}",
                self.plan.steps,
                self.log,
                terminal=terminal if distributed.rank() == 0 else False,
            ),
            stopper=stopper,
        )
        loop.run()
        held_out = {}
        if validation is not None and distributed.rank() == 0:
            with distributed.alone():
                held_out = held_out_accuracy(trainer, self.store, _tidy(validation), settings)
        return self._result(trainer, loop, held_out)

    def _result(self, trainer: PretrainTrainer, loop: Loop, held_out: dict[str, Any]) -> PretrainResult:
        encoder = build_encoder(self.encoder_settings, seed=0)
        encoder.load_state_dict({k: v.cpu() for k, v in trainer.model.encoder.state_dict().items()})
        history = HISTORY.check(pd.DataFrame(loop.history))
        timings = TIMINGS.check(pd.DataFrame(loop.timings))
        seconds = float(timings["seconds"].sum())
        run = {
            "kind": "pretrain",
            "version": __version__,
            "settings": dataclasses.asdict(self.settings),
            "encoder": dataclasses.asdict(self.encoder_settings),
            "compute": self.compute.describe() | {"threads": torch.get_num_threads()},
            "processes": distributed.world_size(),
            "rank": distributed.rank(),
            "studies": int(self.videos["study_id"].nunique()),
            "videos": len(self.videos),
            "items": self.plan.items,
            "steps_per_epoch": self.plan.steps_per_epoch,
            "steps": self.plan.steps,
            "epochs": self.plan.epochs,
            "data_digest": self.data_digest,
            "fingerprint": self.fingerprint(),
            "seconds": seconds,
            "clips_per_second": 2 * self.settings.batch_size * self.plan.steps / max(seconds, 1e-9),
            "wait_share": float((timings["wait_share"] * timings["seconds"]).sum() / max(seconds, 1e-9)),
            "final": {k: None if pd.isna(v) else float(v) for k, v in history.iloc[-1].items()},
        }
        return PretrainResult(encoder=encoder.eval(), history=history, timings=timings, run=run | held_out)


def _tidy(videos: pd.DataFrame) -> pd.DataFrame:
    """video_id and study_id as text, by study, then video: the order of a table's rows must not change a
    run.
    """
    absent = [name for name in COLUMNS if name not in videos.columns]
    if absent:
        raise ValueError(f"pretraining videos: missing columns {absent}; needed are {list(COLUMNS)}")
    tidy = videos[list(COLUMNS)].astype(str).sort_values(["study_id", "video_id"], ignore_index=True)
    twice = tidy["video_id"][tidy["video_id"].duplicated()]
    if len(twice):
        raise ValueError(f"pretraining videos: {twice.iloc[0]} stands there twice")
    return tidy


def _check_videos(store: ClipStore, videos: pd.DataFrame, settings: PretrainSettings) -> None:
    frames = frame_counts(store, videos["video_id"], table="pretraining videos")
    span = clip_span(settings.clip_length, settings.frame_stride)
    if settings.frame_order and not (frames >= span).any():
        raise ValueError(f"no video has the {span} frames that a clip of the frame-order task covers")
