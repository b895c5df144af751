"""What hinders the target `export` as a whole, known from the configuration alone."""

from collections import defaultdict
from itertools import product

from echoclr_core.design.grid import Grid
from echoclr_core.views.keep import kept_views


def bundle_folder(task: str, init: str) -> str:
    """Name of the folder of a bundle."""
    return f"{task}_{init}"


def export_problems(config: dict) -> list[str]:
    """Why no bundle can be written, a line each; empty if nothing hinders it.

    Asked when the target is planned: the jobs before the export take days.
    """
    found, grid = [], Grid(config)
    classes = list(kept_views(config["views"]["keep"]))
    if len(classes) > 1:
        found.append(
            "views.keep: a bundle scores videos of one class of the view classifier; this study keeps "
            f"{classes}"
        )
    pairs = defaultdict(list)
    for task, init in product(grid.export_tasks, grid.export_inits):
        pairs[bundle_folder(task, init)].append(f"task {task} with initialisation {init}")
    found += [
        f"export: {' and '.join(names)} would share the folder {folder}; rename one of them"
        for folder, names in pairs.items()
        if len(names) > 1
    ]
    return found
