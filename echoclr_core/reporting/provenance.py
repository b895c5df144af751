"""The page of provenance: with what, where, when and at what cost a run was made."""

from collections.abc import Mapping, Sequence

import pandas as pd

from echoclr_core.reporting.report import DataTable, Section, Text

TOTAL = "All stages"
COSTS = (
    "From Snakemake's benchmark files, which the longer jobs write; jobs of a few seconds are not counted. A "
    "stage that was not repeated in the last run keeps the cost of the run that made it. Memory is the "
    "largest of one job."
)
DIGESTS = (
    "SHA-256 of tables with pseudonyms and of the written videos. Two runs with equal digests had equal "
    "inputs; nothing of a patient follows from them."
)


def provenance_sections(facts: Mapping) -> list[Section]:
    """The sections of the page.

    Parameters
    ----------
    facts
        ``versions``, ``machine`` and ``digests`` (name to text), ``code`` (commit, clean), ``begin`` and
        ``end`` (ISO 8601), ``configuration`` (digest), ``devices`` (what trainings ran on) and ``costs``
        (dicts with stage, jobs, hours, cpu_hours, gpu_hours, peak_gb).
    """
    return [
        Section(title="Run", blocks=[_pairs("The run", _run(facts), "What")]),
        Section(
            title="Cost by stage",
            blocks=[DataTable(frame=cost_table(facts["costs"]), title="Cost by stage", caption=COSTS)],
        ),
        Section(
            title="Software", blocks=[_pairs("Versions that the jobs used", facts["versions"], "Package")]
        ),
        Section(
            title="Hardware",
            blocks=[
                Text(rst="The machine that wrote this page; on a cluster, jobs may have run on others."),
                _pairs("Machine", facts["machine"], "Part"),
            ],
        ),
        Section(
            title="Inputs",
            blocks=[
                _pairs("Digests", facts["digests"], "Input", caption=DIGESTS),
                Text(
                    rst="The same facts for programs: ``provenance.json``, and ``ro-crate-metadata.json`` "
                    "(RO-Crate 1.1, profile Workflow Run Crate)."
                ),
            ],
        ),
    ]


def cost_table(costs: Sequence[Mapping]) -> pd.DataFrame:
    """One row a stage and a last one with the sums (of memory: the largest)."""
    rows = [dict(row) for row in costs]
    if rows:
        sums = {name: sum(row[name] for row in rows) for name in ("jobs", "hours", "cpu_hours", "gpu_hours")}
        rows.append({"stage": TOTAL, **sums, "peak_gb": max(row["peak_gb"] for row in rows)})
    return pd.DataFrame(
        [
            {
                "Stage": row["stage"],
                "Jobs": f"{row['jobs']:,}",
                "Hours": f"{row['hours']:.3f}",
                "CPU-hours": f"{row['cpu_hours']:.3f}",
                "GPU-hours": f"{row['gpu_hours']:.3f}",
                "Peak memory, GB": f"{row['peak_gb']:.2f}",
            }
            for row in rows
        ],
        columns=["Stage", "Jobs", "Hours", "CPU-hours", "GPU-hours", "Peak memory, GB"],
    )


def _run(facts: Mapping) -> dict[str, str]:
    code = facts["code"]
    state = {True: "clean", False: "with uncommitted changes", None: "no git repository"}[code["clean"]]
    return {
        "Study": facts["study"],
        "Version": facts["version"],
        "Commit": f"{code['commit'] or 'unknown'} ({state})",
        "First job began": facts["begin"],
        "Last job ended": facts["end"],
        "Trainings ran on": "; ".join(facts["devices"]) or "no training",
        "Digest of the settings": facts["configuration"],
    }


def _pairs(title: str, values: Mapping[str, str], head: str, caption: str = "") -> DataTable:
    rows = [{head: name, "Value": value} for name, value in values.items()]
    return DataTable(frame=pd.DataFrame(rows, columns=[head, "Value"]), title=title, caption=caption)
