"""Pretrain one encoder, resuming where an interrupted attempt was; several GPUs through torchrun."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

from echoclr_core.common.files import write_json
from echoclr_core.common.folder_lock import FolderHeldError, hold_folder
from echoclr_core.pretrain.__main__ import run_spec
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.models import augmentation_fields, encoder_fields
from workflow_scripts.lib.recorded import RECORD
from workflow_scripts.lib.seeds import seed_of
from workflow_scripts.lib.store import store_files
from workflow_scripts.lib.torchrun import run_in_processes

with job(snakemake, story=f"{snakemake.params.state}/story.log") as log:
    chosen, compute = settings(snakemake), settings(snakemake, "compute").compute
    fields = chosen.pretrain
    index, frames = store_files(snakemake.input.store)
    state = Path(snakemake.params.state)
    gpus = int(snakemake.resources.get("gpu", 1) or 1)
    spec = {
        "index": index,
        "frames": frames,
        "videos": snakemake.input.videos,
        "labels": str(snakemake.input.labels),
        "encoder": encoder_fields(chosen.model),
        "settings": {
            "method": snakemake.wildcards.method,
            **fields,
            "input_size": chosen.model["input_size"],
            "augmentation": augmentation_fields(chosen.augmentation),
            "precision": compute["precision"],
            "memory_format": compute["memory_format"],
            "seed": seed_of(chosen.seed, int(snakemake.wildcards.again.removeprefix("_seed") or 0)),
        },
        "state_dir": str(state),
        "device": compute["device"],
        "workers": snakemake.config["compute"]["loader_workers"],
        "threads": max(snakemake.threads // gpus, 1),
        "code": snakemake.params.core,
        "events": snakemake.params.events or None,
        "output": {name: snakemake.output[name] for name in ("encoder", "history", "timings", "run")},
    }
    if gpus > 1:
        run_in_processes(spec, gpus, state / "spec.json", snakemake.log[0])
    else:
        run_spec(spec)
    record = json.loads(Path(snakemake.output.run).read_text(encoding="utf-8"))
    write_json(snakemake.output.run, {**record, RECORD: json.loads(snakemake.params.settings)})
    log.info("%s", record)
    # The results are written: what an interrupted attempt would have resumed from is not needed any more.
    with suppress(FolderHeldError), hold_folder(state, wait_seconds=0):  # held: another job's by now
        shutil.rmtree(state, ignore_errors=True)
