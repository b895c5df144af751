"""How well the demo's view classifier finds PLAX: every decision of a finished `make demo` against the truth.

The studies whose videos taught the classifier are left out, so each video counted here is of a patient that
it has not seen. The truth is the synthetic cohort's own table, which no stage reads.

    python benchmarks/evidence/demo_views.py [results/demo] [demo_data/truth.parquet]
"""

import argparse
from pathlib import Path

import pandas as pd

WANTED = 0.97  # precision and recall of PLAX


def decisions_and_truth(study: Path, truth: Path) -> pd.DataFrame:
    """Columns view (decided), true, kept of the videos whose study taught nothing."""
    decisions = pd.concat(pd.read_parquet(path) for path in sorted((study / "views").glob("[0-9]*.parquet")))
    taught = pd.read_parquet(study / "views" / "labels.parquet")["study_id"]
    crosswalk = pd.read_parquet(study / "restricted" / "crosswalk.parquet")[["sop_uid", "video_id"]]
    known = pd.read_parquet(truth)[["sop_uid", "view"]].rename(columns={"view": "true"})
    joined = decisions.merge(crosswalk, on="video_id").merge(known, on="sop_uid")
    return joined.loc[~joined["study_id"].isin(taught), ["view", "true", "kept", "margin"]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", nargs="?", type=Path, default=Path("results/demo"))
    parser.add_argument("truth", nargs="?", type=Path, default=Path("demo_data/truth.parquet"))
    options = parser.parse_args()
    if not options.truth.exists() or not (options.study / "views").is_dir():
        print(f"no {options.study} or no {options.truth}: this needs a finished `make demo`")
        return
    table = decisions_and_truth(options.study, options.truth)
    plax, kept = table["true"] == "plax", table["kept"].astype(bool)
    print(f"{len(table)} videos of studies that taught nothing, {plax.sum()} of them PLAX")
    for name, hits, total in (("precision", kept & plax, kept), ("recall", kept & plax, plax)):
        print(f"PLAX {name:9} {hits.sum() / total.sum():.3f} ({hits.sum()}/{total.sum()}), wanted {WANTED}")
    print(f"all views: {(table['view'] == table['true']).mean():.3f} decided rightly")
    print(f"smallest margin of a kept video: {table.loc[kept, 'margin'].min():.2f}")
    print(pd.crosstab(table["true"], table["view"]).to_string())


if __name__ == "__main__":
    main()
