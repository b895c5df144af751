"""Write what follows from a definition: the schema of the configuration, config.yaml, docs/configuration.md
and docs/tables.md.

The first three come from echoclr_core/options/, the last from the schemas beside the tables' writers. The
schema is a file, so that reading the rules needs no pydantic.

Usage: python config/render.py [--check]. With --check nothing is written, and the exit code is 1 when one of
the files is not what its definition gives.
"""

import json
import sys
import textwrap
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "config" / "schema" / "config.schema.json"

HEAD = """\
# The study of the paper (Holste et al., EchoCLR, Communications Medicine 2024): every number is the paper's
# unless its comment says otherwise. Fill the keys marked REQUIRED and run `snakemake --cores all`.
# Written from echoclr_core/options/ by `make config`; put your own values into an overlay and
# name it last: snakemake --cores all --configfile config.yaml mine.yaml
"""

PAGE = """\
# Configuration

Every key of `config.yaml`, written from `echoclr_core/options/` by `make config`. Unknown keys and
values that are not allowed stop the run before any job, all of them listed at once.

An overlay changes single keys: `snakemake --configfile config.yaml mine.yaml`. Keys merge at any depth, lists
are replaced whole.

*Changes* says what a new value starts again: **numbers** (data, models or predictions from this stage on),
**output** (the audit, evaluation, saliency, figures or tables alone) or **nothing**. A training that was
finished before with the same settings, data, weights and code is put back in seconds from
`results/<study>/state/finished/`, so that a plan may list trainings that take no time; that folder may be
removed at any time.
"""


TABLES_HEAD = """\
# Tables

Every table below `results/<study>/` is Parquet with one schema, checked when it is written and when it is
read. Written from the schemas by `make config`.
"""


def main(check: bool) -> int:
    """Write the files, or compare them."""
    from echoclr_core.options.schema import configuration_schema

    text = json.dumps(configuration_schema(), indent=1, ensure_ascii=False) + "\n"
    schema = json.loads(text)
    wanted = {
        SCHEMA: text,
        ROOT / "config.yaml": HEAD + "\n".join(_yaml(schema, 0)) + "\n",
        ROOT / "docs" / "configuration.md": PAGE + "\n".join(_sections(schema)) + "\n",
        ROOT / "docs" / "tables.md": TABLES_HEAD + "\n".join(_tables()) + "\n",
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is not what its definition gives: run `make config`")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text := wanted[path], encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)} ({len(text.splitlines())} lines)")
    return int(check and bool(stale))


def _yaml(part: dict, depth: int):
    pad = "  " * depth
    for name, key in part["properties"].items():
        if depth == 0:
            yield ""
        yield from textwrap.wrap(_remark(key), 108, initial_indent=f"{pad}# ", subsequent_indent=f"{pad}#   ")
        if key.get("x-free"):
            yield textwrap.indent(_block({name: key["default"]}), pad)
        elif key.get("type") == "object":
            yield f"{pad}{name}:"
            yield from _yaml(key, depth + 1)
        else:
            yield f"{pad}{name}: {json.dumps(key['default'], ensure_ascii=False)}"


def _block(value: dict) -> str:
    """A mapping as YAML, lists in one line."""
    return yaml.safe_dump(
        value, allow_unicode=True, sort_keys=False, width=100, default_flow_style=None
    ).rstrip()


def _remark(key: dict) -> str:
    text = ("REQUIRED. " if key.get("x-required") else "") + key["description"]
    facts = []
    if "x-unit" in key:
        facts.append(key["x-unit"])
    if "enum" in key:
        facts.append(" | ".join(map(_word, key["enum"])))
    if "enum" in key.get("items", {}):
        facts.append("any of " + ", ".join(map(str, key["items"]["enum"])))
    if "x-source" in key:
        facts.append(f"source: {key['x-source']}")
    return f"{text} [{'; '.join(facts)}]" if facts else text


def _word(value) -> str:
    return "null" if value is None else str(value)


def _sections(schema: dict, above: str = ""):
    for name, key in schema["properties"].items():
        if key.get("type") != "object":
            continue
        path = f"{above}{name}"
        if key.get("x-free"):
            default = f"```yaml\n{_block(key['default'])}\n```"
            yield f"\n## {path}\n\n{key['description']} Source: {key['x-source']}.\n\n{default}"
            continue
        yield f"\n## {path}\n\n{key['description']}\n"
        yield "| key | default | allowed | unit | changes | meaning | source |"
        yield "|---|---|---|---|---|---|---|"
        for leaf, value in key["properties"].items():
            if value.get("type") != "object":
                default = json.dumps(value["default"], ensure_ascii=False)
                cells = [f"`{leaf}`", f"`{default}`", _range(value), value.get("x-unit", "")]
                cells += [value["x-changes"]]
                cells += [_remark_text(value), value.get("x-source", "")]
                yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        yield from _sections(key, f"{path}.")


