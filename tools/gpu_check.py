"""What a GPU makes of the paper's training: speed, memory, right numbers, resume; ends with settings to use.

Run ``make gpu-check`` (about ten minutes on one GPU). Without a GPU everything runs on the CPU in small,
which shows that the program works and nothing about speed. What fails is a row with its reason; the others go
on.
"""

import argparse
import dataclasses
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from echoclr_core.explain.gradcam import grad_cam
from echoclr_core.finetune.run import finetune
from echoclr_core.finetune.scoring import predict
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.pretrain.batches import PairBatches
from echoclr_core.pretrain.pairs import pretraining_items
from echoclr_core.pretrain.run import pretrain
from echoclr_core.pretrain.settings import PretrainSettings
from echoclr_core.pretrain.step import PretrainTrainer, initial_encoder, initial_model
from echoclr_core.training.compute import choose_compute
from echoclr_core.training.determinism import deterministic
from echoclr_core.training.gpu import describe_build, gpu_fault
from echoclr_core.training.selfcheck import wrong_convolutions
from echoclr_core.video.store import ClipStore
from echoclr_core.video.tables import CLIP_INDEX

TOLERANCE = 0.02  # relative difference of a compiled step's loss from the eager one's
WORTH = 1.10  # how much faster kernels must be that are not reproducible


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scale:
    """How large everything is.

    Parameters
    ----------
    encoder, size
        Network, and height and width of a frame, px.
    pairs, micro
        Pairs a step, and of a micro-batch.
    steps
        Steps that are timed, after one that is not.
    frames
        Frames of a video.
    """

    encoder: EncoderSettings
    size: int
    pairs: int
    micro: int
    steps: int
    frames: int = 40


PAPER = Scale(encoder=EncoderSettings(), size=112, pairs=392, micro=196, steps=5)
SMALL = Scale(
    encoder=EncoderSettings(name="r3d", width=4, blocks=(1, 1)), size=16, pairs=6, micro=3, steps=1, frames=20
)


def make_store(folder: Path, scale: Scale) -> ClipStore:
    """Random videos, three a study: enough pairs for two steps an epoch."""
    studies = 2 * scale.pairs // 3 + 1
    rng = np.random.default_rng(0)
    videos = rng.integers(0, 256, (3 * studies, scale.frames, scale.size, scale.size), dtype=np.uint8)
    names = [(f"s_{study:04d}", f"v_{study:04d}_{video}") for study in range(studies) for video in range(3)]
    index = pd.DataFrame(names, columns=["study_id", "video_id"])
    index = index.assign(
        first=np.arange(len(names)) * scale.frames,
        n_frames=scale.frames,
        fps=30.0,
        sha256=[hashlib.sha256(video.tobytes()).hexdigest() for video in videos],
    )
    np.save(folder / "0.npy", videos.reshape(-1, scale.size, scale.size))
    CLIP_INDEX.write(index, folder / "0.parquet")
    (folder / "store.json").write_text('{"shards": ["0"]}', encoding="utf-8")
    return ClipStore.open_folder(folder)


@contextmanager
def tf32(enabled: bool) -> Iterator[None]:
    """TensorFloat-32 in convolutions and matrix products, or neither."""
    kinds = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)
    before = [kind.fp32_precision for kind in kinds]
    for kind in kinds:
        kind.fp32_precision = "tf32" if enabled else "ieee"
    try:
        yield
    finally:
        for kind, value in zip(kinds, before, strict=True):
            kind.fp32_precision = value


def settings_of(scale: Scale, **fields) -> PretrainSettings:
    """The paper's EchoCLR at this scale."""
    return PretrainSettings(**({"batch_size": scale.pairs, "learning_rate": 1e-3, "epochs": 1} | fields))


def timed_step(scale: Scale, store: ClipStore, device: torch.device, row: dict) -> dict:
    """Clips a second, most memory (GiB) and the first loss of one combination of settings."""
    settings = settings_of(
        scale,
        precision="bf16" if row["precision"] == "bf16" else "fp32",
        memory_format=row["layout"],
        deterministic=row["deterministic"],
        micro_batch_size=row["micro"],
    )
    videos = store.index[["video_id", "study_id"]]
    items = pretraining_items(videos["study_id"], multi_instance=True)
    batch = PairBatches(store, videos, items, settings)[0]
    batch = {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in batch.items()}
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with tf32(row["precision"] == "tf32"), deterministic(settings.deterministic):
        compute = choose_compute(device, settings.precision, settings.memory_format)
        model = initial_model(initial_encoder(scale.encoder, settings), settings)
        trainer = PretrainTrainer(model, settings, compute, steps=100, epoch_steps=100)
        if row["compiled"]:
            trainer.model.encoder.compile()
        first = trainer.step(batch, 0)["loss"][0]
        begin = time.perf_counter()
        for step in range(scale.steps):
            trainer.step(batch, step + 1)  # reads its numbers back, so that the device is done
        seconds = (time.perf_counter() - begin) / scale.steps
    memory = torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else float("nan")
    return {"clips/s": 2 * scale.pairs / seconds, "GiB": memory, "loss": first}


