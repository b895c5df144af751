"""Confusion matrix and calibration of the view classifier."""

import json
from pathlib import Path

import numpy as np

from echoclr_core.reporting.style import save_figure
from echoclr_core.reporting.views import calibration_figure, confusion_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log:
    report = json.loads(Path(snakemake.input[0]).read_text(encoding="utf-8"))
    figure = confusion_figure(np.array(report["confusion"]), report["classes"])
    save_figure(figure, snakemake.output.confusion[0].removesuffix(".png"))
    figure = calibration_figure(report["calibration"], report["expected_calibration_error"])
    save_figure(figure, snakemake.output.calibration[0].removesuffix(".png"))
