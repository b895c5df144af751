"""One optimisation step of fine-tuning, and the end of an epoch."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from echoclr_core.finetune.scoring import clip_logits, score_clips
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.models.heads import Classifier
from echoclr_core.training.batch_norm import refresh_statistics
from echoclr_core.training.batches import Batches
from echoclr_core.training.compute import Compute
from echoclr_core.training.early import EarlyStopping
from echoclr_core.training.guard import check_finite, guarded_update
from echoclr_core.training.optimizers import ADAM
from echoclr_core.training.schedule import learning_rate_at
from echoclr_core.video.store import ClipStore


def smooth(labels: Tensor, amount: float) -> Tensor:
    """Targets of binary cross-entropy: label x (1 - amount) + amount / 2."""
    return labels * (1 - amount) + amount / 2


def validation_loss(logits: Tensor, labels: Tensor, positive_weight: float) -> float:
    """The number that early stopping and the choice of the learning rate look at.

    The binary cross-entropy of each clip against its study's label (positives weighted by
    ``positive_weight``, no label smoothing), the mean over the clips of a video, the mean over all validation
    videos: each video counts once, whatever the batches.

    Parameters
    ----------
    logits
        (V, clips).
    labels
        (V,) 0 or 1.
    """
    losses = F.binary_cross_entropy_with_logits(
        logits.double(),
        labels.double()[:, None].expand_as(logits),
        reduction="none",
        pos_weight=torch.tensor(positive_weight, dtype=torch.float64),
    )
    return float(losses.mean(1).mean())


class FinetuneTrainer:
    """The trainer of :class:`echoclr_core.training.Loop` for fine-tuning."""

    def __init__(
        self,
        model: Classifier,
        settings: FinetuneSettings,
        compute: Compute,
        store: ClipStore,
        validation: pd.DataFrame,
        *,
        positive_weight: float,
        steps_per_epoch: int,
        workers: int = 0,
        batches: Batches | None = None,
    ):
        self.model = compute.place_module(model)
        self.settings, self.compute, self.store = settings, compute, store
        self.validation_ids = list(validation["video_id"])
        self.validation_labels = torch.tensor(validation["label"].to_numpy(float))
        self.positive_weight, self.steps_per_epoch, self.workers = positive_weight, steps_per_epoch, workers
        self.model.encoder.requires_grad_(not settings.freeze_encoder)
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = ADAM[settings.optimizer](
            self.parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.stopping = EarlyStopping(settings.patience)
        self.batches = batches
        self.initial = self._weights()
        self.best: dict[str, Tensor] = {}
        self.best_epoch = 0

    def step(self, batch: dict[str, Any], step: int) -> dict[str, tuple[float, float]]:
        """Forward, backward and update on one batch."""
        self.model.train()
        self.model.encoder.train(not self.settings.freeze_encoder)
        steps = self.settings.max_epochs * self.steps_per_epoch
        self.optimizer.param_groups[0]["lr"] = learning_rate_at(step, steps, self.settings)
        self.optimizer.zero_grad(set_to_none=True)
        logits = score_clips(self.model, batch["clips"], batch["draws"], self.settings, self.compute)
        targets = smooth(batch["labels"].to(self.compute.device), self.settings.label_smoothing)
        weight = torch.tensor(self.positive_weight, device=logits.device)
        loss = F.binary_cross_entropy_with_logits(logits, targets, pos_weight=weight)
        loss.backward()
        values = guarded_update(
            self.optimizer,
            self.parameters,
            {"loss": loss},
            clip=self.settings.clip_grad,
            step=step,
            video_ids=batch["video_ids"],
        )
        count = float(len(targets))
        return {"loss": (values["loss"] * count, count), "gradient_norm": (values["gradient_norm"], 1.0)}

    def close_interval(
        self, step: int, means: dict[str, float], check: Callable[[], None]
    ) -> tuple[dict[str, Any], bool]:
        """Validate; keep the weights if they are the best; the history row, and whether to stop early."""
        self._refresh_batch_norm(step, check)
        logits = clip_logits(
            self.model,
            self.store,
            self.validation_ids,
            self.settings,
            self.compute,
            check=check,
            workers=self.workers,
        )
        loss = validation_loss(logits, self.validation_labels, self.positive_weight)
        check_finite("the validation loss", loss, step, self.validation_ids)
        improved = self.stopping.update(loss)
        epoch = step // self.steps_per_epoch
        if improved:
            self.best_epoch = epoch
            self.best = self._weights()
        row = {
            "epoch": epoch,
            "step": step,
            "validation_loss": loss,
            "improved": improved,
            "epochs_without_improvement": self.stopping.epochs_without_improvement,
            "learning_rate": self.settings.learning_rate,
        }
        return row | means, self.stopping.stop

    def _refresh_batch_norm(self, step: int, check: Callable[[], None]) -> None:
        """Statistics of the weights as they are, from the last training batches; off in the paper."""
        count = self.settings.refresh_batch_norm
        if not count or self.settings.freeze_encoder:
            return
        assert self.batches is not None, "the training batches are needed to refresh batch norm"

        def clips_and_draws() -> Iterator[tuple[Tensor, Tensor]]:
            for number in range(max(step - count, 0), step):
                check()
                batch = self.batches[number]
                yield torch.from_numpy(batch["clips"]), torch.from_numpy(batch["draws"])

        refresh_statistics(
            self.model.encoder,
            lambda batch: score_clips(self.model, *batch, self.settings, self.compute),
            clips_and_draws(),
        )

    def _weights(self) -> dict[str, Tensor]:
        return {name: tensor.detach().cpu().clone() for name, tensor in self.model.state_dict().items()}

    def state_dict(self) -> dict[str, Any]:
        """Weights, optimizer, the best weights so far and the count of early stopping."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_loss": self.stopping.best,
            "epochs_without_improvement": self.stopping.epochs_without_improvement,
        }

    def load_state_dict(self, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
        """Take up a state."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best, self.best_epoch = state["best"], state["best_epoch"]
        self.stopping.best, self.stopping.epochs_without_improvement = (
            state["best_loss"],
            state["epochs_without_improvement"],
        )
