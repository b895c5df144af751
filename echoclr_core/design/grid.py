"""The grid of the study: task x initialisation x label ratio x draw x learning rate, as plain names."""

from dataclasses import dataclass, field
from itertools import product

from echoclr_core.design.initialisations import (
    SSL,
    added_method_titles,
    initialisation_titles,
    known_initialisations,
    learning_rates_of,
)
from echoclr_core.design.sets import COHORTS
from echoclr_core.design.tasks import task_names, task_titles, task_units


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
    def units(self) -> list[list[str]]:
        """[task, unit] of each task that has one."""
        return task_units(self.config)

    @property
    def methods(self) -> list[str]:
        """Pretraining methods that something needs: those asked for, and those fine-tuned from."""
        wanted = {*self.config["pretrain"]["methods"], *(init for init in self.inits if init in SSL)}
        return [method for method in SSL if method in wanted]

    @property
    def inits(self) -> list[str]:
        """The initialisations of the study, in the order of figures and tables."""
        return self.config["finetune"]["initialisations"]

    @property
    def known_inits(self) -> list[str]:
        """Built-in initialisations and those that the configuration defines."""
        return known_initialisations(self.config)

    @property
    def init_titles(self) -> list[list[str]]:
        """[name, title] of each initialisation that is not the paper's; of a method with "method" as well."""
        return [*initialisation_titles(self.config), *added_method_titles(self.methods)]

    @property
    def label_figures(self) -> list[str]:
        """The figures of performance by share of labels that have a line to draw.

        Figures 2 and S1 show EchoCLR and weights from elsewhere, Figures 3 and S2 the study's own methods.
        """
        methods = [init for init in self.inits if init in SSL]
        transfer = [init for init in self.inits if init not in SSL or init == "echoclr"]
        drawn = {"figure2": transfer, "figure3": methods, "figure_s1": transfer, "figure_s2": methods}
        return [name for name, inits in drawn.items() if inits]

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
    def label_draws(self) -> list[str]:
        """Numbers of the draws of the labels."""
        return [str(draw) for draw in range(self.config["finetune"]["draws"])]

    @property
    def draws(self) -> list[str]:
        """Names of the repeats, every draw of the labels with every pretraining: 0, 1, 0_seed1, 1_seed1.

        A further draw or pretraining adds names and changes none.
        """
        return [
            draw + pretrain_seed_suffix(number) for number in range(self.seeds) for draw in self.label_draws
        ]

    def pretrained(self) -> list[str]:
        """Folders of the encoders: <method> of the first pretraining, <method>_seed1 of the next."""
        return [
            method + pretrain_seed_suffix(number) for number in range(self.seeds) for method in self.methods
        ]

    def pretraining_of(self, draw: str) -> int:
        """Number of the pretraining that repeat ``draw`` starts from."""
        return int(draw.partition("_seed")[2] or 0)

    def label_draw_of(self, draw: str) -> int:
        """Number of the draw of the labels that repeat ``draw`` uses."""
        return int(draw.partition("_seed")[0])

    def rates(self, init: str, ratio: str) -> list[str]:
        """Learning rates of one initialisation at one ratio, as text (paper, fine-tuning)."""
        few = float(ratio) <= self.config["finetune"]["low_label_threshold"] + 1e-9
        return learning_rates_of(self.config, init, few=few)

    @property
    def export_tasks(self) -> list[str]:
        """Tasks of which bundles are written."""
        chosen = self.config["export"]["tasks"]
        return [task for task in self.tasks if task in chosen] if chosen else self.tasks

    @property
    def export_inits(self) -> list[str]:
        """Initialisations of which bundles are written: those chosen, else EchoCLR, else the last one."""
        chosen = self.config["export"]["initialisations"]
        if chosen:
            return [init for init in self.inits if init in chosen]
        return ["echoclr"] if "echoclr" in self.inits else self.inits[-1:]

    @property
    def export_ratio(self) -> str:
        """Label ratio of the models in the bundles."""
        ratio = self.config["export"]["ratio"]
        return self.ratios[-1] if ratio is None else ratio_label(ratio)

    @property
    def export_draws(self) -> list[str]:
        """Repeats whose models a bundle holds."""
        return self.draws if self.config["export"]["ensemble"] else self.draws[:1]

    def selections(self) -> list[dict[str, str]]:
        """One dict of wildcards a selected model."""
        return [
            {"task": task, "init": init, "ratio": ratio, "draw": draw}
            for task, init, ratio, draw in product(self.tasks, self.inits, self.ratios, self.draws)
        ]

    def predictions(self) -> list[dict[str, str]]:
        """One dict of wildcards a table of predictions on a test set."""
        return [{**cell, "cohort": cohort} for cell in self.selections() for cohort in COHORTS]

    def runs(self) -> list[dict[str, str]]:
        """One dict of wildcards a fine-tuning job."""
        return [
            {**cell, "lr": rate}
            for cell in self.selections()
            for rate in self.rates(cell["init"], cell["ratio"])
        ]


def pretrain_seed_suffix(number: int) -> str:
    """What a further pretraining adds to its folder's name; nothing for the first."""
    return f"_seed{number}" if number else ""
