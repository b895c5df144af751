"""ROC, precision–recall and decision curves, calibration and subgroups of the models with the most labels."""

from pathlib import Path

from echoclr_core.evaluate.schema import EVALUATION, TECHNICAL_CHARACTERISTICS
from echoclr_core.reporting.curves import decision_figure, ranking_figure
from echoclr_core.reporting.exhibits import figure_name
from echoclr_core.reporting.pages import page_of
from echoclr_core.reporting.reliability import recalibration_figure, reliability_figure
from echoclr_core.reporting.style import own_initialisations, save_figure
from echoclr_core.reporting.subgroups import subgroup_figure
from workflow_scripts.lib.job import job

with job(snakemake) as log, own_initialisations(snakemake.params.init_titles):
    all_titles = dict(snakemake.params.titles)
    inits = snakemake.params.inits
    tables = {
        name: EVALUATION[schema].read(snakemake.input[name])
        for name, schema in (
            ("curve", "calibration_curve"),
            ("recalibrated", "recalibrated_curve"),
            ("curves", "curves"),
            ("decision", "decision_curves"),
            ("points", "operating_points"),
            ("subgroups", "subgroups"),
        )
    }
    of_machine = tables["subgroups"]["characteristic"].isin(TECHNICAL_CHARACTERISTICS)
    personal, technical = tables["subgroups"][~of_machine], tables["subgroups"][of_machine]
    points, least = tables["points"], snakemake.params.least_cell
    draw = {
        "roc": lambda titles: ranking_figure(tables["curves"], "roc", inits, titles=titles, points=points),
        "precision_recall": lambda titles: ranking_figure(
            tables["curves"], "precision_recall", inits, titles=titles
        ),
        "decision_curves": lambda titles: decision_figure(tables["decision"], inits, titles=titles),
        "calibration": lambda titles: reliability_figure(tables["curve"], inits, titles=titles),
        "recalibration": lambda titles: recalibration_figure(tables["recalibrated"], inits, titles=titles),
        "subgroups": lambda titles: subgroup_figure(personal, inits, titles=titles, least_cell=least),
        "technical_subgroups": lambda titles: subgroup_figure(
            technical, inits[-1:], titles=titles, least_cell=least
        ),
    }
    for name, figure in draw.items():
        for path in snakemake.output[name]:
            if path.endswith(".png"):
                titles = page_of(all_titles, figure_name(Path(path).stem)[1])
                save_figure(figure(titles), path.removesuffix(".png"))
