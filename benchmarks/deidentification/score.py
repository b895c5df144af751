"""Score the output of a tool against the benchmark's key: names missed, sector, image lost, time, memory."""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import beta

SAME = 40  # grey levels between what was typed and what is there
VISIBLE = 0.3  # share of the letters' pixels from which a name is there
LIT = 16  # grey levels


def shown_frames(frames: NDArray[np.uint8], truth: dict) -> NDArray[np.bool_]:
    """(T,) bool: whether the name can be seen in each frame (T, H, W) uint8 of the output."""
    rows, columns = np.nonzero(truth["coverage"] >= 250)
    seen = np.zeros(len(frames), bool)
    for index, (x, y) in enumerate(truth["places"][: len(frames)]):
        if not np.isnan(x) and len(rows):
            there = frames[index, np.round(rows + y).astype(int), np.round(columns + x).astype(int)]
            seen[index] = (np.abs(there.astype(int) - int(truth["grey"])) <= SAME).mean() >= VISIBLE
    return seen


def score_loop(frames: NDArray[np.uint8] | None, source: NDArray[np.uint8], truth: dict) -> dict:
    """Scores of one loop; ``frames`` (T, H, W) uint8 of the output or None, ``source`` the input's frames."""
    if frames is None:
        return {"withheld": True, "missed": False}
    if frames.shape[1:] != truth["sector"].shape:
        raise ValueError(f"output frames are {frames.shape[1:]}, those of the source {truth['sector'].shape}")
    sector, kept, lit = truth["sector"], frames.max(0) > 0, source.max(0) >= LIT
    return {
        "withheld": False,
        "missed": bool(shown_frames(frames, truth).any()),
        "iou": float((kept & sector).sum() / max((kept | sector).sum(), 1)),
        "lost": float((lit & sector & ~kept).sum() / max((lit & sector).sum(), 1)),
    }


def clopper_pearson(events: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a proportion."""
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if events == 0 else float(beta.ppf(tail, events, trials - events + 1))
    high = 1.0 if events == trials else float(beta.ppf(1 - tail, events + 1, trials - events))
    return low, high


def read_output(folder: Path, name: str) -> NDArray[np.uint8] | None:
    """Frames (T, H, W) uint8 of a tool's output for a loop, or None where it withheld the loop."""
    from echoclr_core.common.avi_reading import read_avi
    from echoclr_core.dicom.reading import read_cine

    if (folder / f"{name}.avi").exists():
        return read_avi(folder / f"{name}.avi")[0]
    if (folder / f"{name}.dcm").exists():
        return np.stack(list(read_cine(folder / f"{name}.dcm", default_fps=30.0).frames()))
    return None


def share(events: int, trials: int) -> dict:
    """A proportion with its interval."""
    low, high = clopper_pearson(events, trials)
    return {"events": events, "trials": trials, "low": low, "high": high}


def summary(table: pd.DataFrame) -> dict:
    """Scores of a tool from one row a loop; see README.md for what each means."""
    named, empty = table[table["script"].notna()], table[table["script"].isna()]
    written = table[~table["withheld"]]
    found = {
        "loops": len(table),
        "errors": int(table["error"].notna().sum()) if "error" in table else 0,
        "missed": share(int(named["missed"].sum()), len(named)),
        "withheld_without_name": share(int(empty["withheld"].sum()), len(empty)),
    }
    parts = named.assign(
        shown=np.where(named["last"] - named["first"] + 1 < named["frames"], "part", "whole")
    )
    for column in ("script", "motion", "shown", "grey", "screen", "height"):
        groups = parts.groupby(column)["missed"].agg(["sum", "size"])
        found[f"missed_by_{column}"] = {
            str(key): f"{row['sum']} of {row['size']}" for key, row in groups.iterrows()
        }
    if len(written):
        found["iou"] = {"mean": float(written["iou"].mean()), "lowest": float(written["iou"].min())}
        found["lost"] = float(written["lost"].mean())
    if "seconds" in table:
        found["seconds"] = {"median": float(table["seconds"].median()), "sum": float(table["seconds"].sum())}
        found["peak_megabytes"] = float(table["megabytes"].max())
    return found


def loops_run(key: pd.DataFrame, output: Path) -> pd.DataFrame:
    """Rows of the key that ``run_tool`` ran, with what each took; all of them where another program wrote.

    Raises
    ------
    SystemExit
        ``run_tool`` has not ended: a loop that was not run would count as withheld.
    """
    if (output / "times.csv").exists():
        return key.merge(pd.read_csv(output / "times.csv"), on="file")
    if (output / "measured").exists():
        raise SystemExit(
            f"{output.name}: run_tool has not ended there; the same command goes on where it was"
        )
    return key


def score_row(loops: Path, output: Path, row: dict) -> dict:
    """One row of the key with the scores of a tool's output for it."""
    with np.load(loops / "truth" / f"{row['file']}.npz") as arrays:
        truth = {name: arrays[name] for name in arrays.files}
    source = read_output(loops / "dicom", row["file"])
    return row | score_loop(read_output(output, row["file"]), source, truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    key = loops_run(pd.read_csv(chosen.loops / "key.csv"), chosen.output)
    score = partial(score_row, chosen.loops, chosen.output)
    with ProcessPoolExecutor(chosen.workers, get_context("spawn")) as pool:
        table = pd.DataFrame(pool.map(score, key.to_dict("records"), chunksize=8))
    table.to_csv(chosen.output / "scores.csv", index=False)
    scores = json.dumps(summary(table), indent=1, ensure_ascii=False)
    (chosen.output / "scores.json").write_text(scores + "\n")
    print(scores)


if __name__ == "__main__":
    main()
