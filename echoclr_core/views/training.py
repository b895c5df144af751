"""Train the compact view classifier from labelled videos."""

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from echoclr_core.common.digest import digest
from echoclr_core.common.randomness import derive_seed, generator
from echoclr_core.views.augmentation import ViewAugmentSettings, augment, draw
from echoclr_core.views.classifier import check_classes, check_frames
from echoclr_core.views.networks import CompactViewNet, TorchClassifier
from echoclr_core.views.split import rows_of, split_patients


@dataclass(frozen=True, kw_only=True)
class ViewTrainingSettings:
    """How the compact view classifier is trained.

    Parameters
    ----------
    plax
        Name of the kept view among the labels; the first, where several are.
    epochs, patience
        Epochs at most, and how many may pass without a lower validation loss.
    frames_an_epoch
        Frames of each video that one epoch draws, all if it has fewer. Frames of one video are much alike: a
        part of them, drawn anew, teaches as much in less time.
    batch
        Frames a step.
    learning_rate, weight_decay
        Of AdamW; the rate falls to 0 along a cosine over ``epochs``.
    validation, test
        Shares of the patients for early stopping and for the report.
    width
        Channels of the network's first block.
    seed
        Decides the split, the first weights, the order of frames and their augmentation.
    augment
        How far frames are changed.
    """

    plax: str = "plax"
    epochs: int = 20
    patience: int = 6
    frames_an_epoch: int = 8
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    validation: float = 0.15
    test: float = 0.2
    width: int = 16
    seed: int = 0
    augment: ViewAugmentSettings = field(default_factory=ViewAugmentSettings)

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "frames_an_epoch", "width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; allowed is an integer of at least 1")
        if self.batch < 2:
            raise ValueError(f"batch: {self.batch}; allowed is at least 2 (batch normalisation)")
        if not self.learning_rate > 0 or not self.weight_decay >= 0:
            raise ValueError(
                f"learning_rate {self.learning_rate}, weight_decay {self.weight_decay}; "
                "the rate must be above 0, the decay at least 0"
            )


@dataclass(frozen=True, kw_only=True)
class _Part:
    """The videos of one set: all frames in one array, and which video each belongs to."""

    frames: np.ndarray  # (N, 224, 224) uint8
    target: np.ndarray  # (N,) int64, class of each frame
    video: np.ndarray  # (N,) int64, 0..V-1
    views: list[str]  # (V,)
    n_patients: int


