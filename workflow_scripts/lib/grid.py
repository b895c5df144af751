"""The grid of the study: task x initialisation x label ratio x draw x learning rate, as plain names."""

import json
from dataclasses import dataclass, field
from functools import partial
from itertools import product

from workflow_scripts.lib.study_tasks import task_names, task_titles

SSL = ("simclr", "mi_simclr", "echoclr")
COHORTS = ("internal", "external")
SCORED = (*COHORTS, "validation")


def ratio_label(ratio: float) -> str:
    """The ratio as it stands in paths: 0.01, 0.25, 1."""
    return f"{float(ratio):g}"


@dataclass(frozen=True)
class Grid:
    """The jobs of the fine-tuning stage.

    Parameters
    ----------
    config
        The resolved configuration.
    """

    config: dict = field(repr=False)

    @property
    def tasks(self) -> list[str]:
        """The tasks of the study, in the order in which they are defined: that of figures and tables."""
        return task_names(self.config)

    @property
    def titles(self) -> list[list[str]]:
        """[task, title] of each task."""
        return task_titles(self.config)

    @property
    def methods(self) -> list[str]:
        """Pretraining methods that something needs: those asked for, and those fine-tuned from."""
        wanted = {*self.config["pretrain"]["methods"], *(init for init in self.inits if init in SSL)}
        return [method for method in SSL if method in wanted]

    @property
    def inits(self) -> list[str]:
        return self.config["finetune"]["initialisations"]

    @property
    def explained(self) -> list[str]:
        """The initialisations of the saliency figure: the reference, and the one beside it if another."""
        return list(dict.fromkeys([self.config["explain"]["reference"], self.config["explain"]["model"]]))

    @property
    def ratios(self) -> list[str]:
        return [ratio_label(ratio) for ratio in sorted(self.config["finetune"]["ratios"])]

    @property
    def seeds(self) -> int:
        """How often every method is pretrained."""
        return self.config["pretrain"]["seeds"]

    @property
    def draws(self) -> list[str]:
        """Numbers of the repeats: every draw of the labels with every pretraining."""
        return [str(draw) for draw in range(self.config["finetune"]["draws"] * self.seeds)]

    def pretrained(self) -> list[str]:
        """Folders of the encoders: <method> of the first pretraining, <method>_seed1 of the next."""
        return [method + again(number) for number in range(self.seeds) for method in self.methods]

    def pretraining_of(self, draw: str) -> int:
        """Number of the pretraining that repeat ``draw`` starts from.

        With two pretrainings, repeats 0 and 1 share the first draw of the labels, 2 and 3 the second.
        """
        return int(draw) % self.seeds

    def label_draw_of(self, draw: str) -> int:
        """Number of the draw of the labels that repeat ``draw`` uses."""
        return int(draw) // self.seeds

    def rates(self, init: str, ratio: str) -> list[str]:
        """Learning rates of one initialisation at one ratio, as text (paper, fine-tuning)."""
        kind = "ssl" if init in SSL else "supervised"
        few = float(ratio) <= self.config["finetune"]["low_label_threshold"] + 1e-9
        return [str(rate) for rate in self.config["finetune"]["learning_rates"][kind + "_few" * few]]

    def selections(self) -> list[dict[str, str]]:
        """One dict of wildcards a selected model."""
        return [
            {"task": task, "init": init, "ratio": ratio, "draw": draw}
            for task, init, ratio, draw in product(self.tasks, self.inits, self.ratios, self.draws)
        ]

    def runs(self) -> list[dict[str, str]]:
        """One dict of wildcards a fine-tuning job."""
        return [
            {**cell, "lr": rate}
            for cell in self.selections()
            for rate in self.rates(cell["init"], cell["ratio"])
        ]


def again(number: int) -> str:
    """What a further pretraining adds to its folder's name; nothing for the first."""
    return f"_seed{number}" if number else ""


def sections(config: dict):
    """A function that gives parts of ``config``, see :func:`section`."""
    return partial(section, config)


def section(config: dict, *paths: str, leave_out: tuple[str, ...] = ()) -> str:
    """Parts of the configuration as JSON: key path to value, sorted.

    A plain string is what Snakemake compares most reliably: the order of dict keys would count, and changed
    objects of other types go unnoticed.

    Parameters
    ----------
    paths
        Key paths such as "pretrain" or "study.seed".
    leave_out
        Key paths that the rule does not depend on, such as "deidentify.keep_videos".
    """
    chosen = {}
    for path in paths:
        value = config
        for part in path.split("."):
            value = value[part]
        if isinstance(value, dict):
            value = {key: item for key, item in value.items() if f"{path}.{key}" not in leave_out}
        chosen[path] = value
    return json.dumps(chosen, sort_keys=True, ensure_ascii=False)
