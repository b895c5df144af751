"""The run crate hangs together, and the page says what the facts say."""

import pytest

from echoclr_core.common.digest import file_digest
from echoclr_core.reporting.provenance import provenance_sections
from echoclr_core.reporting.run_crate import PROFILES, run_crate

FACTS = {
    "study": "demo",
    "version": "0.1.0",
    "code": {"commit": "a" * 40, "clean": False},
    "begin": "2026-01-01T10:00:00",
    "end": "2026-01-02T11:00:00",
    "configuration": "f" * 64,
    "devices": ["cuda in bf16 (GPU)"],
    "versions": {"python": "3.11.7", "torch": "2.14.1"},
    "machine": {"processor": "X", "gpu": "H200, driver 570"},
    "costs": [],
    "digests": {"labels": "1" * 64, "written videos": "2" * 64},
}


@pytest.fixture
def folder(tmp_path):
    for name in ("report.html", "evaluation/metrics.parquet", "workflow.smk"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def references(value):
    """Every {"@id": ...} that stands for something else."""
    if isinstance(value, dict) and set(value) == {"@id"}:
        yield value["@id"]
    elif isinstance(value, dict):
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_the_crate_is_complete(folder):
    crate = run_crate(FACTS, folder, ["report.html", "evaluation/metrics.parquet"])
    graph = {one["@id"]: one for one in crate["@graph"]}
    assert len(graph) == len(crate["@graph"])
    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    outside = {"https://w3id.org/ro/crate/1.1"}
    assert {name for one in graph.values() for name in references(one)} - set(graph) == outside
    for one in graph.values():
        if "File" in one["@type"]:
            assert one["sha256"] == file_digest(folder / one["@id"])
    action = graph[graph["./"]["mentions"]["@id"]]
    assert action["@type"] == "CreateAction"
    assert action["instrument"] == graph["./"]["mainEntity"] == {"@id": "workflow.smk"}
    assert [one["@id"] for one in action["result"]] == ["evaluation/metrics.parquet", "report.html"]
    assert {one["@id"] for one in graph["./"]["conformsTo"]} == set(PROFILES)
    assert "uncommitted changes" in graph["workflow.smk"]["version"]


def test_a_result_that_is_not_there_is_refused(folder):
    with pytest.raises(FileNotFoundError, match="lost"):
        run_crate(FACTS, folder, ["lost.csv"])


@pytest.mark.parametrize(
    ("clean", "words"), [(True, "(clean)"), (False, "(with uncommitted"), (None, "(no git")]
)
def test_the_page_names_the_state_of_the_code(clean, words):
    facts = FACTS | {"code": {"commit": "a" * 40, "clean": clean}}
    sections = provenance_sections(facts)
    run = sections[0].blocks[0].frame.set_index("What")["Value"]
    assert words in run["Commit"]
    assert run["Trainings ran on"] == "cuda in bf16 (GPU)"
    titles = [section.title for section in sections]
    assert titles == ["Run", "Cost by stage", "Software", "Hardware", "Inputs"]
