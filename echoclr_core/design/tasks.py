"""The tasks of a study from its configuration: label rules, columns that they read, problems."""

import json
from difflib import get_close_matches

from echoclr_core.tasks.registered import registered_rule
from echoclr_core.tasks.task import Task, make_task

# Columns of cohort/labels.parquet that a rule may read by these names.
OWN_COLUMNS = ("as_severity", "lv_mass_index", "sex", "study_year", "wall_thickness")


def task_names(config: dict) -> list[str]:
    """The tasks that the study asks, in the order in which they are defined: that of figures and tables."""
    return [name for name in config["tasks"] if name in config["finetune"]["tasks"]]


def task_titles(config: dict) -> list[list[str]]:
    """[task, title] of each."""
    return [[name, config["tasks"][name].get("title") or name] for name in task_names(config)]


def task_units(config: dict) -> list[list[str]]:
    """[task, unit] of each task whose column has one."""
    units = {name: config["tasks"][name].get("unit") for name in task_names(config)}
    return [[name, unit] for name, unit in units.items() if unit]


def task_rules(config: dict) -> str:
    """The label rules of the study's tasks as JSON; titles are left out, since they change no label."""
    rules = {name: _rule(config["tasks"][name]) for name in task_names(config)}
    return json.dumps(rules, sort_keys=True, ensure_ascii=False)


def label_rule(config: dict, task: str) -> str:
    """The label rule of one task as :func:`task_rules` has it."""
    return json.dumps(_rule(config["tasks"][task]), sort_keys=True, ensure_ascii=False)


def _rule(values: dict) -> dict:
    return {key: value for key, value in values.items() if key not in ("title", "unit")}


def tasks_of(rules: str) -> list[Task]:
    """The tasks of :func:`task_rules`."""
    return [make_task(name, values) for name, values in json.loads(rules).items()]


def study_tasks(config: dict) -> list[Task]:
    """The tasks of the study with their titles."""
    return [make_task(name, config["tasks"][name]) for name in task_names(config)]


def with_task_columns(config: dict) -> dict:
    """The configuration with the columns that the tasks read among ``input.extra_columns``.

    A rule may name a column as the user's table does or as the cohort's tables do: the first is replaced by
    the second where there is one.
    """
    own = {column: name for name, column in config["input"]["columns"].items() if column}
    tasks = {name: _renamed(values, own) for name, values in config["tasks"].items()}
    config = {**config, "tasks": tasks}
    extra = list(config["input"]["extra_columns"])
    for task in study_tasks(config):
        extra += [name for name in task.columns() if name not in (*OWN_COLUMNS, *extra)]
    return {**config, "input": {**config["input"], "extra_columns": extra}}


def task_problems(config: dict) -> list[str]:
    """What is wrong with ``tasks`` and with the lists that name tasks."""
    found, known = [], list(config["tasks"])
    for key in ("finetune.tasks", "explain.tasks"):
        section, name = key.split(".")
        for task in config[section][name]:
            if task not in known:
                near = get_close_matches(task, known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                found.append(f"{key}: {task} is not defined under tasks; there are {known}{hint}")
            elif task not in config["finetune"]["tasks"]:
                found.append(f"{key}: {task} is not in finetune.tasks {config['finetune']['tasks']}")
    for name in task_names(config):
        try:
            task = make_task(name, config["tasks"][name])
            if task.rule:
                registered_rule(task.rule)
        except ValueError as error:
            found.append(f"tasks.{name}: {error}")
            continue
        if name in task.columns():
            found.append(
                f"tasks.{name}: reads a column of its own name; call the task or the column otherwise"
            )
    return found


def _renamed(values: dict, own: dict[str, str]) -> dict:
    parts = {key: [_renamed(part, own) for part in values[key]] for key in ("all", "any") if values.get(key)}
    column = values.get("column")
    return {**values, **parts, **({"column": own.get(column, column)} if column else {})}
