"""``python -m echoclr_core.pretrain SPEC.json``, alone or under torchrun: one run from files to files.

SPEC.json holds

- ``index``, ``frames``: lists of the clip store's files, shard by shard;
- ``videos``: Parquet with video_id, study_id, set; "train" is trained on, "val" held out;
- ``encoder``, ``settings``: fields of EncoderSettings and PretrainSettings;
- ``state_dir``, and optionally ``device``, ``jobs_per_gpu``, ``workers``,
  ``checkpoint_minutes``, ``threads`` (of PyTorch on the CPU);
- ``output``: ``encoder``, ``history``, ``timings``, ``run``: the files to write;
- ``labels``: Parquet with study_id and the labels of ``tasks``, for ``settings.probe_every``, optional;
- ``code``: a digest of the code, part of the run's fingerprint, optional;
- ``events``: a folder for TensorBoard event files, optional;
- ``metadata``: further texts for the header of the encoder's file, optional.
"""

import argparse
import json
import logging
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cv2
import pandas as pd
import torch

from echoclr_core.common.files import write_json
from echoclr_core.common.folder_lock import hold_folder
from echoclr_core.common.lifetime import GRACE_SECONDS
from echoclr_core.models.encoder import EncoderSettings
from echoclr_core.models.weights import save_encoder
from echoclr_core.options.base import settings_from
from echoclr_core.pretrain.run import PretrainResult, pretrain
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.tables import HISTORY
from echoclr_core.training.progress import TIMINGS
from echoclr_core.video.store import ClipStore

NEEDED = {"index", "frames", "videos", "encoder", "settings", "state_dir", "output"}
PASSED = ("device", "jobs_per_gpu", "workers", "checkpoint_minutes", "code", "events")
OPTIONAL = {*PASSED, "threads", "metadata", "labels", "tasks"}


def run_spec(spec: dict[str, Any]) -> PretrainResult:
    """Do what a specification says; see the top of this file. Rank 0 writes the files."""
    if NEEDED - set(spec) or set(spec) - NEEDED - OPTIONAL:
        raise ValueError(
            f"pretraining specification: missing {sorted(NEEDED - set(spec))}, "
            f"unknown {sorted(set(spec) - NEEDED - OPTIONAL)}"
        )
    if "threads" in spec:
        torch.set_num_threads(spec["threads"])
        cv2.setNumThreads(spec["threads"])
    first = os.environ.get("RANK", "0") == "0"
    # Until the results are written: a job on the same state would otherwise begin in between.
    with hold_folder(spec["state_dir"], wait_seconds=GRACE_SECONDS) if first else nullcontext():
        return _run(spec)


def _run(spec: dict[str, Any]) -> PretrainResult:
    settings = settings_from(PretrainSettings, spec["settings"])
    videos = pd.read_parquet(spec["videos"])
    result = pretrain(
        ClipStore.open(spec["index"], spec["frames"]),
        videos[videos["set"] == "train"],
        EncoderSettings(**spec["encoder"]),
        settings,
        state_dir=spec["state_dir"],
        validation=videos[videos["set"] == "val"],
        labels=(
            pd.read_parquet(spec["labels"], columns=["study_id", *spec["tasks"]])
            if spec.get("labels")
            else None
        ),
        **{name: spec[name] for name in PASSED if name in spec},
    )
    if result.run["rank"] == 0:
        write_result(result, spec["output"], spec.get("metadata", {}))
    return result


def write_result(result: PretrainResult, output: dict[str, str], metadata: dict[str, str]) -> None:
    """Write encoder, history, timings and record, each atomically."""
    header = {
        "method": result.run["settings"]["method"],
        "version": result.run["version"],
        "fingerprint": result.run["fingerprint"],
        "settings_digest": result.run["settings_digest"],
        "data_digest": result.run["data_digest"],
        "code": result.run["code"],
        "encoder": json.dumps(result.run["encoder"]),
    }
    # The weights first: nothing that comes after them can lose them.
    save_encoder(output["encoder"], result.encoder, header | metadata)
    HISTORY.write(result.history, output["history"])
    TIMINGS.write(result.timings, output["timings"])
    write_json(output["run"], result.run)


def main() -> None:
    """Read the specification named on the command line and run it."""
    parser = argparse.ArgumentParser(
        prog="python -m echoclr_core.pretrain", description=__doc__.splitlines()[0]
    )
    parser.add_argument("spec", type=Path, help="the specification (JSON)")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    run_spec(json.loads(parser.parse_args().spec.read_text(encoding="utf-8")))


def _labels(spec: dict) -> pd.DataFrame | None:
    """study_id and the labels of each task; None where no probe is wanted."""
    if not spec.get("labels"):
        return None
    return pd.read_parquet(spec["labels"], columns=["study_id", *spec["tasks"]])


if __name__ == "__main__":
    main()
