"""Score the output of a tool against the benchmark's key: names missed, sector, image lost, time, memory."""

import argparse
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


def summarise(table: pd.DataFrame) -> None:
    """Print the scores."""
    named, empty = table[table["script"].notna()], table[table["script"].isna()]
    low, high = clopper_pearson(int(named["missed"].sum()), len(named))
    print(
        f"names missed: {int(named['missed'].sum())} of {len(named)} (95 % interval {low:.4%} to {high:.4%})"
    )
    for column in ("script", "motion"):
        groups = named.groupby(column)["missed"].agg(["sum", "size"])
        print(
            f"  by {column}: "
            + ", ".join(f"{key} {row['sum']}/{row['size']}" for key, row in groups.iterrows())
        )
    print(f"withheld without a name: {int(empty['withheld'].sum())} of {len(empty)}")
    written = table[~table["withheld"]]
    if "iou" in written:
        print(f"sector IoU: mean {written['iou'].mean():.3f}, lowest {written['iou'].min():.3f}")
        print(f"lit pixels of the sector lost: mean {written['lost'].mean():.2%}")
    if "seconds" in table:
        seconds, megabytes = table["seconds"].median(), table["megabytes"].max()
        print(f"processor seconds a loop: median {seconds:.2f}; peak {megabytes:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    chosen = parser.parse_args()
    rows = []
    for row in pd.read_csv(chosen.loops / "key.csv").to_dict("records"):
        with np.load(chosen.loops / "truth" / f"{row['file']}.npz") as arrays:
            truth = {name: arrays[name] for name in arrays.files}
        source = read_output(chosen.loops / "dicom", row["file"])
        rows.append(row | score_loop(read_output(chosen.output, row["file"]), source, truth))
    table = pd.DataFrame(rows)
    if (chosen.output / "times.csv").exists():
        table = table.merge(pd.read_csv(chosen.output / "times.csv"), on="file", how="left")
    table.to_csv(chosen.output / "scores.csv", index=False)
    summarise(table)


if __name__ == "__main__":
    main()
