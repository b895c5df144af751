"""What mask.mm_per_pixel does to the size of a wall: the septum of each PLAX video of a finished `make demo`,
in pixels of the masked frame, against its thickness in centimetres.

The thickness is that drawn at the video's most relaxed frame, as the scan plane cuts it, from the synthetic
cohort's own truth, which no stage reads; the depth of the picture varies from video to video.

    python benchmarks/evidence/wall_scale.py [demo_data] [--size 112] [--mm-per-pixel 1.5]
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from echoclr_core.evaluate.metrics import auroc
from echoclr_core.options.mask import MaskOptions


def walls(folder: Path, size: int, mm_per_pixel: float) -> pd.DataFrame:
    """Each PLAX video: septum_cm (the heart's), drawn_cm (as cut), its pixels fitted and at one scale."""
    truth = pd.read_parquet(folder / "truth.parquet")
    frames = pd.read_parquet(folder / "truth_frames.parquet").sort_values("contraction")
    drawn = frames.drop_duplicates("sop_uid")[["sop_uid", "septum_cm"]]
    rows = truth[truth["view"] == "plax"].merge(drawn.rename(columns={"septum_cm": "drawn_cm"}), on="sop_uid")
    return rows.assign(
        fitted_px=rows["drawn_cm"] * rows["px_per_cm"] * size / rows["height"],
        scaled_px=rows["drawn_cm"] * 10 / mm_per_pixel,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("demo_data"))
    parser.add_argument("--size", type=int, default=MaskOptions().size)
    parser.add_argument("--mm-per-pixel", type=float, default=1.5)
    chosen = parser.parse_args()
    if not (chosen.folder / "truth.parquet").exists():
        print(f"no truth.parquet in {chosen.folder}: this needs a finished `make demo`")
        return
    table = walls(chosen.folder, chosen.size, chosen.mm_per_pixel)
    depth = (table["far_px"] - table["near_px"]) / table["px_per_cm"]
    thick = (table["septum_cm"] > table["septum_cm"].median()).to_numpy()
    print(
        f"{len(table)} videos; depth {depth.min():.1f} to {depth.max():.1f} cm, "
        f"septum {table['septum_cm'].min():.2f} to {table['septum_cm'].max():.2f} cm"
    )
    for name in ("fitted_px", "scaled_px"):
        r = np.corrcoef(table[name], table["septum_cm"])[0, 1]
        spread = (table[name] / table["septum_cm"]).std() / (table[name] / table["septum_cm"]).mean()
        print(
            f"{name}: correlation with the septum in cm {r:.3f}; pixels a centimetre vary by {spread:.1%}; "
            f"AUROC for a septum above the median {auroc(thick, table[name].to_numpy()):.3f}"
        )


if __name__ == "__main__":
    main()
