"""The one training loop: steps, intervals, checkpoints, signals to stop.

All state of a run is (step, sums of the open interval, history, timings, the trainer's own); nothing else
survives a step, which is why a run that is killed and started again goes on bit by bit as if nothing had
been.
"""

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Protocol

import torch

from echoclr_core.training import distributed
from echoclr_core.training.batches import Batches, load_batches
from echoclr_core.training.checkpoints import Checkpoints
from echoclr_core.training.determinism import seed_step
from echoclr_core.training.events import EventLog
from echoclr_core.training.progress import Progress
from echoclr_core.training.stopping import Stopped, Stopper, StopRequest

CHECKPOINT_MINUTES = 10.0
SAVED = ("step", "ended", "sums", "history", "timings")
Totals = dict[str, tuple[float, float]]


class Trainer(Protocol):
    """What is trained, and how one step goes."""

    def step(self, batch: dict[str, Any], step: int) -> Totals:
        """One update; returns (sum, count) of each measured quantity."""

    def close_interval(
        self, step: int, means: dict[str, float], check: Callable[[], None]
    ) -> tuple[dict[str, Any], bool]:
        """The history row of an interval, and whether the run is finished.

        Long work in here calls ``check`` now and then, before it has changed anything.
        """

    def state_dict(self) -> dict[str, Any]:
        """All state, as tensors and plain values."""

    def load_state_dict(self, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
        """Take up a state; rows of the restored ``history`` may be corrected in place."""


class Loop:
    """Run a trainer for at most ``steps`` steps, resuming from ``checkpoints``.

    Parameters
    ----------
    trainer, batches
        What is done, on what.
    steps
        Optimisation steps in all.
    interval
        Steps a history row.
    seed
        Of the run; PyTorch's state is set from (seed, step) before each step.
    checkpoints
        Where the state goes: every ``checkpoint_minutes``, at the end, at a request to stop and, unless
        None, every ``checkpoint_every`` steps. A state of hundreds of MiB after every short epoch would write
        terabytes.
    workers
        Loader processes.
    device
        The trainer's.
    progress
        Shows and times.
    events
        Takes each history row as TensorBoard scalars; None for none.
    """

    def __init__(
        self,
        trainer: Trainer,
        batches: Batches,
        *,
        steps: int,
        interval: int,
        seed: int,
        checkpoints: Checkpoints,
        checkpoint_every: int | None = None,
        checkpoint_minutes: float = CHECKPOINT_MINUTES,
        workers: int,
        device: torch.device,
        progress: Progress,
        stopper: Stopper,
        events: EventLog | None = None,
    ):
        self.trainer, self.batches, self.steps, self.interval, self.seed = (
            trainer,
            batches,
            steps,
            interval,
            seed,
        )
        self.checkpoints, self.checkpoint_every = checkpoints, checkpoint_every
        self.checkpoint_seconds, self.last_save = 60 * checkpoint_minutes, time.monotonic()
        self.workers, self.device = workers, device
        self.progress, self.stopper, self.events = progress, stopper, events
        self.step = 0
        self.ended = False  # the trainer said so, before the last step or at it
        self.sums: dict[str, list[float]] = {}
        self.history: list[dict[str, Any]] = []
        self.timings: list[dict[str, float]] = []

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.ended or self.step >= self.steps

    def run(self) -> None:
        """Train to the end.

        Raises
        ------
        Stopped
            After SIGTERM or SIGUSR1, the state saved.
        NonFiniteError
            See ``training.guard``; the state of the last checkpoint stays.
        FolderHeldError
            Another job trains with the same folder of checkpoints.
        """
        with self.checkpoints.held() if distributed.rank() == 0 else nullcontext():
            self._train()

    def _train(self) -> None:
        self._restore()
        try:
            self._steps()
        except StopRequest:
            self._save()
            self.progress.log.info("asked to stop: saved at step %d of %d", self.step, self.steps)
            raise Stopped(self.step) from None
        finally:
            self.progress.close()

    def _steps(self) -> None:
        self._close_interval_if_due()
        if self.finished:
            return
        source = load_batches(
            self.batches, self.step, self.steps, workers=self.workers, pin_memory=self.device.type == "cuda"
        )
        for batch in self.progress.waiting(self._watched(source)):
            self._one_step(batch)
            if self.finished:
                return
            self._stop_together()

    def _watched(self, source):
        """A scheduler's SIGTERM may reach the loader's processes first: that is a request to stop, not a
        fault.
        """
        while True:
            try:
                batch = next(source)
            except StopIteration:
                return
            except RuntimeError:
                self.stopper.check()
                raise
            yield batch

    def _one_step(self, batch: dict[str, Any]) -> None:
        seed_step(self.seed, self.step)
        totals = self.trainer.step(batch, self.step)
        self.step += 1
        for name, (total, count) in totals.items():
            sums = self.sums.setdefault(name, [0.0, 0.0])
            sums[0] += total
            sums[1] += count
        self.progress.step(
            self.step, len(batch["video_ids"]) * distributed.world_size(), **self._interval_means()
        )
        self._close_interval_if_due()
        counted = self.checkpoint_every is not None and self.step % self.checkpoint_every == 0
        if self.finished or counted or time.monotonic() - self.last_save >= self.checkpoint_seconds:
            self._save()

    def _close_interval_if_due(self) -> None:
        if not self.sums or (self.step % self.interval and self.step != self.steps):
            return
        means = self._interval_means()
        row, self.ended = self.trainer.close_interval(self.step, means, self.stopper.check)
        self.history.append(row)
        self.timings.append(self.progress.close_interval(self.step))
        self.sums = {}
        shown = {name: value for name, value in row.items() if isinstance(value, float)}
        if self.progress.bar is None and distributed.rank() == 0:
            self.progress.line(self.step, **shown)
        if self.events is not None:
            self.events.write(row | self.timings[-1])

    def _interval_means(self) -> dict[str, float | None]:
        return {name: total / count if count else None for name, (total, count) in self.sums.items()}

    def _stop_together(self) -> None:
        """All ranks stop at the same step or none does."""
        asked = distributed.sum_over_ranks([float(self.stopper.requested)], self.device)[0]
        if asked:
            self.stopper.request()
        self.stopper.check()

    def _save(self) -> None:
        if distributed.rank() != 0:
            return
        state = {name: getattr(self, name) for name in SAVED}
        state |= {"threads": torch.get_num_threads(), "trainer": self.trainer.state_dict()}
        self.checkpoints.save(self.step, state)
        self.last_save = time.monotonic()

    def _restore(self) -> None:
        found = distributed.from_first(self.checkpoints.load() if distributed.rank() == 0 else None)
        if found is None:
            return
        state = found[1]
        for name in SAVED:
            setattr(self, name, state[name])
        self.trainer.load_state_dict(state["trainer"], self.history)
        self._keep_threads(state["threads"])
        for row, timing in zip(self.history, self.timings, strict=True):
            if self.events is not None:
                self.events.write(row | timing)

    def _keep_threads(self, threads: int) -> None:
        """On a CPU the number of threads decides how sums are rounded: go on with the one it began with."""
        if self.device.type == "cpu" and threads != torch.get_num_threads():
            self.progress.log.warning(
                "going on with %d thread(s), as the run began, not %d: the numbers depend on it",
                *(threads, torch.get_num_threads()),
            )
            torch.set_num_threads(threads)


def silent_logger() -> logging.Logger:
    """The logger of ranks other than 0."""
    log = logging.getLogger("echoclr_core.training.silent")
    log.disabled = True
    return log
