"""Pretrain one encoder, resuming where an interrupted attempt was; several GPUs through torchrun."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from echoclr_core.common import write_json
from echoclr_core.pretrain.__main__ import run_spec
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.models import augmentation_fields, encoder_fields
from workflow_scripts.lib.seeds import seed_of
from workflow_scripts.lib.store import store_files

with job(snakemake) as log:
    chosen, compute = settings(snakemake), settings(snakemake, "compute").compute
    fields = chosen.pretrain
    index, frames = store_files(snakemake.input.store)
    state = Path(snakemake.params.state)
    state.mkdir(parents=True, exist_ok=True)
    spec = {
        "index": index,
        "frames": frames,
        "videos": snakemake.input.videos,
        "encoder": encoder_fields(chosen.model),
        "settings": {
            "method": snakemake.wildcards.method,
            "lr": fields.pop("learning_rate"),
            "optimiser": fields.pop("optimizer"),
            **fields,
            "input_size": chosen.model["input_size"],
            "augmentation": augmentation_fields(chosen.augmentation),
            "precision": compute["precision"],
            "seed": seed_of(chosen.seed, int(snakemake.wildcards.again.removeprefix("_seed") or 0)),
        },
        "state_dir": str(state),
        "device": compute["device"],
        "workers": compute["loader_workers"],
        "threads": snakemake.threads,
        "metadata": {"code": snakemake.params.core},
        "output": {name: snakemake.output[name] for name in ("encoder", "history", "timings", "run")},
    }
    gpus = int(snakemake.resources.get("gpu", 1) or 1)
    if gpus > 1:
        write_json(state / "spec.json", spec)
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={gpus}"]
        with Path(snakemake.log[0]).open("a") as story:
            subprocess.run(
                [*torchrun, "-m", "echoclr_core.pretrain", str(state / "spec.json")], check=True, stderr=story
            )
    else:
        run_spec(spec)
    log.info("%s", json.loads(Path(snakemake.output.run).read_text(encoding="utf-8")))
    # The results are written: what an interrupted attempt would have resumed from is not needed any more.
    shutil.rmtree(state, ignore_errors=True)
