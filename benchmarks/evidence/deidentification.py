"""How well a varied synthetic archive is deidentified: agreement with the true window, text that is left.

Every loop is written as a DICOM file, deidentified as the workflow does it, and read back from its AVI. The
true window is known because it was drawn. Text is read by OCR in three pictures of the written video: the
darkest and the brightest value of each pixel, and the middle frame.

    python benchmarks/evidence/deidentification.py --videos 2000 --workers 2 --out results.csv
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pandas as pd

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.isolation import Job, WorkerError, run_isolated
from echoclr_core.common.mask_files import read_mask
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.text.ocr import legible_text
from echoclr_core.deidentify.video_file import deidentify_video
from echoclr_core.synthetic.files.archive import write_study
from echoclr_core.synthetic.plan.cohort import StudyPlan, plan_studies, study_anatomy
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import (
    CONTRADICTING,
    CONTRADICTING_RATES,
    ENCODINGS,
    RATE_TAGS,
    SyntheticSettings,
)
from echoclr_core.synthetic.rendering.video import screen_video
from echoclr_core.synthetic.screen.screens import plain

COMMON, ALIKE = 4, 0.7
SCREENS = ((240, 320), (300, 400), (480, 640), (600, 800), (768, 1024))


def cohort(videos: int, seed: int, touching: float, inside: float, passing: float) -> SyntheticSettings:
    """Settings of an archive with at least ``videos`` loops; layouts, encodings and screens all vary."""
    return SyntheticSettings(
        seed=seed,
        development_studies=videos // 3 + 1,
        external_studies=0,
        view_studies=0,
        plax_videos=(1, 2),
        other_videos=(2, 3),
        frames=16,
        screens=SCREENS,
        encodings=(*ENCODINGS, *CONTRADICTING),
        rate_tags=(*RATE_TAGS, *CONTRADICTING_RATES),
        edge_text_share=touching,
        inside_text_share=inside,
        transient_text_share=passing,
        distractor_files=False,
    )


def measure_study(settings: SyntheticSettings, plan: StudyPlan) -> list[dict]:
    """One row a loop of a study."""
    patient, anatomy = make_patient(settings, plan.patient), study_anatomy(settings, plan)
    planted = (plain(patient.name.split("=")[0]), patient.identifier, plan.date, plan.accession)
    rows = []
    for video in plan.videos:
        drawn = screen_video(settings, plan, replace(video, frames=2), patient, anatomy)
        row = {
            "study": plan.number,
            "video": video.number,
            "view": video.view,
            "vendor_screen": plan.vendor_screen,
            "encoding": video.encoding,
            "height": plan.screen[0],
            "touching": drawn.overlay.edge_text is not None,
            "inside": drawn.overlay.inside_text is not None,
            "passing": drawn.overlay.transient is not None,
        }
        with tempfile.TemporaryDirectory() as folder:
            write_study(Path(folder) / "dicom", settings, replace(plan, videos=(video,)))
            [source] = [path for path in Path(folder, "dicom").rglob("*") if path.is_file()]
            rows.append(row | measure_file(source, Path(folder) / "out.avi", drawn.mask, planted))
    return rows


def measure_file(source: Path, target: Path, truth: np.ndarray, planted: Sequence[str]) -> dict:
    """Outcome, time, agreement with the true window, lit pixels outside, and what OCR still reads."""
    begin = time.perf_counter()
    found = deidentify_video(source, target, DeidentifySettings())
    row = {"outcome": found["outcome"], "seconds": time.perf_counter() - begin}
    if found["outcome"] != "ok":
        return row
    mask, (frames, _) = read_mask(target), read_avi(target)
    pictures = (frames.min(0), frames.max(0), frames[len(frames) // 2])
    read = {line.text for picture in pictures for line in legible_text(picture)}
    return row | {
        "iou": float((mask & truth).sum() / (mask | truth).sum()),
        "cut_lines": found["text_lines"],
        "lit_outside": int(np.count_nonzero(frames[:, ~mask])),
        "legible": len(read),
        "identifiers": sum(resembles(text, planted) for text in read),
    }


def resembles(text: str, planted: Sequence[str]) -> bool:
    """Whether a reading shares four letters or digits in a row with anything planted, or most of it."""
    read = _bare(text)
    for word in map(_bare, planted):
        matcher = SequenceMatcher(None, read, word, autojunk=False)
        if matcher.find_longest_match().size >= COMMON or matcher.ratio() >= ALIKE:
            return True
    return False


def _bare(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--videos", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--touching", type=float, default=0.15, help="share with text over the window's edge")
    parser.add_argument("--inside", type=float, default=0.05, help="share with an identity typed inside")
    parser.add_argument("--passing", type=float, default=0.0, help="share of these shown in a part alone")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path("deidentification.csv"))
    chosen = parser.parse_args()
    settings = cohort(chosen.videos, chosen.seed, chosen.touching, chosen.inside, chosen.passing)
    kept = still_good(chosen.out)
    rows: list[dict] = kept.to_dict("records")
    done = set(kept["study"]) if rows else set()
    plans = [plan for plan in plan_studies(settings) if plan.number not in done]
    if len(rows) >= chosen.videos:
        plans = []
    jobs = [Job(plan.number, (settings, plan)) for plan in plans]
    for number, state, part in run_isolated("deidentification:measure_study", jobs, workers=chosen.workers):
        if state != "done":
            raise WorkerError(f"study {number}: {state}: {part}")
        rows += part
        pd.DataFrame(rows).to_csv(chosen.out, index=False)
        if len(rows) >= chosen.videos:
            break
    summarise(pd.DataFrame(rows).sort_values(["study", "video"])[: chosen.videos])


def still_good(path: Path) -> pd.DataFrame:
    """Rows of an earlier run, but for studies of which a reading was not yet compared with what was typed."""
    if not path.exists():
        return pd.DataFrame()
    table = pd.read_csv(path)
    if "identifiers" not in table:
        table["identifiers"] = np.where(table["legible"] == 0, 0, np.nan)
    unread = table["identifiers"].isna() & (table["legible"] > 0)
    return table[~table["study"].isin(table.loc[unread, "study"])]


def summarise(table: pd.DataFrame) -> None:
    """Print what docs/deidentification_evidence.md quotes."""
    written = table[table["outcome"] == "ok"]
    plain = written[~written["touching"]]
    counts = table["outcome"].value_counts().to_dict()
    print(f"{len(table)} loops, {table['vendor_screen'].nunique()} layouts: {counts}")
    iou = plain["iou"]
    print(f"IoU without text at the edge: mean {iou.mean():.4f}, median {iou.median():.4f}, ")
    print(
        f"  1st percentile {iou.quantile(0.01):.3f}, lowest {iou.min():.3f}, below 0.9: {(iou < 0.9).sum()}"
    )
    iou = written["iou"]
    print(f"IoU of all written: mean {iou.mean():.4f}, lowest {iou.min():.3f}")
    print(f"identity typed inside: {table['inside'].sum()}, of which written {written['inside'].sum()}")
    print(f"  shown in a part alone: {table['passing'].sum()}, of which written {written['passing'].sum()}")
    print(
        f"text over the edge: {table['touching'].sum()}, lines cut out of {(written['cut_lines'] > 0).sum()}"
    )
    print(f"written with any legible reading: {(written['legible'] > 0).sum()}")
    print(f"written with a reading like what was typed: {(written['identifiers'] > 0).sum()}")
    print(f"lit pixels outside the masks: {int(written['lit_outside'].sum())}")
    print(f"quarantined without text inside: {((table['outcome'] != 'ok') & ~table['inside']).sum()}")
    print(
        f"seconds a loop: median {table['seconds'].median():.2f}, 95 % {table['seconds'].quantile(0.95):.2f}"
    )


if __name__ == "__main__":
    main()