def _tables():
    from echoclr_core.cohort.flow import FLOW
    from echoclr_core.cohort.label_tables import LABELS
    from echoclr_core.cohort.tables import COHORT_STUDIES, COHORT_VIDEOS, SUBSETS
    from echoclr_core.cohort.unmatched import UNMATCHED
    from echoclr_core.deidentify.dicom_output.shard import DICOM_FILES
    from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE
    from echoclr_core.deidentify.identifiers.shifted_dates import SHIFTED_DATES
    from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES
    from echoclr_core.evaluate.failures import FAILURE_CAUSES, FAILURES
    from echoclr_core.evaluate.repeats import REPEAT_TABLES
    from echoclr_core.evaluate.robustness_tables import PERTURBED, ROBUSTNESS
    from echoclr_core.evaluate.schema import EVALUATION
    from echoclr_core.evaluate.technical import TECHNICAL
    from echoclr_core.explain.regions import LANDMARKS
    from echoclr_core.finetune import tables as finetune
    from echoclr_core.predict.tables import PATIENT_FILES, PATIENT_PREDICTIONS, PATIENT_VIDEOS
    from echoclr_core.pretrain import tables as pretrain
    from echoclr_core.synthetic.files.truth import TRUTH
    from echoclr_core.video.tables import CLIP_INDEX, MASKED_VIDEOS, RESAMPLED_INDEX
    from echoclr_core.views.tables import PROVIDED_VIEWS, VIEW_DECISIONS, VIEW_LABELS

    cell = "<task>/<init>/<ratio>/<draw>"
    tables = {
        "restricted/catalog/<shard>.parquet, restricted/crosswalk.parquet": RESTRICTED_CATALOGUE,
        "deidentified/<shard>.parquet": SOURCE_FILES,
        "deidentified/audit/<shard>.parquet": AUDIT,
        "deidentified/dates.parquet": SHIFTED_DATES,
        "dicom/<shard>.parquet": DICOM_FILES,
        "views/labels.parquet": VIEW_LABELS,
        "views/provided/<shard>.parquet": PROVIDED_VIEWS,
        "views/<shard>.parquet": VIEW_DECISIONS,
        "masked/<shard>.parquet": MASKED_VIDEOS,
        "clips/<shard>.parquet": CLIP_INDEX,
        "clips/<shard>.parquet with clip.frame_rate": RESAMPLED_INDEX,
        "cohort/labels.parquet": LABELS,
        "cohort/studies.parquet": COHORT_STUDIES,
        "cohort/videos.parquet": COHORT_VIDEOS,
        "cohort/flow.parquet": FLOW,
        "cohort/unmatched.parquet": UNMATCHED,
        "cohort/subsets.parquet": SUBSETS,
        "cohort/technical.parquet": TECHNICAL,
        "pretrain/<method>/history.parquet": pretrain.HISTORY,
        f"finetune/{cell}/<lr>/history.parquet": finetune.HISTORY,
        f"predictions/{cell}/<cohort>.parquet": finetune.PREDICTIONS,
        **{f"evaluation/{name}.parquet": table for name, table in EVALUATION.items()},
        "evaluation/failures.parquet": FAILURES,
        "evaluation/failure_causes.parquet": FAILURE_CAUSES,
        **{
            f"evaluation/{name}.parquet (several draws or pretrainings)": table
            for name, table in REPEAT_TABLES.items()
        },
        "robustness/<task>.parquet (target perturb)": PERTURBED,
        "evaluation/robustness.parquet (target perturb)": ROBUSTNESS,
        "predictions.parquet of new patients": PATIENT_PREDICTIONS,
        "files.parquet of new patients": PATIENT_FILES,
        "videos.parquet of new patients": PATIENT_VIDEOS,
        "explain/landmarks.parquet (synthetic cohorts only)": LANDMARKS,
        "truth.parquet of the synthetic cohort (beside its labels; no stage reads it)": TRUTH,
    }
    for place, table in tables.items():
        yield f"\n## {place}\n"
        yield "| column | kind | meaning |"
        yield "|---|---|---|"
        for name, kind, description in table.describe():
            yield f"| `{name}` | {kind} | {description} |".replace("\n", " ")


def _remark_text(value: dict) -> str:
    return ("**Required.** " if value.get("x-required") else "") + value["description"]


def _range(value: dict) -> str:
    if "enum" in value:
        return ", ".join(map(_word, value["enum"]))
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {value[name]}" for name, sign in signs.items() if name in value]
    kinds = value.get("type", "list")
    kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
    items = ", ".join(map(str, value.get("items", {}).get("enum", [])))
    return " ".join([kind, *limits]) + (f" of {items}" if items else "")


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
