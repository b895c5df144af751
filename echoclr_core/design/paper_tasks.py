"""Which tasks of a study ask what the paper asked: only beside them its numbers may stand."""

import json
from collections.abc import Sequence
from itertools import permutations

from echoclr_core.design.tasks import label_rule, task_names
from echoclr_core.options.tasks import DEFAULT_TASKS
from echoclr_core.tasks.texts import plain_text

LISTS = ("positive", "negative", "excluded")


def paper_tasks(config: dict) -> list[str]:
    """The study's tasks whose label rule asks the paper's question.

    Texts of an archive may be added to a rule's lists, and some of the paper's left out. A list without any
    of the paper's, or one of the paper's texts in another list, is another question.
    """
    shared = [name for name in task_names(config) if name in DEFAULT_TASKS]
    return [
        name for name in shared if _same_question(_rule(config, name), _rule({"tasks": DEFAULT_TASKS}, name))
    ]


def _rule(config: dict, task: str) -> dict:
    return json.loads(label_rule(config, task))


def _same_question(mine: dict, paper: dict) -> bool:
    moved = any(_plain(mine.get(name)) & _plain(paper.get(other)) for name, other in permutations(LISTS, 2))
    kept = all(_plain(mine.get(name)) & _plain(paper[name]) for name in LISTS if paper.get(name))
    left_out = (*LISTS, *(() if paper.get("excluded") else ("excluded_from",)))
    mine, paper = (
        {key: value for key, value in rule.items() if key not in left_out and value is not None}
        for rule in (mine, paper)
    )
    return kept and not moved and mine == paper


def _plain(texts: Sequence[str] | None) -> set[str]:
    return {plain_text(text) for text in texts or ()}
