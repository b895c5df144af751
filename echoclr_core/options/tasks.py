"""Options of section `tasks`: the tasks by name, and the parts of a label rule."""

from typing import Annotated, Literal, Required

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from echoclr_core.options.base import Unique, option

_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
class SexThresholds(TypedDict):
    """One threshold each for female and male."""

    female: float
    male: float


Threshold = float | SexThresholds | None
Texts = Unique[str] | None


@with_config(_STRICT)
class Condition(TypedDict, total=False):
    """One column of a rule that joins several."""

    column: Required[Annotated[str, Field(min_length=1)]]
    positive_above: Threshold
    positive_below: Threshold
    positive: Texts
    negative: Texts
    excluded: Texts


Conditions = Annotated[tuple[Condition, ...], Field(min_length=1)] | None


@with_config(_STRICT)
class TaskOptions(TypedDict, total=False):
    """One task: its title and its label rule. A key that is missing is not part of the rule."""

    title: Annotated[str, Field(min_length=1)]
    column: Annotated[str, Field(min_length=1)] | None
    unit: str
    positive_above: Threshold
    positive_below: Threshold
    positive: Texts
    negative: Texts
    excluded: Texts
    excluded_from: Literal["task", "cohort"]
    rule: str | None
    all: Conditions
    any: Conditions


# In the order of the paper, which is that of figures and tables.
DEFAULT_TASKS: dict[str, TaskOptions] = {
    "severe_as": {
        "title": "Severe AS",
        "column": "as_severity",
        "positive": ["Severe", "Severe AS", "Severe aortic stenosis", "Very severe", "Critical"],
        "negative": [
            "None",
            "No",
            "No AS",
            "No aortic stenosis",
            "Absent",
            "Normal",
            "Sclerosis",
            "Aortic sclerosis",
            "Aortic valve sclerosis",
            "Trace",
            "Trivial",
            "Minimal",
            "Mild",
            "Mild AS",
            "Mild aortic stenosis",
            "Mild to moderate",
            "Mild-moderate",
            "Moderate",
            "Moderate AS",
            "Moderate aortic stenosis",
            "Moderate to severe",
            "Moderate-severe",
        ],
        "excluded": [
            "Low gradient AS",
            "Paradoxical AS",
            "Low-flow low-gradient",
            "Low-flow low-gradient AS",
            "Low-flow low-gradient aortic stenosis",
            "Low-flow low-gradient severe AS",
            "LFLG AS",
            "Paradoxical low-flow low-gradient AS",
        ],
        "excluded_from": "cohort",
    },
    "lvh": {
        "title": "LVH",
        "column": "lv_mass_index",
        "unit": "g/m²",
        "positive_above": {"female": 95, "male": 115},
    },
}

TaskName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]

Tasks = dict[TaskName, TaskOptions]

TASKS = option(
    DEFAULT_TASKS,
    (
        "What can be predicted: name of a task to its title and label rule. finetune.tasks says "
        "which of them the study asks. A rule is a column of the label table with one of: "
        "positive_above or positive_below (strictly; one number, or one each for female and "
        "male), or positive, negative and excluded (lists of texts, compared without case and "
        "punctuation; a text in none of them stops the run). all or any joins several columns; "
        "rule names a function in echoclr_core/tasks/rules/. An empty cell is a missing label. "
        "Further tasks are added by an overlay, single keys of these two are changed there."
    ),
    changes="numbers",
    source=(
        'paper, Methods "Echocardiogram labeling" (severe against all other grades, low-flow '
        "low-gradient stenosis excluded; LVH by 95 and 115 g/m2); spellings ours"
    ),
)