def train_view_classifier(
    frames: Sequence[np.ndarray],
    views: Sequence[str],
    patient_ids: Sequence[str],
    *,
    settings: ViewTrainingSettings | None = None,
    device: str = "cpu",
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> tuple[TorchClassifier, dict[str, Any]]:
    """Train a :class:`CompactViewNet`; the patients of the three sets are different people.

    The weights of the epoch with the lowest validation loss are kept. The record holds the probabilities of
    the test set, which took no part, for :func:`echoclr_core.views.assessment.assess_training`. Equal input,
    settings and thread count give equal weights on one machine.

    Parameters
    ----------
    frames
        One array (n, 224, 224) uint8 a video, n at least 1, as ``sample_frames`` gives.
    views
        View of each video.
    patient_ids
        Patient of each video.
    settings
        See :class:`ViewTrainingSettings`.
    device
        As torch names it.
    on_progress
        Called after each epoch with its row of the history.

    Returns
    -------
    classifier : TorchClassifier
        Classes are the views, sorted.
    record : dict
        For JSON: test (classes, plax, and of each video of the test set its view and probabilities), sets
        (patients, videos, frames, videos by view), history (epoch, train_loss, validation_loss,
        validation_accuracy), best_epoch, stopped_early, parameters, settings, training_digest.

    Raises
    ------
    ValueError
        Fewer than two views, no PLAX view, a view of a single patient, fewer than three patients, or arrays
        that do not fit together.
    """
    settings = settings or ViewTrainingSettings()
    _check_input(frames, views, patient_ids)
    classes = _check_views(views, settings.plax)
    split = split_patients(
        views, patient_ids, validation=settings.validation, test=settings.test, seed=settings.seed
    )
    parts = {
        name: _part(rows_of(split[name], patient_ids), frames, views, classes, split[name]) for name in split
    }
    training_digest = _digest(frames, views, patient_ids, settings)
    # Torch draws the first weights from its global generator; what the caller does with it is left alone.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(settings.seed, "view-weights"))
        network = CompactViewNet(len(classes), width=settings.width).to(device)
    history, best_epoch = _fit(network, parts, settings, on_progress)
    record = _record(network, parts, classes, settings, history)
    record |= {"best_epoch": best_epoch, "training_digest": training_digest}
    return TorchClassifier(
        network, classes, settings.plax, device=device, training_digest=training_digest
    ), record


def _record(
    network: CompactViewNet,
    parts: Mapping[str, _Part],
    classes: Sequence[str],
    settings: ViewTrainingSettings,
    history: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "test": {
            "classes": list(classes),
            "plax": settings.plax,
            "views": parts["test"].views,
            "probabilities": _by_video(network, parts["test"])[0].tolist(),
        },
        "sets": {name: _sizes(part, classes) for name, part in parts.items()},
        "history": history,
        "stopped_early": len(history) < settings.epochs,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "settings": asdict(settings),
    }


def _check_input(frames: Sequence[np.ndarray], views: Sequence[str], patient_ids: Sequence[str]) -> None:
    lengths = {"frames": len(frames), "views": len(views), "patient_ids": len(patient_ids)}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"one entry a video is needed in each, but the lengths are {lengths}")
    for row, (one, patient) in enumerate(zip(frames, patient_ids, strict=True)):
        if not isinstance(patient, str) or not patient:
            raise ValueError(f"patient_ids: row {row} is empty or no text; every video needs its patient")
        try:
            n = len(check_frames(one))
        except ValueError as error:
            raise ValueError(f"row {row}: {error}") from None
        if n < 1:
            raise ValueError(f"frames: row {row} holds no frame; at least 1 is needed")


def _check_views(views: Sequence[str], plax: str) -> tuple[str, ...]:
    for row, view in enumerate(views):
        if not isinstance(view, str) or not view.strip():
            raise ValueError(f"views: row {row} holds {view!r}; every video needs the name of its view")
    names = sorted(set(views))
    if len(names) < 2:
        raise ValueError(f"views: {len(names)} view {names}; at least two are needed to tell apart")
    if plax not in names:
        raise ValueError(f"plax: no video has the view {plax!r}; the views are {names}")
    return check_classes(names, plax)


def _part(
    rows: np.ndarray,
    frames: Sequence[np.ndarray],
    views: Sequence[str],
    classes: tuple[str, ...],
    patients: Sequence[str],
) -> _Part:
    counts = [len(frames[row]) for row in rows]
    names = [views[row] for row in rows]
    return _Part(
        frames=np.concatenate([frames[row] for row in rows]),
        target=np.repeat([classes.index(name) for name in names], counts),
        video=np.repeat(np.arange(len(rows)), counts),
        views=names,
        n_patients=len(patients),
    )


def _sizes(part: _Part, classes: tuple[str, ...]) -> dict[str, Any]:
    by_view = {view: part.views.count(view) for view in classes}
    return {
        "patients": part.n_patients,
        "videos": len(part.views),
        "frames": len(part.frames),
        "videos_by_view": by_view,
    }


def _digest(
    frames: Sequence[np.ndarray],
    views: Sequence[str],
    patient_ids: Sequence[str],
    settings: ViewTrainingSettings,
) -> str:
    pixels = [hashlib.sha256(np.ascontiguousarray(one)).hexdigest() for one in frames]
    rows = [list(row) for row in zip(pixels, views, patient_ids, strict=True)]
    return digest({"rows": rows, "settings": asdict(settings)})


