"""What an archive costs: measured stages of a finished study, and from them the paper's archive, computed.

    python benchmarks/scale.py results/STUDY                 # table of the measured cost a stage
    python benchmarks/scale.py results/STUDY --predict 0000  # the cost of one shard by that of the others
    python benchmarks/scale.py results/STUDY --archive       # hours on cores and GPUs, with all assumptions

Processor time is what each job's log ends with: its own and that of its processes.
"""

import argparse
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

SHARDED = ("deidentify_shard", "classify_views", "mask_shard", "build_clip_store")
MASKED = ("mask_shard", "build_clip_store")


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The paper's archive and grid, and what is assumed of machines; every number is printed with the table.

    Parameters
    ----------
    files, masked, shards
        Source files; PLAX videos; parts of the archive.
    files_a_second
        Files of a few pixels that one core catalogues in a second.
    training_videos, validation_videos, scored_videos
        Videos of the 5,311 training studies (23,448 x 5,311 / 7,082), of the 708 for validation, and of
        validation and both test sets.
    megabytes_a_file
        Of a JPEG cine loop: assumed.
    frames, size
        Of a masked video in the store, px.
    network
        Megabytes a second that the whole cluster reads from the archive: assumed.
    pretrain_steps, pairs
        300 epochs of 30,481 pairs (520/300 of the training videos) in batches of 392; clips of 4 frames.
    gflop_clip
        Multiply-adds of r3d_18 forward for 16 frames of 112 x 112, in 1e9 (published: 40.7).
    gpu_tflops, gpu_share
        bf16 peak of one GPU (A100) and the share of it that is reached: assumed, no GPU was measured.
    epochs, ratio_sum, models_a_ratio, runs, models
        Most epochs of fine-tuning (early stopping needs fewer); the shares of the labels on which each task
        and initialisation trains, summed over rates; tasks x initialisations; trainings; models scored.
    cores, gpus
        Columns of the tables.
    """

    files: int = 447_653
    masked: int = 30_136
    shards: int = 125
    files_a_second: float = 1_850.0
    training_videos: int = 17_585
    validation_videos: int = 2_344
    scored_videos: int = 12_394
    megabytes_a_file: float = 8.0
    frames: int = 80
    size: int = 112
    network: float = 500.0
    pretrain_steps: int = 23_327
    pairs: int = 392
    gflop_clip: float = 40.7
    gpu_tflops: float = 312.0
    gpu_share: float = 0.3
    epochs: int = 30
    ratio_sum: float = 3 * (0.01 + 0.05 + 0.10) + 0.25 + 0.50 + 1.0
    models_a_ratio: int = 10
    runs: int = 120
    models: int = 60
    cores: tuple[int, ...] = field(default=(1, 16, 256))
    gpus: tuple[int, ...] = field(default=(1, 2, 4, 8))


def job_rows(study: Path) -> pd.DataFrame:
    """Rule, job (its wildcards) and processor seconds of every job that has ended, from the study's logs."""
    rows = []
    for folder in (study / "logs", study / "restricted" / "logs"):
        for path in sorted(folder.rglob("*.log")):
            parts = path.relative_to(folder).with_suffix("").parts
            ends = re.findall(r"done in .*; ([\d.]+) s of processor time", path.read_text(encoding="utf-8"))
            if ends:  # the last attempt: what a job did before it was stopped is not in it
                rows.append({"rule": parts[0], "job": "/".join(parts[1:]), "cpu": float(ends[-1])})
    return pd.DataFrame(rows)


def peak_memory(study: Path) -> dict[str, float]:
    """Rule to the most resident memory of a job, MB, all its processes together, as Snakemake saw it."""
    folder, most = study / "benchmarks", {}
    for path in folder.rglob("*.jsonl"):
        rule = path.relative_to(folder).parts[0].removesuffix(".jsonl")
        values = [json.loads(line)["max_rss"] for line in path.read_text(encoding="utf-8").splitlines()]
        most[rule] = max([most.get(rule, 0.0), *(value for value in values if value)])
    return most


def files_of(study: Path, stage: str) -> dict[str, int]:
    """Shard to its number of rows."""
    return {path.stem: len(pd.read_parquet(path)) for path in sorted((study / stage).glob("[0-9]*.parquet"))}


def seconds_a_thousand(study: Path, rows: pd.DataFrame, shards: Iterable[str]) -> dict[str, float]:
    """Processor seconds of each stage for 1,000 of its videos, over ``shards``."""
    chosen = set(shards)
    counts = {stage: files_of(study, stage) for stage in ("deidentified", "masked")}
    found = {}
    for rule in SHARDED:
        jobs = rows[(rows["rule"] == rule) & rows["job"].isin(chosen)]
        stage = "masked" if rule in MASKED else "deidentified"
        videos = sum(counts[stage].get(shard, 0) for shard in jobs["job"])
        if videos:
            found[rule] = 1000 * jobs["cpu"].sum() / videos
    return found


