"""A GPU is waited for once a training step, and prediction reads its logits back once."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from echoclr_core.finetune.scoring import EvaluationBatches, clip_logits
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.finetune.step import FinetuneTrainer
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.pairs import pretraining_items
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import ON_DEVICE, PretrainTrainer, initial_model
from echoclr_core.training.compute import choose_compute

TINY = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
COMPUTE = choose_compute(torch.device("cpu"), "fp32")
READS = {"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::equal"}


class Waits(TorchDispatchMode):
    """Counts operations on what a GPU would hold that the CPU has to wait for.

    Tensors that stay on the CPU in a real run (``kept``) are known by their storage.
    """

    def __init__(self, kept):
        super().__init__()
        self.kept = {tensor.untyped_storage().data_ptr() for tensor in kept}
        self.found = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name().split(".")[0]
        tensors = [part for part in args if isinstance(part, torch.Tensor)]
        boolean = name == "aten::index" and any(
            part is not None and part.dtype == torch.bool for part in args[1]
        )
        on_device = any(part.untyped_storage().data_ptr() not in self.kept for part in tensors)
        if (name in READS and on_device) or boolean:
            self.found.append(name)
        return function(*args, **(kwargs or {}))


def batch_of(store, settings):
    videos = store.index[["video_id", "study_id"]]
    batches = PairBatches(store, videos, pretraining_items(videos["study_id"], multi_instance=True), settings)
    return {k: v if k == "video_ids" else torch.as_tensor(v) for k, v in batches[0].items()}


@pytest.mark.parametrize("change", [{}, {"method": "mi_simclr"}, {"order_copies": 2}, {"clip_grad": 1.0}])
def test_a_pretraining_step_reads_numbers_back_once(make_store, monkeypatch, change):
    settings = PretrainSettings(
        **({"batch_size": 6, "augmentation": AugmentationOptions(pad=2), "projector": (8, 8)} | change)
    )
    model = initial_model(build_encoder(TINY, seed=0), settings)
    trainer = PretrainTrainer(model, settings, COMPUTE, steps=10, epoch_steps=10)
    batch = batch_of(make_store(), settings)
    trainer.step(batch, 0)  # the optimizer's state is made
    lists, real = [], torch.Tensor.tolist
    monkeypatch.setattr(torch.Tensor, "tolist", lambda self: lists.append(1) or real(self))
    kept = [value for name, value in batch.items() if name not in ON_DEVICE and name != "video_ids"]
    with Waits([*kept, batch["whole"].flatten()]) as waits:
        values = trainer.step(batch, 1)
    # Of the mask of whole clips, repeated for its copies: a new tensor, on the CPU.
    assert waits.found == (["aten::nonzero"] if settings.frame_order else [])
    assert lists == [1]
    assert {"loss", "gradient_norm", "contrastive_accuracy"} <= set(values)


@pytest.mark.parametrize("workers", [1, 2])
def test_validation_gives_the_same_logits_from_any_number_of_workers(make_store, workers):
    store = make_store((3, 2), frames=[8, 12, 9, 3, 20])
    settings = FinetuneSettings(clip_length=4, batch_size=3, eval_clips_per_video=4)
    model = COMPUTE.place_module(Classifier(build_encoder(TINY, seed=0)))
    ids = list(store.index["video_id"])
    assert len(EvaluationBatches(store, ids, settings)) == 7
    alone = clip_logits(model, store, ids, settings, COMPUTE)
    assert alone.shape == (5, 4)
    assert torch.equal(alone, clip_logits(model, store, ids, settings, COMPUTE, workers=workers))


def test_a_trainer_reads_validation_with_the_loader_processes_of_the_run(make_store, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "echoclr_core.finetune.step.clip_logits",
        lambda *args, workers, **more: seen.append(workers) or torch.zeros(5, 1),
    )
    store = make_store((3, 2))
    videos = store.index[["video_id", "study_id"]].assign(label=[1, 1, 1, 0, 0])
    settings = FinetuneSettings(learning_rate=1e-4, clip_length=4)
    trainer = FinetuneTrainer(
        Classifier(build_encoder(TINY, seed=0)),
        settings,
        COMPUTE,
        store,
        videos,
        positive_weight=1.0,
        steps_per_epoch=1,
        workers=3,
    )
    trainer.close_interval(1, {}, lambda: None)
    assert seen == [3]