def combinations(scale: Scale) -> list[dict]:
    """Precision, layout, reproducible kernels, whole batch or micro-batches; not compiled."""
    names = ("precision", "layout", "deterministic", "micro", "compiled")
    values = itertools.product(
        ("fp32", "tf32", "bf16"),
        ("contiguous", "channels_last_3d"),
        (True, False),
        (scale.micro, None),
        (False,),
    )
    return [dict(zip(names, value, strict=True)) for value in values]


def step_table(scale: Scale, store: ClipStore, device: torch.device) -> pd.DataFrame:
    """All combinations, and the fastest of each precision compiled."""
    rows = [
        row | _tried(lambda row=row: timed_step(scale, store, device, row)) for row in combinations(scale)
    ]
    table = pd.DataFrame(rows)
    for _, part in table.dropna(subset=["clips/s"]).groupby("precision"):
        best = part.loc[part["clips/s"].idxmax()]
        row = {"precision": best["precision"], "layout": best["layout"]}
        row |= {"deterministic": bool(best["deterministic"])}
        row |= {"micro": None if pd.isna(best["micro"]) else int(best["micro"]), "compiled": True}
        found = _tried(lambda row=row: timed_step(scale, store, device, row))
        if "loss" in found and abs(found["loss"] / best["loss"] - 1) > TOLERANCE:
            found = {"reason": f"the compiled loss is {found['loss']:.4f}, the eager one {best['loss']:.4f}"}
        rows.append(row | found)
    return pd.DataFrame(rows)


def self_checks(scale: Scale, device: torch.device) -> pd.DataFrame:
    """Convolutions whose output or gradient is wrong, by precision and layout."""
    rows = []
    for precision, layout in itertools.product(("fp32", "bf16"), ("contiguous", "channels_last_3d")):
        compute = choose_compute(device, precision, layout)
        shape = (3, 4, scale.size, scale.size)
        encoder = build_encoder(scale.encoder, seed=0)
        wrong = wrong_convolutions(encoder, shape, compute=compute)
        rows.append(
            {"precision": precision, "layout": layout, "wrong": len(wrong), "first": "".join(wrong[:1])}
        )
    return pd.DataFrame(rows)


def resumed(scale: Scale, store: ClipStore, folder: Path, device: str) -> dict:
    """A run that is killed by SIGKILL and started again, against one that is not."""
    weights = []
    for name, deaths in (("whole", ()), ("killed", (3,))):
        state = folder / name
        for death in (*deaths, None):
            spec = {"store": str(folder), "state": str(state), "device": device, "death": death}
            command = [sys.executable, __file__, "--train", json.dumps(spec), *_flag(scale)]
            code = subprocess.run(command, check=False, capture_output=True, text=True)
            if (code.returncode == 0) != (death is None):
                return {"reason": code.stderr[-300:]}
        weights.append((state / "weights.sha256").read_text(encoding="utf-8"))
    return {"bit-identical": weights[0] == weights[1]}


def train(spec: dict, scale: Scale) -> None:
    """A run of six steps in a process of its own; with ``death`` it is killed before that step."""
    real = PretrainTrainer.step

    def step(self, batch, number):
        if number == spec["death"]:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, batch, number)

    PretrainTrainer.step = step
    store = ClipStore.open_folder(spec["store"])
    settings = settings_of(scale, epochs=9, max_steps=6, checkpoint_every=1, micro_batch_size=scale.micro)
    videos = store.index[["video_id", "study_id"]]
    result = pretrain(
        store, videos, scale.encoder, settings, state_dir=spec["state"], device=spec["device"], terminal=False
    )
    state = result.encoder.state_dict()
    checksum = hashlib.sha256(b"".join(state[name].numpy().tobytes() for name in sorted(state)))
    Path(spec["state"], "weights.sha256").write_text(checksum.hexdigest(), encoding="utf-8")


def process_spec(scale: Scale, folder: Path, device: str, *, sync_bn: bool) -> dict:
    """What ``python -m echoclr_core.pretrain`` reads, for twenty steps."""
    names = ("encoder", "history", "timings", "run")
    return {
        "index": [str(folder / "0.parquet")],
        "frames": [str(folder / "0.npy")],
        "videos": str(folder / "videos.parquet"),
        "encoder": dataclasses.asdict(scale.encoder),
        "settings": dataclasses.asdict(settings_of(scale, max_steps=20, epochs=99, sync_bn=sync_bn)),
        "state_dir": str(folder / f"state_{sync_bn}"),
        "device": device,
        "workers": 2,
        "output": {name: str(folder / f"{name}_{sync_bn}") for name in names},
    }


