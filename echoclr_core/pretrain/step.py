"""One optimisation step of pretraining, whole or in micro-batches with cached embeddings.

n pairs a process, K frames, F features, c shuffled copies of a clip.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from echoclr_core.common.randomness import derive_seed
from echoclr_core.models.encoder import Encoder, EncoderSettings, build_encoder
from echoclr_core.models.recompute import still_statistics
from echoclr_core.pretrain.frame_order import frame_orders
from echoclr_core.pretrain.objective import Objective, PretrainModel, objective, ordered_clips
from echoclr_core.pretrain.probe import Probe
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.views import passes, view_passes
from echoclr_core.training import distributed
from echoclr_core.training.compute import Compute
from echoclr_core.training.guard import guarded_update
from echoclr_core.training.inputs import network_input
from echoclr_core.training.optimizers import ADAM
from echoclr_core.training.schedule import learning_rate_at

ON_DEVICE = ("clips", "orders", "studies")  # of a batch; what is only counted or indexed with stays
METERS = ("contrastive_accuracy", "alignment", "potential", "spread")
MIN_UNIFORMITY = -8.0  # every embedding opposite to every other


def initial_encoder(encoder_settings: EncoderSettings, settings: PretrainSettings) -> Encoder:
    """The encoder as a run begins with it."""
    return build_encoder(encoder_settings, seed=derive_seed(settings.seed, "encoder"))


def initial_model(encoder: Encoder, settings: PretrainSettings) -> nn.Module:
    """``encoder`` with new heads; with ``sync_bn`` its batch norm spans all processes."""
    torch.manual_seed(derive_seed(settings.seed, "heads"))
    model = PretrainModel(encoder, settings)
    return nn.SyncBatchNorm.convert_sync_batchnorm(model) if settings.sync_bn else model


class PretrainTrainer:
    """The trainer of :class:`echoclr_core.training.Loop` for pretraining."""

    def __init__(
        self,
        model: PretrainModel,
        settings: PretrainSettings,
        compute: Compute,
        *,
        steps: int,
        epoch_steps: int,
        probe: Probe | None = None,
    ):
        self.probe, self.labels_digest = probe, None if probe is None else probe.digest()
        self.model = compute.place_module(model).train()
        self.settings, self.compute, self.steps, self.epoch_steps = settings, compute, steps, epoch_steps
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.dtype = self.parameters[0].dtype
        self.optimizer = ADAM[settings.optimizer](
            self.parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self.permutations = None
        if settings.frame_order:
            self.permutations = torch.from_numpy(frame_orders(settings.clip_length)).to(compute.device)
        model.encoder.recompute = settings.activation_checkpointing

    def step(self, batch: dict[str, Any], step: int) -> dict[str, tuple[float, float]]:
        """Forward, backward and update on one batch."""
        batch = {
            name: value.to(self.compute.device, non_blocking=True) if name in ON_DEVICE else value
            for name, value in batch.items()
        }
        self.optimizer.param_groups[0]["lr"] = learning_rate_at(step, self.steps, self.settings)
        self.optimizer.zero_grad(set_to_none=True)
        clips = passes(batch, self.settings, self.permutations)
        backward = self._backward if self.settings.micro_batch_size is None else self._backward_cached
        result = backward(clips, lambda features: objective(self.model, features, batch, self.settings))
        distributed.average_gradients(self.parameters)
        losses = {"loss": result.total(self.settings.order_weight), **result.parts()}
        values = guarded_update(
            self.optimizer,
            self.parameters,
            losses,
            clip=self.settings.clip_grad,
            step=step,
            video_ids=batch["video_ids"],
            sums=self._sums(result, batch),
        )
        anchors = float(2 * len(batch["studies"]) * distributed.world_size())
        counts = dict.fromkeys(METERS, anchors)
        if result.order is not None:
            counts["order_accuracy"] = values.pop("ordered_clips")
        return {name: (value, counts.get(name, 1.0)) for name, value in values.items()}

    def _sums(self, result: Objective, batch: dict[str, Any]) -> dict[str, Tensor]:
        """What is counted over this process's rows, on the device."""
        seen = result.meters
        sums = dict(zip(METERS, (seen.hits, seen.alignment, seen.potential, seen.spread), strict=True))
        if result.order_hits is not None:
            clips = ordered_clips(batch, self.settings)
            sums |= {"order_accuracy": result.order_hits, "ordered_clips": seen.hits.new_tensor(clips)}
        return sums

    def encode(self, clips: Tensor) -> Tensor:
        """Grey clips (rows, K, h, w) -> (rows, F), float32 as the weights are."""
        with self.compute.autocast():
            shown = network_input(clips.to(self.compute.device, self.dtype))
            features = self.model.encoder(self.compute.place_clips(shown))
        return features.to(self.dtype)

    def is_movement(self, number: int) -> bool:
        """Whether pass ``number`` of :func:`passes` holds clips less their mean over time."""
        return self.settings.movement and number >= view_passes(self.settings)

    def _encode_pass(self, number: int, clips: Tensor) -> Tensor:
        """Representations of pass ``number``; clips without their mean leave running statistics alone."""
        with still_statistics(self.model.encoder, self.is_movement(number)):
            return self.encode(clips)

    def _backward(self, clips: list[Tensor], losses: Callable[[list[Tensor]], Objective]) -> Objective:
        result = losses([self._encode_pass(number, part) for number, part in enumerate(clips)])
        result.total(self.settings.order_weight).backward()
        return result

    def _backward_cached(self, clips: list[Tensor], losses: Callable[[list[Tensor]], Objective]) -> Objective:
        """The same step with the activations of one micro-batch in memory at a time.

        Representations of all micro-batches without gradients; the loss over all of them and its gradient to
        each; then each micro-batch again with gradients. The first one of a pass updates the running
        statistics, as the first GPU did under the authors' DataParallel. The shuffled copies of a
        micro-batch's pairs stay together, as in a process.
        """
        sizes = [self.settings.micro_batch_size * (len(part) // len(clips[0])) for part in clips]
        with torch.no_grad(), still_statistics(self.model.encoder):
            features = [
                torch.cat([self.encode(rows) for rows in part.split(size)])
                for part, size in zip(clips, sizes, strict=True)
            ]
        features = [part.requires_grad_() for part in features]
        result = losses(features)
        result.total(self.settings.order_weight).backward()
        for number, (part, leaf, size) in enumerate(zip(clips, features, sizes, strict=True)):
            pieces = zip(part.split(size), leaf.grad.split(size), strict=True)
            for piece, (rows, gradient) in enumerate(pieces):
                with still_statistics(self.model.encoder, piece > 0 or self.is_movement(number)):
                    self.encode(rows).backward(gradient)
        return result

    def close_interval(
        self, step: int, means: dict[str, float], check: Callable[[], None]
    ) -> tuple[dict, bool]:
        """The history row of the interval that ends at ``step``."""
        row = {"epoch": step / self.epoch_steps, "step": step}
        row |= dict.fromkeys(("contrastive_loss", "order_loss", "order_accuracy"))
        row |= {name: value for name, value in means.items() if name != "potential"}
        row["uniformity"] = max(math.log(means["potential"]), MIN_UNIFORMITY)  # rounding goes below it
        row |= {"learning_rate": learning_rate_at(step - 1, self.steps, self.settings)}
        if self.probe is not None:
            row |= self.probe.row(self.model, self.encode, step, check)
        return row, False

    def state_dict(self) -> dict[str, Any]:
        """Weights and optimizer."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "labels": self.labels_digest,
        }

    def load_state_dict(self, state: dict[str, Any], history: list[dict[str, Any]]) -> None:
        """Take up weights and optimizer; AUROCs of other labels are removed from ``history``."""
        if self.labels_digest is not None and state["labels"] != self.labels_digest:
            for row in history:
                row.update({name: None for name in row if name.startswith("probe_")} | self.probe.not_due())
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
