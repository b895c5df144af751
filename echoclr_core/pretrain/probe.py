"""How well labels can be read off the representation while pretraining goes on: k nearest neighbours.

The labels are those of training and validation studies; the encoder never sees them.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from echoclr_core.common.digest import digest
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.training import distributed
from echoclr_core.training.inputs import clip_span, frame_counts, grey_input, read_clips
from echoclr_core.video.store import ClipStore

NEIGHBOURS = 20
TEMPERATURE = 0.07
CLIPS_A_PASS = 64


def knn_scores(known: Tensor, labels: Tensor, asked: Tensor, neighbours: int = NEIGHBOURS) -> Tensor:
    """The share of positives among the nearest known rows, each weighted by exp(cosine / 0.07).

    Parameters
    ----------
    known, asked
        (n, F) and (m, F) representations of any length.
    labels
        (n,) 0 or 1.
    neighbours
        How many are asked; all, where there are fewer.

    Returns
    -------
    Tensor
        (m,) in [0, 1].
    """
    cosine = F.normalize(asked, dim=1) @ F.normalize(known, dim=1).T
    near = cosine.topk(min(neighbours, len(known)), dim=1)
    weights = torch.softmax(near.values / TEMPERATURE, dim=1)
    return (weights * labels.to(weights.dtype)[near.indices]).sum(1)


class Probe:
    """A look at the representation every so many steps.

    Parameters
    ----------
    store
        Clips.
    training, validation
        Tables (video_id, study_id): neighbours are taken from the first, the AUROC is of the second.
    labels
        Table with study_id and one column a task (true, false or missing).
    settings
        Length, stride and size of a clip.
    every
        Steps between two looks; the last step has one too.
    last
        The last step.

    Raises
    ------
    ValueError
        When ``labels`` has no column of a task, or no row of a study.
    """

    def __init__(
        self,
        store: ClipStore,
        training: pd.DataFrame,
        validation: pd.DataFrame,
        labels: pd.DataFrame,
        settings: PretrainSettings,
        *,
        every: int,
        last: int,
    ):
        self.tasks = [name for name in labels.columns if name != "study_id"]
        if not self.tasks or "study_id" not in labels.columns:
            raise ValueError(
                "labels for pretrain.probe_every need study_id and at least one column of a task; "
                f"received {list(labels.columns)}"
            )
        self.store, self.settings, self.every, self.last = store, settings, every, last
        self.tables = {
            name: videos.merge(labels[["study_id", *self.tasks]].astype({"study_id": str}), on="study_id")
            for name, videos in (("training", training), ("validation", validation))
        }
        for name, table in self.tables.items():
            if table.empty:
                raise ValueError(f"labels for pretrain.probe_every: no {name} study has a row")

    def digest(self) -> str:
        """Digest of the videos and labels that it looks at."""
        return digest([[name, table.astype(str).to_numpy().tolist()] for name, table in self.tables.items()])

    def row(
        self,
        model: nn.Module,
        encode: Callable[[Tensor], Tensor],
        step: int,
        check: Callable[[], None] = lambda: None,
    ) -> dict[str, float | None]:
        """Columns probe_<task> of the history row that ends at ``step``: AUROC, or None where none is due."""
        if (step % self.every and step != self.last) or distributed.rank() != 0:
            return self.not_due()
        training = model.training
        model.eval()
        try:
            with torch.no_grad(), distributed.alone():
                features = {
                    name: torch.cat(list(self._features(table["video_id"], encode, check)))
                    for name, table in self.tables.items()
                }
        finally:
            model.train(training)
        return {f"probe_{task}": self._auroc(task, features) for task in self.tasks}

    def not_due(self) -> dict[str, float | None]:
        """The columns of a row that has no look."""
        return {f"probe_{task}": None for task in self.tasks}

    def _features(
        self, video_ids: Sequence[str], encode: Callable[[Tensor], Tensor], check: Callable[[], None]
    ) -> Iterator[Tensor]:
        """Representations of the middle clip of each video, without augmentation, on the CPU."""
        settings = self.settings
        video_ids = list(video_ids)
        span = clip_span(settings.clip_length, settings.frame_stride)
        starts = np.maximum(frame_counts(self.store, video_ids, table="probed videos") - span, 0) // 2
        for first in range(0, len(video_ids), CLIPS_A_PASS):
            check()
            part = slice(first, first + CLIPS_A_PASS)
            clips = read_clips(
                self.store, video_ids[part], starts[part], settings.clip_length, settings.frame_stride
            )
            yield encode(grey_input(torch.from_numpy(clips), None, settings.input_size)).float().cpu()

    def _auroc(self, task: str, features: dict[str, Tensor]) -> float | None:
        known, asked = self.tables["training"], self.tables["validation"]
        has, wanted = known[task].notna().to_numpy(), asked[task].notna().to_numpy()
        if not has.any() or not wanted.any():
            return None
        labels = torch.tensor(known.loc[has, task].astype(int).to_numpy())
        scores = knn_scores(
            features["training"][torch.tensor(has)],
            labels,
            features["validation"][torch.tensor(wanted)],
        )
        if not torch.isfinite(scores).all():
            return None
        videos = asked.loc[wanted, ["study_id", task]].assign(score=scores.numpy())
        studies = videos.groupby("study_id").agg({task: "first", "score": "mean"})
        if studies[task].nunique() < 2:
            return None
        # Only here: the import takes a second, and most runs never probe.
        from sklearn.metrics import roc_auc_score

        return float(roc_auc_score(studies[task].astype(bool), studies["score"]))
