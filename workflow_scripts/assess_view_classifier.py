"""How good the trained view classifier is on the videos of patients that it has not seen."""

import json
from pathlib import Path

from echoclr_core.common.files import write_json
from echoclr_core.views.assessment import assess_training
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    record = json.loads(Path(snakemake.input[0]).read_text(encoding="utf-8"))
    write_json(snakemake.output[0], assess_training(record))
