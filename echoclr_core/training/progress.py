"""What is seen while a run goes on, and how fast it went."""

import logging
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from tqdm import tqdm

from echoclr_core.common.tables import Column, Table

TIMINGS = Table(
    "timings",
    {
        "step": Column(kind="int", description="optimisation steps done", low=0),
        "seconds": Column(kind="float", description="wall time of the interval, s", low=0),
        "clips_per_second": Column(kind="float", description="clips trained on per second", low=0),
        "wait_share": Column(
            kind="float", description="share of the time spent waiting for data", low=0, high=1
        ),
        "memory_gib": Column(
            kind="float", description="most memory so far, GiB: of the GPU, else of the process", low=0
        ),
    },
)
LINE_SECONDS = 30.0


class Progress:
    """A bar on a terminal, plain lines through ``log`` elsewhere, and the timings of each interval.

    Parameters
    ----------
    title
        What runs.
    steps
        Optimisation steps in all.
    log
        Receives the lines.
    terminal
        Whether to draw a bar; None looks whether standard error is a terminal.
    chance
        What guessing reaches, by the name of what is shown.
    device
        Whose memory is reported; None for the process's.
    """

    def __init__(
        self,
        title: str,
        steps: int,
        log: logging.Logger,
        *,
        terminal: bool | None = None,
        chance: Mapping[str, float] | None = None,
        device: torch.device | None = None,
    ):
        self.title, self.steps, self.log = title, steps, log
        self.chance, self.device = dict(chance or {}), device
        terminal = sys.stderr.isatty() if terminal is None else terminal
        self.bar = tqdm(total=steps, desc=title, unit="step") if terminal else None
        self.begin = self.interval_begin = self.last_line = time.monotonic()
        self.waited = self.interval_waited = 0.0
        self.clips = self.interval_clips = 0
        self.first_step: int | None = None

    def waiting(self, source: Iterator[Any]) -> Iterator[Any]:
        """Pass ``source`` on, adding up the time it lets us wait."""
        while True:
            begin = time.monotonic()
            try:
                item = next(source)
            except StopIteration:
                return
            waited = time.monotonic() - begin
            self.waited += waited
            self.interval_waited += waited
            yield item

    def step(self, step: int, clips: int, **shown: float | None) -> None:
        """One step is done; ``step`` in all. Of what is ``shown`` the bar has room for losses and
        accuracies.
        """
        self.first_step = step - 1 if self.first_step is None else self.first_step
        self.clips += clips
        self.interval_clips += clips
        if self.bar is not None:
            self.bar.update(step - self.bar.n)
            self.bar.set_postfix(self._short(shown), refresh=False)
        elif time.monotonic() - self.last_line > LINE_SECONDS:
            self.line(step, **shown)

    def _short(self, shown: Mapping[str, float | None]) -> dict[str, str]:
        kept = {
            name.replace("_accuracy", "").replace("_", " "): f"{value:.3g}"
            for name, value in shown.items()
            if value is not None and (name == "loss" or name.endswith("accuracy"))
        }
        passed = max(time.monotonic() - self.begin, 1e-9)
        kept |= {"clips/s": f"{self.clips / passed:.0f}", "waiting": f"{100 * self.waited / passed:.0f}%"}
        return kept | {"GiB": f"{peak_memory(self.device):.1f}"}

    def line(self, step: int, **shown: float | None) -> None:
        """Write one line of the state of the run."""
        self.last_line = time.monotonic()
        passed = self.last_line - self.begin
        done = step - (self.first_step if self.first_step is not None else step)
        left = passed / done * (self.steps - step) if done else float("nan")
        values = ", ".join(self._formatted(name, value) for name, value in shown.items() if value is not None)
        self.log.info(
            "%s: step %d/%d, %s, %.1f clips/s, %.0f %% of the time waiting for data, at most %.1f GiB of "
            "memory and %s left",
            *(self.title, step, self.steps, values, self.clips / max(passed, 1e-9)),
            *(100 * self.waited / max(passed, 1e-9), peak_memory(self.device), _clock(left)),
        )

    def _formatted(self, name: str, value: float) -> str:
        guessed = f" (chance {self.chance[name]:.3g})" if name in self.chance else ""
        return f"{name.replace('_', ' ')} {value:.4g}{guessed}"

    def close_interval(self, step: int) -> dict[str, float]:
        """The timings row of the steps since the last call."""
        now = time.monotonic()
        seconds = max(now - self.interval_begin, 1e-9)
        row = {
            "step": step,
            "seconds": seconds,
            "clips_per_second": self.interval_clips / seconds,
            "wait_share": min(self.interval_waited / seconds, 1.0),
            "memory_gib": peak_memory(self.device),
        }
        self.interval_begin, self.interval_waited, self.interval_clips = now, 0.0, 0
        return row

    def close(self) -> None:
        """Leave the terminal tidy."""
        if self.bar is not None:
            self.bar.close()


def peak_memory(device: torch.device | None = None) -> float:
    """Most memory so far, GiB: what PyTorch held on a GPU, else what the process held."""
    if device is not None and device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def _clock(seconds: float) -> str:
    if seconds != seconds:
        return "unknown time"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
