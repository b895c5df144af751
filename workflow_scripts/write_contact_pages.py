"""The contact sheet of the audited videos as HTML pages."""

import numpy as np
import pandas as pd

from echoclr_core.deidentify.review.contact_pages import write_contact_pages
from echoclr_core.deidentify.tables import AUDIT
from workflow_scripts.lib.job import job

with job(snakemake, restricted=True) as log:
    pictures = [frame for path in snakemake.input.pictures for frame in np.load(path)["frames"]]
    audit = pd.concat([AUDIT.read(path) for path in snakemake.input.tables], ignore_index=True)
    pages = write_contact_pages(audit, pictures, snakemake.output[0])
    log.info("%d audited videos on %d pages", len(audit), len(pages))
