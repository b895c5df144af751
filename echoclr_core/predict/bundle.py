"""A bundle, loaded: the models of an exported study with all that prepares what they are shown."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.finetune.scoring import score_videos
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.models.loading import ClipClassifier, load
from echoclr_core.options.clip import ClipOptions
from echoclr_core.options.mask import MaskOptions
from echoclr_core.predict.avi_videos import mask_avis, store_of
from echoclr_core.predict.bundle_file import check_files, read_description
from echoclr_core.predict.scoring_settings import scoring_settings
from echoclr_core.video.store import ClipStore
from echoclr_core.views.classifier import Classifier
from echoclr_core.views.files import load_classifier
from echoclr_core.views.onnx_model import OnnxClassifier, OnnxSettings
from echoclr_core.views.sampling import ViewSettings


class Bundle:
    """The models of one task and what belongs to them; made by :func:`load_bundle`.

    Attributes
    ----------
    name : str
        ``<task>_<initialisation>_<ratio>``.
    folder : Path
        Where its files are.
    description : Mapping
        ``bundle.json``, see ``docs/predict.md``.
    models : Mapping
        Draw to model; several are an ensemble.
    """

    def __init__(self, folder: Path, description: Mapping[str, Any], models: Mapping[str, ClipClassifier]):
        self.folder, self.description, self.models = folder, description, dict(models)

    @property
    def name(self) -> str:
        """``<task>_<initialisation>_<ratio>``."""
        return f"{self.task}_{self.description['initialisation']}_{self.description['ratio']:g}"

    @property
    def task(self) -> str:
        """Name of the task."""
        return self.description["task"]["name"]

    @property
    def title(self) -> str:
        """The task in words."""
        return self.description["task"]["title"]

    def deidentify_settings(self) -> DeidentifySettings:
        """How the study's files were deidentified."""
        return DeidentifySettings(**self.description["deidentify"])

    def view_settings(self) -> ViewSettings:
        """How the frames for the view decision were drawn."""
        views = self.description["views"]
        return ViewSettings(frames=views["frames"], seed=views["seed"])

    def mask_settings(self) -> MaskOptions:
        """How the study's videos were masked and shrunk."""
        return MaskOptions(**self.description["mask"])

    def clip_settings(self) -> ClipOptions:
        """At which frame rate the study's videos were stored."""
        return ClipOptions(**self.description.get("clip", {}))

    def scoring_settings(self) -> FinetuneSettings:
        """Which clips are scored, and how they are prepared."""
        return scoring_settings(self.description)

    def view_classifier(self, *, threads: int = 1) -> Classifier:
        """The view classifier of the study.

        Raises
        ------
        ValueError
            The study had none: the views of its videos came with them.
        """
        views = self.description["views"]
        if views["file"] is None:
            raise ValueError(
                f"{self.name}: holds no view classifier, since the views of its study's videos came with "
                "them; score videos of the kept view with Bundle.predict_avis"
            )
        path = self.folder / views["file"]
        if views["classifier"] == "onnx":
            settings = OnnxSettings(**views["onnx"], threads=threads)
            return OnnxClassifier(path, views["classes"], views["kept"], settings=settings)
        return load_classifier(path)

    def score_store(
        self,
        store: ClipStore,
        video_ids: Sequence[str],
        *,
        device: str = "cpu",
        precision: str | None = None,
        jobs_per_gpu: int = 1,
        workers: int = 0,
    ) -> dict[str, np.ndarray]:
        """Clip probabilities of videos in a clip store: draw to (V, clips) float64.

        The same function as the study's own prediction. ``precision`` None is that of the study.
        """
        if not len(video_ids):
            return {}
        return score_videos(
            self.models,
            store,
            video_ids,
            dict.fromkeys(self.models, self.scoring_settings()),
            device=device,
            precision=precision or self.description["scoring"]["precision"],
            jobs_per_gpu=jobs_per_gpu,
            workers=workers,
        )

    def predict_avis(
        self,
        paths: Sequence[str | Path],
        *,
        device: str = "cpu",
        precision: str | None = None,
        workers: int = 1,
    ) -> pd.DataFrame:
        """Probabilities of grey AVI files without text or names: masked ones, or deidentified ones.

        Frames of the models' size are taken as masked already; others are masked and shrunk first, as in
        the study. All files count as showing the kept view: no view is classified here. Where the study has
        a frame rate of its clips, that of each file is taken as known.

        Parameters
        ----------
        paths
            AVI files of different names.
        device, precision
            See :meth:`score_store`.
        workers
            Processes that mask.

        Returns
        -------
        One row a file, in the order of ``paths``: video (name without suffix), outcome ("ok", "blank" or
        "unreadable"), probability (float, missing unless ok).
        """
        with tempfile.TemporaryDirectory() as work:
            masked = mask_avis(
                [Path(path) for path in paths],
                Path(work),
                size=tuple(self.description["scoring"]["frame_size"]),
                settings=self.mask_settings(),
                workers=workers,
            )
            ids = list(masked.loc[masked["outcome"] == "ok", "video_id"])
            store = store_of(masked, Path(work), self.clip_settings())
            scores = self.score_store(store, ids, device=device, precision=precision)
        probability = dict(zip(ids, ensemble_mean(scores), strict=True))
        return pd.DataFrame(
            {
                "video": masked["video_id"].astype(str),
                "outcome": masked["outcome"].astype(str),
                "probability": [probability.get(video, np.nan) for video in masked["video_id"]],
            }
        )


def ensemble_mean(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """Clip probabilities, draw to (V, clips), as one probability a video, (V,): over clips, then models."""
    if not scores:
        return np.zeros(0)
    return np.mean([clips.mean(1) for clips in scores.values()], axis=0)


def load_bundle(path: str | Path, *, device: str = "cpu") -> Bundle:
    """A bundle from its folder, checked: its description, the digest of each file, its models.

    Parameters
    ----------
    path
        The folder that target ``export`` wrote.
    device
        Where the models are put; they score on the device that :meth:`Bundle.score_store` is called with.

    Raises
    ------
    FileNotFoundError
        When the folder holds no ``bundle.json``.
    ValueError
        When the description is of another form, a file is missing or changed, or a model is none.

    See Also
    --------
    echoclr_core.models.load : one model without thresholds, view classifier and settings.
    echoclr_core.predict.one_study.predict_study : a folder of DICOM files.

    Examples
    --------
    >>> bundle = load_bundle("bundle")  # results/<study>/export/<task>_<initialisation>
    >>> table = bundle.predict_avis([Path("masked/v_00.avi"), Path("masked/v_01.avi")])
    >>> list(table.columns), list(table["outcome"])
    (['video', 'outcome', 'probability'], ['ok', 'ok'])
    """
    folder = Path(path)
    description = read_description(folder)
    check_files(folder, description)
    models = {model["draw"]: load(folder / model["file"], device=device) for model in description["models"]}
    return Bundle(folder, description, models)
