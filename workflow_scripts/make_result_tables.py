"""Tables S2 (LVH) and S3 (severe AS) in the paper's layout."""

from echoclr_core.evaluate.schema import COMPARISONS, METRICS
from echoclr_core.reporting.performance import performance_caption, performance_table, reference_of
from echoclr_core.reporting.published import published_metrics
from echoclr_core.reporting.style import own_initialisations
from echoclr_core.reporting.tables import write_table
from workflow_scripts.lib.job import job

with job(snakemake) as log, own_initialisations(snakemake.params.init_titles):
    metrics = METRICS.read(snakemake.input.metrics)
    comparisons = COMPARISONS.read(snakemake.input.comparisons)
    published = published_metrics(**snakemake.params.published) if snakemake.params.published else None
    for (task, title), path in zip(snakemake.params.titles, snakemake.output[::3], strict=True):
        table = performance_table(metrics, comparisons, task, published=published)
        caption = performance_caption(metrics, task, title=title, reference=reference_of(comparisons, task))
        write_table(table, path.removesuffix(".csv"), caption=caption)
