"""Write the synthetic cohort and a key for its pseudonyms."""

import shutil
from pathlib import Path

from echoclr_core.deidentify.identifiers.secret_key import synthetic_key
from echoclr_core.synthetic.files.archive import write_archive
from echoclr_core.synthetic.files.own_folder import FILES, PARTIAL, claim, publish
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    chosen = settings(snakemake)
    folder = Path(snakemake.output.labels).parent
    claim(folder)
    # Written to a folder of its own inside and moved when it is whole.
    work = folder / PARTIAL
    shutil.rmtree(work, ignore_errors=True)
    cohort = write_archive(
        work,
        SyntheticSettings(seed=chosen.seed, **chosen.synthetic),
        workers=snakemake.threads,
    )
    # Nothing is secret here; a key that follows from the seed makes the demo the same on every machine.
    (work / FILES["key"]).write_text(synthetic_key(chosen.seed) + "\n", encoding="utf-8")
    (work / FILES["key"]).chmod(0o600)
    publish(work, folder)
    log.info("wrote %d cine loops", len(cohort))
