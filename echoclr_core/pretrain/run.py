"""A pretraining run from videos to an encoder."""

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from echoclr_core import __version__
from echoclr_core.common.digest import digest
from echoclr_core.models.encoder import Encoder, EncoderSettings, build_encoder
from echoclr_core.models.recompute import has_batch_norm
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.pairs import pretraining_items
from echoclr_core.pretrain.plan import (
    batch_norm_notes,
    chance_levels,
    check_videos,
    pairing_views,
    plan,
    validate_videos,
)
from echoclr_core.pretrain.probe import Probe
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer, initial_encoder, initial_model
from echoclr_core.pretrain.tables import HISTORY
from echoclr_core.pretrain.validate import held_out_accuracy
from echoclr_core.training import distributed
from echoclr_core.training.checkpoints import Checkpoints
from echoclr_core.training.determinism import deterministic
from echoclr_core.training.diagnostics import attempt, checked_rows
from echoclr_core.training.events import EventLog
from echoclr_core.training.inputs import data_digest
from echoclr_core.training.leasing import lease_device
from echoclr_core.training.loop import CHECKPOINT_MINUTES, Loop, silent_logger
from echoclr_core.training.numbers_code import numbers_code
from echoclr_core.training.progress import TIMINGS, Progress
from echoclr_core.training.selfcheck import training_compute
from echoclr_core.training.state_folder import state_folder
from echoclr_core.training.stopping import Stopper
from echoclr_core.video.store import ClipStore

# Settings that do not change the weights at a given step; a checkpoint serves whatever they are. Precision
# and memory format enter as what was chosen.
NON_FINGERPRINT_FIELDS = (
    "activation_checkpointing",
    "checkpoint_every",
    "epochs",
    "history_every",
    "match_steps",
    "max_steps",
    "memory_format",
    "precision",
    "probe_every",
)
NUMBERS = (
    "echoclr_core/pretrain/step.py",
    "echoclr_core/pretrain/batches.py",
    "echoclr_core/pretrain/pairs.py",
    "echoclr_core/training/loop.py",
)  # with what they import, and the file of the method: the code that decides the weights


def method_file(method: str) -> str:
    """The file that defines a method, relative to the repository."""
    return f"echoclr_core/pretrain/methods/{method}.py"


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