def print_measured(study: Path) -> None:
    """One row a rule: jobs, processor seconds, seconds for 1,000 videos where the rule is sharded, memory."""
    rows = job_rows(study)
    costs = seconds_a_thousand(study, rows, files_of(study, "deidentified"))
    files = sum(files_of(study, "deidentified").values())
    scan = rows.loc[rows["rule"] == "catalog_archive", "cpu"].sum()
    costs["catalog_archive"] = 1000 * scan / files
    memory = peak_memory(study)
    print("| rule | jobs | processor time, s | s for 1,000 videos | most memory, MB |")
    print("|---|---|---|---|---|")
    for rule, jobs in rows.groupby("rule"):
        thousand = f"{costs[rule]:.0f}" if rule in costs else ""
        most = f"{memory[rule]:.0f}" if rule in memory else ""
        print(f"| {rule} | {len(jobs)} | {jobs.cpu.sum():.0f} | {thousand} | {most} |")


def print_prediction(study: Path, shard: str) -> None:
    """What the other shards say that this one costs, beside what it did cost."""
    rows = job_rows(study)
    counts = {stage: files_of(study, stage) for stage in ("deidentified", "masked")}
    costs = seconds_a_thousand(study, rows, [name for name in counts["deidentified"] if name != shard])
    print(f"| rule | videos of shard {shard} | predicted, s | measured, s | measured / predicted |")
    print("|---|---|---|---|---|")
    for rule, cost in costs.items():
        number = counts["masked" if rule in MASKED else "deidentified"][shard]
        real = rows[(rows["rule"] == rule) & (rows["job"] == shard)]["cpu"].sum()
        said = cost * number / 1000
        print(f"| {rule} | {number} | {said:.1f} | {real:.1f} | {real / said:.2f} |")


def print_archive(study: Path, archive: Archive) -> None:
    """The paper's archive: hours on cores, hours on GPUs, disk and network."""
    rows = job_rows(study)
    costs = seconds_a_thousand(study, rows, files_of(study, "deidentified"))
    hours = {"catalog_archive": archive.files / archive.files_a_second / 3600} | {
        rule: cost * (archive.masked if rule in MASKED else archive.files) / 1000 / 3600
        for rule, cost in costs.items()
    }
    # a fixed number of videos of each shard
    hours["audit_shard"] = rows.loc[rows["rule"] == "audit_shard", "cpu"].mean() * archive.shards / 3600
    read = archive.files * archive.megabytes_a_file / archive.network / 3600
    print(f"| stage (computed) | core hours | {' | '.join(f'{n} cores, h' for n in archive.cores)} |")
    print("|---|---|" + "---|" * len(archive.cores))
    for rule, value in hours.items():
        # the catalogue reads headers alone; deidentification reads every byte once over the network
        least = read if rule == "deidentify_shard" else 0.0
        spread = " | ".join(f"{max(value / n, least):.1f}" for n in archive.cores)
        print(f"| {rule} | {value:.{0 if value >= 10 else 1}f} | {spread} |")
    terabytes = archive.files * archive.megabytes_a_file / 1e6
    print(f"\nReading {terabytes:.1f} TB at {archive.network:.0f} MB/s: {read:.1f} h.")
    store = archive.masked * archive.frames * archive.size**2 / 1e9
    print(f"Clip store: {store:.0f} GB.\n")
    print_gpu(archive)


def print_gpu(archive: Archive) -> None:
    """GPU hours of pretraining, fine-tuning and prediction; jobs are shared out, one a GPU."""
    rate = archive.gpu_tflops * 1e12 * archive.gpu_share / 2  # multiply-adds a second
    clip = archive.gflop_clip * 1e9
    step = archive.pairs * 2 * 3 * clip * 4 / 16
    tuned = archive.training_videos * archive.epochs * archive.ratio_sum * archive.models_a_ratio
    validated = archive.runs * archive.epochs * archive.validation_videos
    hours = {
        "pretrain_encoder, each of 3": archive.pretrain_steps * step / rate / 3600,
        "finetune_model, all 120": (3 * tuned + validated) * clip / rate / 3600,
        "predict_studies, all 60 models": archive.scored_videos * archive.models * clip / rate / 3600,
    }
    heads = " | ".join(f"{n} GPU, h" for n in archive.gpus)
    print(f"| stage (computed, GPU speed assumed) | GPU hours | {heads} |")
    print("|---|---|" + "---|" * len(archive.gpus))
    for stage, value in hours.items():
        jobs = 3 if "each of 3" in stage else 60
        spread = " | ".join(f"{value * -(-jobs // n) / (1 if jobs == 3 else jobs):.1f}" for n in archive.gpus)
        print(f"| {stage} | {value * (3 if jobs == 3 else 1):.1f} | {spread} |")


def main() -> None:
    """Print the table that was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", nargs="?", type=Path, default=Path("results/demo"))
    parser.add_argument("--predict", metavar="SHARD")
    parser.add_argument("--archive", action="store_true")
    given = parser.parse_args()
    if not (given.study / "logs").is_dir():
        print(f"no {given.study}/logs: this needs a finished study")
    elif given.predict:
        print_prediction(given.study, given.predict)
    elif given.archive:
        print_archive(given.study, Archive())
    else:
        print_measured(given.study)


if __name__ == "__main__":
    main()
