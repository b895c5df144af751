"""Write the synthetic cohort and a key for its pseudonyms."""

import hashlib
import shutil
from pathlib import Path

from echoclr_core.synthetic import SyntheticSettings, write_archive
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    chosen = settings(snakemake)
    # Written beside its place and moved when it is whole.
    place = Path(snakemake.output.labels).parent
    work = place.with_name(f".{place.name}.partial")
    shutil.rmtree(work, ignore_errors=True)
    cohort = write_archive(
        work,
        SyntheticSettings(seed=chosen.seed, **chosen.synthetic),
        workers=snakemake.threads,
    )
    for name in ("dicom", "labels", "views", "truth", "frames", "odd"):
        target = Path(snakemake.output[name])
        shutil.move(work / target.name, target)
    shutil.rmtree(work)
    # Nothing is secret here; a key that follows from the seed makes the demo the same on every machine.
    key = hashlib.sha256(f"synthetic cohort {chosen.seed}".encode()).hexdigest()
    Path(snakemake.output.key).write_text(key + "\n", encoding="utf-8")
    Path(snakemake.output.key).chmod(0o600)
    log.info("wrote %d cine loops", len(cohort))