def pretrain(
    store: ClipStore,
    videos: pd.DataFrame,
    encoder_settings: EncoderSettings,
    settings: PretrainSettings,
    *,
    state_dir: str | Path | None = None,
    validation: pd.DataFrame | None = None,
    device: str = "auto",
    jobs_per_gpu: int = 1,
    workers: int = 0,
    checkpoint_minutes: float = CHECKPOINT_MINUTES,
    labels: pd.DataFrame | None = None,
    code: str | None = None,
    events: str | Path | None = None,
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
        For checkpoints; None for a run that cannot be resumed. Kept, the last one lets a later run with more
        steps and a constant schedule go on.
    validation
        Videos of other studies, for the held-out accuracies; None for none.
    device
        "auto", "cpu" or "cuda"; see ``training.lease_device``.
    jobs_per_gpu
        Jobs that may share a GPU.
    workers
        Loader processes; any number gives the same numbers.
    checkpoint_minutes
        Time between two checkpoints; there is one at the end and at a request to stop in any case.
    labels
        For ``settings.probe_every``: study_id and one column a task (true, false or missing), of training and
        validation studies.
    code
        A digest of the code that decides the weights, part of the run's fingerprint: a checkpoint of other
        code is not resumed. None computes it.
    events
        A folder for TensorBoard event files; None for none. It is made anew from the history.
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

    See Also
    --------
    echoclr_core.finetune.run.finetune : train a classifier from its encoder.

    Examples
    --------
    >>> store = ClipStore.open_folder("clips")
    >>> encoder = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
    >>> settings = PretrainSettings(method="echoclr", batch_size=4, max_steps=2, learning_rate=1e-3)
    >>> result = pretrain(store, store.index, encoder, settings, device="cpu", terminal=False)
    >>> result.run["steps"], bool(result.history["loss"].notna().all())
    (2, True)
    """
    log = log or logging.getLogger(__name__)
    with (
        state_folder(state_dir) as folder,
        lease_device(device, jobs_per_gpu=jobs_per_gpu) as place,
        distributed.process_group(place),
        deterministic(settings.deterministic),
        Stopper() as stopper,
    ):
        run = _Run(store, videos, encoder_settings, settings, place, code, log)
        run.prepare_probe(validation, labels)
        with EventLog.at(events if distributed.rank() == 0 else None) as scalars:
            return run(folder, validation, workers, checkpoint_minutes, stopper, scalars, terminal)


class _Run:
    """The pieces of one run, put together."""

    def __init__(
        self,
        store,
        videos,
        encoder_settings,
        settings,
        device: torch.device,
        code: str | None,
        log: logging.Logger,
    ):
        self.store, self.encoder_settings, self.settings = store, encoder_settings, settings
        self.code = numbers_code((*NUMBERS, method_file(settings.method))) if code is None else code
        self.probe, self.labels_digest = None, None
        self.videos = validate_videos(videos)
        self.log = log if distributed.rank() == 0 else silent_logger()
        world = distributed.world_size()
        self.plan = plan(self.videos, settings, world)
        check_videos(store, self.videos, settings)
        self.encoder = initial_encoder(encoder_settings, settings)
        self.compute = training_compute(self.encoder, device, store.size, settings, self.log)
        self._check_batch_norm(world)
        items = pretraining_items(
            self.videos["study_id"],
            multi_instance=settings.multi_instance,
            single_video_studies=settings.single_video_studies,
            views=pairing_views(self.videos, settings),
        )
        self.batches = PairBatches(
            store, self.videos, items, settings, rank=distributed.rank(), world_size=world
        )
        self.data_digest = data_digest(store, self.videos)

    def _check_batch_norm(self, world: int) -> None:
        if self.settings.sync_bn and self.compute.device.type != "cuda":
            raise ValueError("pretrain.sync_bn needs GPUs: PyTorch has no synchronised batch norm on a CPU")
        if self.settings.sync_bn and world == 1:
            self.log.warning("pretrain.sync_bn changes nothing with one process")
        share = self.settings.batch_size // world
        for level, told in batch_norm_notes(self.settings, share, batch_norm=has_batch_norm(self.encoder)):
            self.log.log(level, "%s", told)
        if self.settings.activation_checkpointing and not self.encoder.can_recompute:
            raise ValueError(
                f"pretrain.activation_checkpointing: encoder {self.encoder_settings.name!r} does not run its "
                "parts through Encoder.segment; allowed here is false"
            )

    def prepare_probe(self, validation: pd.DataFrame | None, labels: pd.DataFrame | None) -> None:
        """Look at validation labels every few epochs, if the settings say so."""
        every = self.settings.probe_every
        if every is None:
            return
        if validation is None or labels is None:
            raise ValueError(
                f"pretrain.probe_every is {every} but there are no validation videos or no labels"
            )
        self.probe = Probe(
            self.store,
            self.videos,
            validate_videos(validation),
            labels,
            self.settings,
            every=every * self.plan.steps_per_epoch,
            last=self.plan.steps,
        )
        self.labels_digest = self.probe.digest()

    def definition(self) -> dict[str, Any]:
        """All that decides the weights at a given step, as far as it can be named: name to plain value.

        The number of steps is no part of it, unless the learning rate follows from it: a longer run goes on
        from the checkpoint of a shorter one. Nor is what is only looked at (probe, rows of the history), nor
        the version of the software: the code itself is.
        """
        settings = dataclasses.asdict(self.settings)
        parts = {f"pretrain.{k}": v for k, v in settings.items() if k not in NON_FINGERPRINT_FIELDS}
        parts |= {f"encoder.{k}": v for k, v in dataclasses.asdict(self.encoder_settings).items()}
        if self.settings.schedule != "constant":
            parts[f"steps (the {self.settings.schedule} schedule follows them)"] = self.plan.steps
        return parts | {
            "training data": self.data_digest,
            "processes (each has its own batch-norm statistics)": distributed.world_size(),
            "code": self.code,
            "precision": self.compute.precision,
            "channels_last": self.compute.channels_last,
        }

    def fingerprint(self) -> str:
        """Digest of the definition, of the run's length and of the probed labels: of every result."""
        looked_at = [self.labels_digest, self.settings.probe_every, self.settings.history_every]
        return digest(["pretrain", self.definition(), self.plan.steps, *looked_at])

    def settings_digest(self) -> str:
        """Digest of settings and encoder alone."""
        return digest([dataclasses.asdict(self.settings), dataclasses.asdict(self.encoder_settings)])

    def __call__(
        self,
        state_dir: Path,
        validation: pd.DataFrame | None,
        workers: int,
        checkpoint_minutes: float,
        stopper: Stopper,
        events: EventLog | None,
        terminal: bool | None,
    ) -> PretrainResult:
        """Train to the last step, then score the validation videos."""
        loop = self._loop(state_dir, workers, checkpoint_minutes, stopper, events, terminal)
        loop.run()
        return self._result(loop, *self._held_out(loop.trainer, validation))

    def _loop(
        self,
        state_dir: Path,
        workers: int,
        checkpoint_minutes: float,
        stopper: Stopper,
        events: EventLog | None,
        terminal: bool | None,
    ) -> Loop:
        """The loop of this run, with its trainer and its checkpoints."""
        settings, definition = self.settings, self.definition()
        trainer = PretrainTrainer(
            initial_model(self.encoder, settings),
            settings,
            self.compute,
            steps=self.plan.steps,
            epoch_steps=self.plan.steps_per_epoch,
            probe=self.probe,
        )
        self.log.info("pretraining (%s) on %s", settings.method, self.compute.describe())
        return Loop(
            trainer,
            self.batches,
            steps=self.plan.steps,
            interval=settings.history_every or self.plan.steps_per_epoch,
            seed=settings.seed,
            checkpoints=Checkpoints(
                state_dir,
                digest(["pretrain", definition]),
                definition=definition,
                last_step=self.plan.steps,
            ),
            checkpoint_every=settings.checkpoint_every,
            checkpoint_minutes=checkpoint_minutes,
            workers=workers,
            device=self.compute.device,
            progress=Progress(
                f"pretrain {settings.method}",
                self.plan.steps,
                self.log,
                terminal=terminal if distributed.rank() == 0 else False,
                chance=chance_levels(settings),
                device=self.compute.device,
            ),
            stopper=stopper,
            events=events,
        )

    def _held_out(
        self, trainer: PretrainTrainer, validation: pd.DataFrame | None
    ) -> tuple[dict[str, Any], list[str]]:
        """Accuracies on the validation videos, and warnings. Empty without them; one process computes."""
        if validation is None or distributed.rank() != 0:
            return {}, []
        with distributed.alone():
            return attempt(
                "the held-out accuracy",
                lambda: held_out_accuracy(trainer, self.store, validate_videos(validation), self.settings),
                self.log,
            )

    def _result(self, loop: Loop, held_out: dict[str, Any], warnings: list[str]) -> PretrainResult:
        encoder = build_encoder(self.encoder_settings, seed=0)
        encoder.load_state_dict({k: v.cpu() for k, v in loop.trainer.model.encoder.state_dict().items()})
        history, out_of_range = checked_rows(HISTORY, loop.history, self.log)
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
            "settings_digest": self.settings_digest(),
            "fingerprint": self.fingerprint(),
            "code": self.code,
            "chance": chance_levels(self.settings),
            "memory_gib": float(timings["memory_gib"].max()),
            "seconds": seconds,
            "clips_per_second": 2 * self.settings.batch_size * self.plan.steps / max(seconds, 1e-9),
            "wait_share": float((timings["wait_share"] * timings["seconds"]).sum() / max(seconds, 1e-9)),
            "warnings": warnings + out_of_range,
            "final": {k: None if pd.isna(v) else float(v) for k, v in history.iloc[-1].items()},
        }
        return PretrainResult(encoder=encoder.eval(), history=history, timings=timings, run=run | held_out)
