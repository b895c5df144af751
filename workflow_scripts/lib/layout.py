"""Where things lie: the paths of the study, inputs that depend on the configuration, digests of scripts."""

import json
import os
from pathlib import Path

from snakemake.io import directory, expand, multiext, temp

from echoclr_core.common.modules import code_digest
from echoclr_core.common.resume import OPTIONS
from echoclr_core.design.grid import Grid, pretrain_seed_suffix
from echoclr_core.design.initialisations import SSL
from echoclr_core.design.sources import is_synthetic, videos_provided
from echoclr_core.reporting.exhibits import FIGURES, caption_values, task_table
from echoclr_core.reporting.pages import page_count, page_suffix
from workflow_scripts.lib.shard_count import shard_count

CELL = "{task}/{init}/{ratio}/{draw}"
PACKAGES = ("echoclr_core", "workflow_scripts")
FRAME = (
    "workflow_scripts/lib/finished.py",
    "workflow_scripts/lib/job.py",
    "echoclr_core/common/storage_errors.py",
    "workflow_scripts/lib/time_limit.py",
    "workflow_scripts/lib/workflow_process.py",
    "echoclr_core/common/core_dumps.py",
    "echoclr_core/common/finished.py",
    "echoclr_core/common/folder_lock.py",
    "echoclr_core/common/lifetime.py",
    "echoclr_core/training/stopping.py",
    "echoclr_core/version.py",
)
"""What starts, guards and logs a job or names the release, and changes no result: an edit re-runs nothing."""


class Layout:
    """The paths of one study.

    Parameters
    ----------
    config
        The resolved configuration.
    root
        The repository.
    """

    def __init__(self, config: dict, root: Path):
        self.config = config
        self.root = root
        self.grid = Grid(config)
        self.folder = f"results/{config['study']['name']}"
        self.restricted = f"{self.folder}/restricted"
        self.state = f"{self.folder}/state"
        self.shards = [f"{number:04d}" for number in range(shard_count(config))]
        self.videos_provided = videos_provided(config)
        self.synthetic = is_synthetic(config)

    def results(self, path: str) -> str:
        """A path below the study's folder."""
        return os.path.join(self.folder, path)  # noqa: PTH118 (wildcards in braces are no path yet)

    def log_file(self, name: str, wildcards: str = "", *, restricted: bool = False) -> str:
        """The log of a rule; rules that see identifiers log into restricted/."""
        folder = self.restricted if restricted else self.folder
        return "/".join(filter(None, [folder, "logs", name, wildcards])) + ".log"

    def benchmark_file(self, name: str, wildcards: str = "") -> str:
        """Where Snakemake writes what a job cost."""
        return "/".join(filter(None, [self.folder, "benchmarks", name, wildcards])) + ".jsonl"

    def code_hash(self, name: str) -> str:
        """Digest of a script and of all of ours that it imports: editing those re-runs the rule."""
        frame = [self.root / path for path in (OPTIONS, *FRAME)]
        return code_digest(self.root / f"workflow_scripts/{name}.py", self.root, PACKAGES, leave_out=frame)

    def method_slice(self, wildcards) -> str:
        """What a pretraining depends on of its method: a digest of its file, and the options of its own.

        Sorted JSON. An edit of one method's file runs the pretrainings of that method again and no others.
        """
        frame = [self.root / path for path in (OPTIONS, *FRAME)]
        path = self.root / f"echoclr_core/pretrain/methods/{wildcards.method}.py"
        options = self.config["pretrain"]["method_options"].get(wildcards.method, {})
        code = code_digest(path, self.root, PACKAGES, leave_out=frame)
        return json.dumps({"code": code, "options": options}, sort_keys=True)

    def expand_shards(self, pattern: str) -> list[str]:
        """One path a shard."""
        return expand(pattern, shard=self.shards)

    def maybe_temp(self, path: str):
        """The full-size videos go once the masked ones are written, unless they are to be kept."""
        kept = self.config["deidentify"]["keep_videos"]
        return directory(path) if kept else temp(directory(path))

    def initial_weights(self, wildcards):
        """The file the encoder starts from; none for the other weights."""
        if wildcards.init in SSL:
            folder = wildcards.init + pretrain_seed_suffix(self.grid.pretraining_of(wildcards.draw))
            return self.results(f"pretrain/{folder}/encoder.safetensors")
        return []

    def of_label_draw(self, pattern: str):
        """An input function: a file of the draw of the labels that a repeat uses."""

        def path(wildcards):
            return self.results(pattern).format(
                task=wildcards.task,
                ratio=wildcards.ratio,
                label_draw=self.grid.label_draw_of(wildcards.draw),
            )

        return path

    def learning_rate_runs(self, name: str):
        """An input function: one file of every learning rate of a cell of the grid."""

        def paths(wildcards):
            rates = self.grid.rates(wildcards.init, wildcards.ratio)
            return expand(self.results(f"finetune/{CELL}/{{lr}}/{name}"), lr=rates, **wildcards)

        return paths

    def saliency_inputs(self, pattern: str):
        """An input function: files of the reference, then of the model beside it, from the most labels."""
        ratio = self.grid.ratios[-1]

        def paths(wildcards):
            place = self.results(pattern)
            return [
                place.format(task=wildcards.task, init=init, ratio=ratio, draw="0")
                for init in self.grid.explained
            ]

        return paths

    def figure_files(self, name: str) -> list[str]:
        """Both files of a figure."""
        return multiext(self.results(f"figures/{name}"), ".png", ".pdf")

    def captions(self, *names: str) -> dict[str, str]:
        """Captions of figures, for Snakemake's own report: name to text with the values of this study."""
        values = caption_values(
            n_resamples=self.config["evaluate"]["n_resamples"],
            frames=self.config["explain"]["frames"],
            n_randomisations=self.config["explain"]["n_randomisations"],
            saliency_scale=self.config["report"]["saliency_scale"],
        )
        return {name: FIGURES[name].caption_text(**values) for name in sorted(names)}

    def pages(self, name: str) -> list[str]:
        """A figure's name and those of its further pages: four panels, two tasks a page."""
        return [name + page_suffix(number + 1) for number in range(page_count(len(self.grid.tasks)))]

    def task_tables(self) -> list[str]:
        """Names of the result tables, task by task."""
        return [task_table(place, title)[0] for place, (_, title) in enumerate(self.grid.titles)]
