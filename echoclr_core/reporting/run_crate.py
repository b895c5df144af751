"""The metadata of a run crate: RO-Crate 1.1 with the profile Workflow Run Crate, as JSON-LD.

It lists the results that a study may share, with size and digest. Identifiers and paths of sources are not
part of it; neither is who ran it.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from echoclr_core.common.digest import file_digest

CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
WORKFLOW = "workflow.smk"
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
MEDIA = {
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".png": "image/png",
    ".pdf": "application/pdf",
    ".tex": "application/x-tex",
    ".bib": "application/x-bibtex",
}


def run_crate(facts: Mapping, folder: str | Path, results: Iterable[str]) -> dict:
    """The content of ``ro-crate-metadata.json``.

    Parameters
    ----------
    facts
        As for :func:`~echoclr_core.reporting.provenance.provenance_sections`.
    folder
        The crate's root; ``workflow.smk`` lies in it.
    results
        Paths of the results relative to ``folder``, with /.

    Raises
    ------
    FileNotFoundError
        A file that is to be listed does not exist.
    """
    folder = Path(folder)
    files = [_file(folder, path) for path in sorted(results)]
    inputs = [
        {"@id": f"#input-{place}", "@type": "PropertyValue", "name": name, "value": value}
        for place, (name, value) in enumerate(facts["digests"].items(), start=1)
    ]
    settings = {"@id": "#settings", "@type": "PropertyValue", "name": "Digest of the settings"}
    settings["value"] = facts["configuration"]
    graph = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "about": _reference("./"),
            "conformsTo": [
                _reference("https://w3id.org/ro/crate/1.1"),
                _reference("https://w3id.org/workflowhub/workflow-ro-crate/1.0"),
            ],
        },
        _root(facts, files),
        {**_file(folder, WORKFLOW), **_workflow(facts)},
        _action(facts, [*inputs, settings], files),
        *inputs,
        settings,
        *files,
        *_software(facts),
        {
            "@id": SNAKEMAKE,
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "url": "https://snakemake.github.io",
        },
        *({"@id": url, "@type": "CreativeWork", "name": name} for url, name in PROFILES.items()),
    ]
    return {"@context": CONTEXT, "@graph": graph}


def _action(facts: Mapping, used: list[dict], files: list[dict]) -> dict:
    """The run itself: what it used and what it gave."""
    times = {name: facts[key] for name, key in (("startTime", "begin"), ("endTime", "end")) if facts[key]}
    return {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of the study {facts['study']}",
        "instrument": _reference(WORKFLOW),
        "object": [_reference(one["@id"]) for one in used],
        "result": [_reference(one["@id"]) for one in files],
        "actionStatus": "http://schema.org/CompletedActionStatus",
        **times,
    }


def _root(facts: Mapping, files: list[dict]) -> dict:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"EchoCLR study: {facts['study']}",
        "description": "Results of one run of the EchoCLR workflow on deidentified echocardiograms.",
        "datePublished": facts["end"][:10],
        "license": "Not released: the results are the study's own.",
        "conformsTo": [_reference(url) for url in PROFILES],
        "mainEntity": _reference(WORKFLOW),
        "mentions": _reference("#run"),
        "hasPart": [_reference(one["@id"]) for one in (*files, {"@id": WORKFLOW})],
    }


def _workflow(facts: Mapping) -> dict:
    code = facts["code"]
    version = f"{facts['version']}, commit {code['commit']}" if code["commit"] else facts["version"]
    return {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "The EchoCLR study as a Snakemake workflow",
        "version": version if code["clean"] is not False else f"{version}, with uncommitted changes",
        "programmingLanguage": _reference(SNAKEMAKE),
        "softwareRequirements": [_reference(f"#package-{name}") for name in facts["versions"]],
    }


def _software(facts: Mapping) -> list[dict]:
    return [
        {"@id": f"#package-{name}", "@type": "SoftwareApplication", "name": name, "softwareVersion": version}
        for name, version in facts["versions"].items()
    ]


def _file(folder: Path, path: str) -> dict:
    place = folder / path
    entity = {"@id": path, "@type": "File", "name": path, "contentSize": str(place.stat().st_size)}
    if place.suffix in MEDIA:
        entity["encodingFormat"] = MEDIA[place.suffix]
    return entity | {"sha256": file_digest(place)}


def _reference(identifier: str) -> dict[str, str]:
    return {"@id": identifier}
