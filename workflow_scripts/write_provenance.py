"""Write with what, where, when and at what cost the study was made: a page, JSON, and a run crate."""

import json
import shutil
from pathlib import Path

import pandas as pd

from echoclr_core.common.digest import digest, file_digest
from echoclr_core.common.files import atomic_path, write_json
from echoclr_core.common.machine import commit, machine
from echoclr_core.reporting.provenance import provenance_sections
from echoclr_core.reporting.report import build_report
from echoclr_core.reporting.run_crate import run_crate
from echoclr_core.version import __version__
from workflow_scripts.lib import run_facts
from workflow_scripts.lib.job import job

ROOT = Path(__file__).resolve().parents[1]
# Listed in the crate: results without rows of single studies or videos.
SHARED = (
    "*.html",
    "manuscript.md",
    "references.bib",
    "checklist.*",
    "settings.json",
    "evaluation/*",
    "figures/*",
)
SHARED += ("cohort/table*", "cohort/flow.parquet")
NOT_SHARED = ("evaluation/failures.parquet", "provenance.html")


def input_digests(files) -> dict[str, str]:
    """Digest of each input table, and one of all written videos in the order of their digests."""
    videos = pd.concat([pd.read_parquet(path, columns=["sha256"]) for path in files["files"]])
    return {
        **{name: file_digest(files[name]) for name in ("labels", "studies", "videos", "split")},
        "written videos": digest(sorted(videos["sha256"].dropna())),
    }


def shared_results(folder: Path) -> list[str]:
    """Paths below ``folder`` of the results that the crate lists."""
    paths = {
        path.relative_to(folder).as_posix() for glob in SHARED for path in folder.glob(glob) if path.is_file()
    }
    return sorted(paths - set(NOT_SHARED))


with job(snakemake) as log:
    files = dict(snakemake.input.items())
    settings = json.loads(Path(files["settings"]).read_text(encoding="utf-8"))
    folder = Path(files["report"]).parent
    begin, end = run_facts.begin_and_end(folder)
    computed = [json.loads(Path(path).read_text(encoding="utf-8"))["compute"] for path in files["runs"]]
    facts = {
        "study": settings["study"]["name"],
        "version": __version__,
        "code": commit(ROOT),
        "begin": begin,
        "end": end,
        "configuration": digest(settings),
        "devices": sorted({f"{one['device']} in {one['precision']} ({one['reason']})" for one in computed}),
        "versions": run_facts.versions(folder),
        "machine": machine(),
        "costs": run_facts.costs(folder, run_facts.stages(ROOT / "rules")),
        "digests": input_digests(files),
    }
    with atomic_path(snakemake.output.workflow) as path:
        shutil.copyfile(ROOT / "Snakefile", path)
    build_report(
        snakemake.output.page,
        title=f"Provenance of {facts['study']}",
        lead="With what, where, when and at what cost the results were made. The results themselves are in "
        "`report.html <report.html>`__.",
        sections=provenance_sections(facts),
        footer=f"echoclr-workflow {__version__}.",
    )
    write_json(snakemake.output.facts, facts)
    write_json(snakemake.output.crate, run_crate(facts, folder, shared_results(folder)))
