"""Pretrain one encoder, resuming where an interrupted attempt was; several GPUs through torchrun."""

import json
from contextlib import suppress
from pathlib import Path

from echoclr_core.common.files import write_json
from echoclr_core.common.folder_lock import FolderHeldError, hold_folder
from echoclr_core.pretrain.__main__ import run_spec
from echoclr_core.training.checkpoints import keep_newest
from echoclr_core.training.gpu import require_gpu
from echoclr_core.video.store import store_files
from workflow_scripts.lib.job import job, settings
from workflow_scripts.lib.models import augmentation_fields, encoder_fields
from workflow_scripts.lib.recorded import RECORD
from workflow_scripts.lib.seeds import seed_of
from workflow_scripts.lib.torchrun import processes_of, run_in_processes

with job(snakemake, story=f"{snakemake.params.state}/story.log") as log:
    chosen, compute = settings(snakemake), settings(snakemake, "compute").compute
    fields = chosen.pretrain
    index, frames = store_files(snakemake.input.store)
    state = Path(snakemake.params.state)
    places = int(snakemake.resources.get("gpu", 0) or 0)
    require_gpu(places, compute["device"])
    processes = processes_of(places, snakemake.config["compute"]["jobs_per_gpu"])
    spec = {
        "index": index,
        "frames": frames,
        "videos": snakemake.input.videos,
        "labels": str(snakemake.input.labels),
        "tasks": list(snakemake.params.tasks),
        "encoder": encoder_fields(chosen.model),
        "settings": {
            "method": snakemake.wildcards.method,
            **fields,
            "input_size": chosen.model["input_size"],
            "augmentation": augmentation_fields(chosen.augmentation),
            "precision": compute["precision"],
            "memory_format": compute["memory_format"],
            "deterministic": compute["deterministic"],
            "seed": seed_of(chosen.seed, int(snakemake.wildcards.again.removeprefix("_seed") or 0)),
        },
        "state_dir": str(state),
        "device": compute["device"],
        "workers": snakemake.config["compute"]["loader_workers"],
        "threads": max(snakemake.threads // processes, 1),
        "checkpoint_minutes": snakemake.config["compute"]["checkpoint_minutes"],
        "events": snakemake.params.events or None,
        "output": {name: snakemake.output[name] for name in ("encoder", "history", "timings", "run")},
    }
    if processes > 1:
        run_in_processes(spec, processes, state / "spec.json", snakemake.log[0])
    else:
        run_spec(spec)
    record = json.loads(Path(snakemake.output.run).read_text(encoding="utf-8"))
    write_json(snakemake.output.run, {**record, RECORD: json.loads(snakemake.params.settings)})
    log.info("%s", record)
    # The results are written. One checkpoint is kept, so that a longer run can go on from it.
    with suppress(FolderHeldError), hold_folder(state, wait_seconds=0):  # held: another job's by now
        keep_newest(state)
