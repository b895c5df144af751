"""Pretrain one encoder, resuming where an interrupted attempt was; several GPUs through torchrun."""

import json
from contextlib import suppress
from pathlib import Path

from echoclr_core.common.files import write_json
from echoclr_core.common.folder_lock import FolderHeldError, hold_folder
from echoclr_core.common.recorded import RECORD
from echoclr_core.common.store_files import store_files
from echoclr_core.training.gpu_places import processes_of
from echoclr_core.training.repeat_seeds import seed_of
from workflow_scripts.lib.finished import digest_entry, finished_results
from workflow_scripts.lib.job import job, settings

OUTPUTS = ("encoder", "history", "timings", "run")


def specification(snakemake, processes: int) -> dict:
    """What ``python -m echoclr_core.pretrain`` is to do."""
    from echoclr_core.design.initialisations import encoder_fields

    chosen = settings(snakemake)
    config, params = snakemake.config, snakemake.params
    index, frames = store_files(snakemake.input.store)
    compute = config["compute"]
    speed = {name: config["pretrain"][name] for name in ("checkpoint_every", "activation_checkpointing")}
    return {
        "index": index,
        "frames": frames,
        "videos": snakemake.input.videos,
        "labels": str(snakemake.input.labels),
        "tasks": list(params.tasks),
        "encoder": encoder_fields(chosen.model),
        "settings": {
            "method": snakemake.wildcards.method,
            "own_options": json.loads(params.method)["options"],
            **chosen.pretrain,
            **speed,
            "input_size": chosen.model["input_size"],
            "augmentation": chosen.augmentation,
            "precision": compute["precision"],
            "memory_format": compute["memory_format"],
            "deterministic": compute["deterministic"],
            "seed": seed_of(chosen.seed, repeat),
        },
        "state_dir": params.state,
        "device": compute["device"],
        "workers": compute["loader_workers"],
        "threads": max(snakemake.threads // processes, 1),
        "checkpoint_minutes": compute["checkpoint_minutes"],
        "events": params.events if config["pretrain"]["tensorboard"] else None,
        "output": {name: snakemake.output[name] for name in OUTPUTS},
    }


def train(snakemake, places: int, processes: int) -> None:
    """Pretrain and write the results."""
    from echoclr_core.pretrain.__main__ import run_spec  # torch: seconds to load
    from echoclr_core.pretrain.torchrun import run_in_processes
    from echoclr_core.training.gpu import require_gpu

    require_gpu(places, snakemake.config["compute"]["device"])
    spec = specification(snakemake, processes)
    if processes > 1:
        run_in_processes(spec, processes, Path(snakemake.params.state) / "spec.json", snakemake.log[0])
    else:
        run_spec(spec)
    record = json.loads(Path(snakemake.output.run).read_text(encoding="utf-8"))
    write_json(snakemake.output.run, {**record, RECORD: recorded(snakemake)})


def recorded(snakemake) -> dict:
    """The settings of this pretraining by their key paths, the options of the method's own among them."""
    own = json.loads(snakemake.params.method)["options"]
    more = {"pretrain.method_options": {snakemake.wildcards.method: own}} if own else {}
    return json.loads(snakemake.params.settings) | more


def keep_last_checkpoint(state: Path) -> None:
    """The results are written. One checkpoint is kept, so that a longer run can go on from it."""
    from echoclr_core.training.checkpoints import keep_newest

    with suppress(FolderHeldError), hold_folder(state, wait_seconds=0):  # held: another job's by now
        keep_newest(state)


with job(snakemake, attempt_log=f"{snakemake.params.state}/attempts.log") as log:
    state = Path(snakemake.params.state)
    places = int(snakemake.resources.get("gpu", 0) or 0)
    processes = processes_of(places, snakemake.config["compute"]["jobs_per_gpu"])
    repeat = int(snakemake.wildcards.pretrain_seed.removeprefix("_seed") or 0)
    outputs = {name: snakemake.output[name] for name in OUTPUTS}
    data = ("videos", "labels") if snakemake.input.labels else ("videos",)
    kept = finished_results(
        snakemake,
        snakemake.params.finished,
        data=digest_entry(snakemake.input.digest, *data),
        encoder=[snakemake.wildcards.method, repeat],
        method=json.loads(snakemake.params.method),
        tasks=list(snakemake.params.tasks),
        processes=processes,
    )
    if kept.restore(outputs):
        log.info("finished before with the same settings, data and code: results put in place")
    else:
        train(snakemake, places, processes)
        kept.keep(outputs)
        keep_last_checkpoint(state)
    log.info("%s", json.loads(Path(snakemake.output.run).read_text(encoding="utf-8")))