def in_processes(scale: Scale, store: ClipStore, folder: Path, device: str, processes: int) -> list[dict]:
    """Twenty steps under torchrun (nccl on GPUs), with each GPU's statistics and with all processes'."""
    store.index.assign(set="train").to_parquet(folder / "videos.parquet")
    rows = []
    for sync_bn in (False, True):
        spec = process_spec(scale, folder, device, sync_bn=sync_bn)
        path = folder / "spec.json"
        path.write_text(json.dumps(spec), encoding="utf-8")
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += [f"--nproc-per-node={processes}", "-m", "echoclr_core.pretrain", str(path)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        row = {"processes": processes, "sync_bn": sync_bn}
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if "Error" in line]
            rows.append(row | {"reason": errors[0].strip() if errors else done.stderr[-300:]})
            continue
        record = json.loads(Path(spec["output"]["run"]).read_text(encoding="utf-8"))
        found = {"clips/s": record["clips_per_second"], "wait share": record["wait_share"]}
        rows.append(row | found | {"GiB": record["memory_gib"]})
    return rows


def finetuned(scale: Scale, store: ClipStore, device: str) -> dict:
    """One epoch of fine-tuning, prediction of the same videos, and one Grad-CAM."""
    videos = store.index[["video_id", "study_id"]].head(60)
    videos = videos.assign(label=(videos["study_id"].factorize()[0] % 2))
    settings = FinetuneSettings(max_epochs=1, batch_size=min(88, scale.pairs), learning_rate=1e-3)
    result = finetune(store, videos, videos, scale.encoder, None, settings, device=device, terminal=False)
    begin = time.perf_counter()
    table = predict(result.model, store, videos, settings, device=device, precision="auto")
    seconds = time.perf_counter() - begin
    clip = torch.rand(3, 16, scale.size, scale.size)
    saliency = grad_cam(result.model.to(device if device != "auto" else "cpu"), clip)
    return {
        "fine-tuning clips/s": result.run["clips_per_second"],
        "prediction clips/s": settings.eval_clips_per_video * len(table) / seconds,
        "Grad-CAM": f"{saliency.shape}, most {saliency.max():.2f}",
    }


def recommendation(steps: pd.DataFrame, checks: pd.DataFrame) -> list[str]:
    """Settings for config.yaml, each with its reason."""
    right = set(checks.loc[checks["wrong"] == 0, ["precision", "layout"]].itertuples(index=False, name=None))
    usable = steps.dropna(subset=["clips/s"])
    usable = usable[~usable["compiled"]]
    kept = [
        ("bf16" if row.precision == "bf16" else "fp32", row.layout) in right
        for row in usable.itertuples(index=False)
    ]
    usable = usable[kept]
    if usable.empty:
        return ["compute.device: cpu  # no combination gives right numbers on this device"]
    best = usable.loc[usable["clips/s"].idxmax()]
    reproducible = usable[usable["deterministic"]]
    if len(reproducible) and best["clips/s"] < WORTH * reproducible["clips/s"].max():
        best = reproducible.loc[reproducible["clips/s"].idxmax()]
    size = "null" if pd.isna(best["micro"]) else int(best["micro"])
    return [
        f"compute.precision: {'bf16' if best['precision'] == 'bf16' else 'fp32'}  # {best['precision']} here",
        f"compute.memory_format: {best['layout']}",
        f"compute.deterministic: {str(bool(best['deterministic'])).lower()}",
        f"pretrain.micro_batch_size: {size}  # {best['clips/s']:.0f} clips/s; 196 is the paper's split",
    ]


def _tried(work: Callable[[], dict]) -> dict:
    try:
        return work()
    except (RuntimeError, ValueError, ArithmeticError, ImportError) as error:
        return {"reason": f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"}


def _flag(scale: Scale) -> list[str]:
    return ["--small"] if scale == SMALL else []


def report(scale: Scale, device: torch.device, folder: Path) -> None:
    """Print every table, and the settings at the end."""
    store = make_store(folder, scale)
    name = "cuda" if device.type == "cuda" else "cpu"
    processes = min(torch.cuda.device_count(), 2) if name == "cuda" else 1
    checks = self_checks(scale, device)
    print(f"Convolutions against float32 on the CPU\n{checks.to_string(index=False)}\n", flush=True)
    steps = step_table(scale, store, device)
    print(f"Steps of {scale.pairs} pairs\n{steps.to_string(index=False, na_rep='')}\n", flush=True)
    rows = pd.DataFrame(in_processes(scale, store, folder, name, processes))
    print(f"Twenty steps under torchrun\n{rows.to_string(index=False, na_rep='')}\n", flush=True)
    print(f"Killed and resumed: {_tried(lambda: resumed(scale, store, folder, name))}\n", flush=True)
    print(f"Fine-tuning, prediction, Grad-CAM: {_tried(lambda: finetuned(scale, store, name))}\n", flush=True)
    print("Settings for this device:\n" + "\n".join(recommendation(steps, checks)), flush=True)


def main() -> None:
    """Check the GPU, or in small the CPU."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="a tiny network, as without a GPU")
    parser.add_argument("--train", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    fault = gpu_fault()
    scale = SMALL if fault or arguments.small else PAPER
    if arguments.train:
        train(json.loads(arguments.train), scale)
        return
    device = torch.device("cpu" if fault else "cuda")
    print(describe_build())
    print(
        f"No GPU ({fault}): everything in small on the CPU." if fault else torch.cuda.get_device_name(device)
    )
    with tempfile.TemporaryDirectory() as folder:
        report(scale, device, Path(folder))


if __name__ == "__main__":
    main()