def _fit(
    network: CompactViewNet,
    parts: dict[str, _Part],
    settings: ViewTrainingSettings,
    on_progress: Callable[[dict[str, Any]], None] | None,
) -> tuple[list[dict[str, Any]], int]:
    """Train until the validation loss stops falling; leave the best weights in ``network``."""
    network.to(memory_format=torch.channels_last)  # 1.3 to 2 times as fast on a CPU
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.epochs)
    history: list[dict[str, Any]] = []
    best, best_epoch, best_loss = copy.deepcopy(network.state_dict()), 0, np.inf
    for epoch in range(1, settings.epochs + 1):
        train_loss = _train_epoch(network, parts["train"], optimiser, settings, epoch)
        schedule.step()
        probabilities, loss = _by_video(network, parts["validation"])
        truth = _video_targets(parts["validation"])
        if not np.isfinite(loss) or not np.isfinite(train_loss):
            raise ValueError(
                f"epoch {epoch}: the loss is {train_loss}; the learning rate "
                f"{settings.learning_rate} is too high"
            )
        accuracy = float((probabilities.argmax(axis=1) == truth).mean())
        row = {"epoch": epoch, "train_loss": train_loss, "validation_loss": loss}
        history.append(row | {"validation_accuracy": accuracy})
        if on_progress is not None:
            on_progress(history[-1])
        if loss < best_loss:
            best, best_epoch, best_loss = copy.deepcopy(network.state_dict()), epoch, loss
        elif epoch - best_epoch >= settings.patience:
            break
    network.load_state_dict(best)
    return history, best_epoch


def _train_epoch(
    network: CompactViewNet,
    part: _Part,
    optimiser: torch.optim.Optimizer,
    settings: ViewTrainingSettings,
    epoch: int,
) -> float:
    """One pass over a draw of frames in random order; the mean loss."""
    device = next(network.parameters()).device
    rng = generator(settings.seed, "view-epoch", epoch)
    order = rng.permutation(_draw_frames(part, settings.frames_an_epoch, rng))
    draws = torch.from_numpy(draw(settings.augment, len(order), rng))
    network.train()
    total = 0.0
    batches = np.array_split(np.arange(len(order)), max(len(order) // settings.batch, 1))
    for places in batches:  # of nearly equal size: a last batch of one frame would break the normalisation
        rows = order[places]
        x = network.halve(_tensor(part.frames[rows], device))
        x = augment(x, draws[places].to(device)).contiguous(memory_format=torch.channels_last)
        loss = F.cross_entropy(network.classify(x), torch.from_numpy(part.target[rows]).to(device))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total += loss.item() * len(rows)
    return total / len(order)


def _draw_frames(part: _Part, count: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of up to ``count`` frames of each video, without replacement."""
    starts = np.flatnonzero(np.diff(part.video, prepend=-1))
    ends = np.append(starts[1:], len(part.video))
    drawn = [start + rng.permutation(end - start)[:count] for start, end in zip(starts, ends, strict=True)]
    return np.concatenate(drawn)


def _tensor(frames: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(frames).to(device)[:, None]


def _video_targets(part: _Part) -> np.ndarray:
    """(V,) class of each video."""
    return part.target[np.searchsorted(part.video, np.arange(len(part.views)))]


@torch.inference_mode()
def _by_video(network: CompactViewNet, part: _Part, batch: int = 64) -> tuple[np.ndarray, float]:
    """Mean probabilities (V, C) of the videos, and their mean negative log-likelihood."""
    network.eval()
    device = next(network.parameters()).device
    softmax = [
        network(_tensor(part.frames[start : start + batch], device)).softmax(dim=1).cpu().double().numpy()
        for start in range(0, len(part.frames), batch)
    ]
    frame_level = np.concatenate(softmax)
    sums = np.zeros((len(part.views), frame_level.shape[1]))
    np.add.at(sums, part.video, frame_level)
    mean = sums / np.bincount(part.video, minlength=len(part.views))[:, None]
    of_truth = mean[np.arange(len(mean)), _video_targets(part)]
    return mean, float(-np.log(np.maximum(of_truth, 1e-12)).mean())
