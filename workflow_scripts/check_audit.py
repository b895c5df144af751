"""What the audit says of the whole run, and an end to it where that is not good enough."""

import json

import pandas as pd

from echoclr_core.common.files import write_json
from echoclr_core.common.recorded import RECORD
from echoclr_core.deidentify.audit.summary import audit_summary, check_audit
from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES
from workflow_scripts.lib.job import job, settings

with job(snakemake) as log:
    audit = pd.concat([AUDIT.read(path) for path in snakemake.input.audit], ignore_index=True)
    files = pd.concat([SOURCE_FILES.read(path) for path in snakemake.input.tables], ignore_index=True)
    summary = audit_summary(audit, files)
    log.info("%s", summary)
    check_audit(summary, settings(snakemake).max_text_rate)
    write_json(snakemake.output[0], {**summary, RECORD: json.loads(snakemake.params.settings)})
