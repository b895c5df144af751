"""What the pretrained encoders of a finished study hold, beside what fine-tuning made of them.

    python benchmarks/evidence/linear_probe.py results/synthetic_study

For each encoder, and for random weights: the mean representation of three clips a video, a logistic
regression on 9 to 300 labelled training studies (mean over ten draws, the same for all), AUROC on the
internal test set. The encoder stays as it is: no learning rate, no stopping, no validation set.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from echoclr_core.common.randomness import generator
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.weights import load_encoder
from echoclr_core.training.inputs import frame_counts, grey_input, network_input, read_clips
from echoclr_core.video.store import ClipStore

TASKS = ("severe_as", "lvh")
CLIPS, LENGTH, DRAWS = 3, 8, 10
LABELS = (9, 18, 30, 90, 300)
PENALTY = 0.03  # inverse strength, fixed beforehand


def representations(
    encoder: torch.nn.Module, store: ClipStore, videos: pd.DataFrame, size: int
) -> pd.DataFrame:
    """One row a study: the mean over its videos and their clips."""
    ids = videos["video_id"].astype(str).tolist()
    room = frame_counts(store, ids, table="videos") - LENGTH
    encoder.eval()
    parts = []
    with torch.no_grad():
        for video, spare in zip(ids, room, strict=True):
            starts = np.linspace(0, max(int(spare), 0), CLIPS).round().astype(int)
            clips = torch.from_numpy(read_clips(store, [video] * CLIPS, starts, LENGTH))
            parts.append(encoder(network_input(grey_input(clips, None, size))).mean(0).numpy())
    table = pd.DataFrame(np.stack(parts)).assign(study_id=videos["study_id"].astype(str).to_numpy())
    return table.groupby("study_id").mean()


def probe_scores(
    features: pd.DataFrame, studies: pd.DataFrame, task: str, count: int
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Labels (n,) of the test studies, and their scores (n,) by draw of ``count`` labelled training studies.

    Draws without both classes are left out; which ones depends on the studies alone.
    """
    known = studies[studies[task].notna()]
    train, test = (known[known["set"] == name] for name in ("train", "test"))
    found = {}
    for draw in range(DRAWS):
        rows = generator(0, "probe", task, count, draw).permutation(len(train))[:count]
        labels = train[task].astype(int).to_numpy()[rows]
        if len(set(labels)) < 2:
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, max_iter=1000))
        model.fit(features.loc[train["study_id"].iloc[rows]], labels)
        found[draw] = model.decision_function(features.loc[test["study_id"]])
    return test[task].astype(int).to_numpy(), found


def probe(features: pd.DataFrame, studies: pd.DataFrame, task: str, count: int) -> float:
    """Mean AUROC on the test set over draws of ``count`` labelled training studies with both classes."""
    labels, scores = probe_scores(features, studies, task, count)
    return float(np.mean([roc_auc_score(labels, row) for row in scores.values()]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="a finished study, such as results/synthetic_study")
    folder = parser.parse_args().folder
    frames = sorted((folder / "clips").glob("*.npy"))
    store = ClipStore.open([path.with_suffix(".parquet") for path in frames], frames)
    videos = pd.read_parquet(folder / "cohort" / "videos.parquet")
    videos = videos[videos["set"].isin(("train", "test"))]
    studies = pd.read_parquet(folder / "cohort" / "studies.parquet")
    studies = studies[studies["study_id"].isin(videos["study_id"])].astype({"study_id": str})
    runs = {path.parent.name: path for path in sorted((folder / "pretrain").glob("*/encoder.safetensors"))}
    record = json.loads((next(iter(runs.values())).parent / "run.json").read_text(encoding="utf-8"))
    shape = EncoderSettings(**record["encoder"])
    size = record["settings"]["input_size"] or store.size[0]
    print(f"{'encoder':<18}{'task':<11}" + "".join(f"{count:>7}" for count in LABELS))
    for name, path in {"random": None, **runs}.items():
        encoder = build_encoder(shape, seed=0)
        if path is not None:
            load_encoder(path, encoder)
        features = representations(encoder, store, videos, size)
        for task in TASKS:
            cells = "".join(f"{probe(features, studies, task, count):>7.3f}" for count in LABELS)
            print(f"{name:<18}{task:<11}{cells}", flush=True)


if __name__ == "__main__":
    main()
