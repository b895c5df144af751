"""What stands in the report: its sections, each from the study's own tables and figures."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from echoclr_core.cohort import grade_counts
from echoclr_core.reporting.captions import figure_caption
from echoclr_core.reporting.performance import format_interval, performance_caption
from echoclr_core.reporting.report import DataTable, KeyNumbers, Picture, Section, Text
from echoclr_core.reporting.style import TASK_NAMES, init_name
from workflow_scripts.lib.captions import Captions

DESCRIPTIONS = {"table1": "Table 1. The cohort", "table_s1": "Table S1. The cohort in detail"}
FIGURE_NUMBERS = ("2", "3", "s1", "s2")
TABLE_NUMBERS = {"lvh": "S2", "severe_as": "S3"}
SET_WORDS = {"train": "training", "validation": "early stopping", "test": "held out"}
FIGURE_TITLES = {
    "figure2": "Figure 2. AUROC by share of labels",
    "figure3": "Figure 3. Contrastive methods by share of labels",
    "figure_s1": "Figure S1. AUPR by share of labels",
    "figure_s2": "Figure S2. AUPR of the contrastive methods by share of labels",
}


@dataclass(frozen=True, kw_only=True)
class Page:
    """The parts of the report.

    Parameters
    ----------
    files
        The rule's named inputs: name to path or list of paths.
    config
        The configuration without paths.
    captions
        See :class:`~workflow_scripts.lib.captions.Captions`.
    tasks, inits, methods
        The grid.
    """

    files: dict
    config: dict
    captions: Captions
    tasks: Sequence[str]
    inits: Sequence[str]
    methods: Sequence[str]

    def table(self, name: str) -> pd.DataFrame:
        """One of the inputs as a frame."""
        path = self.files[name]
        return (
            pd.read_csv(path, dtype=str, keep_default_na=False)
            if path.endswith(".csv")
            else pd.read_parquet(path)
        )

    def sections(self) -> list[Section]:
        """Everything, in the order of the paper, then what backs it."""
        return [
            Section(
                title="At a glance",
                blocks=[Text(rst=self.captions("workflow")), self.key_numbers(), *self.notes()],
            ),
            self.cohort(),
            self.results(),
            self.saliency(),
            self.training(),
            self.privacy(),
            self.settings(),
        ]

    def key_numbers(self) -> KeyNumbers:
        """Counts of the cohort, and the best and the reference AUROC with the fewest labels."""
        studies, videos = self.table("studies"), self.table("videos")
        sizes = studies["set"].value_counts()
        items = [
            (f"{len(studies):,}", "studies"),
            (f"{len(videos):,}", "PLAX videos"),
            (
                f"{sizes.get('train', 0):,} / {sizes.get('val', 0):,} / {sizes.get('test', 0):,}",
                "train / val / test",
            ),
            (f"{sizes.get('external', 0):,}", "external test studies"),
            (f"{len(self.files['selected']):,}", "selected models"),
        ]
        return KeyNumbers(items=items)

    def notes(self) -> list[Text]:
        """What a reader must know before the numbers."""
        notes = []
        if "kinetics400" not in self.inits:
            encoder = self.config["model"]["encoder"]
            reason = (
                "it was not asked for in this run"
                if encoder == "r3d_18"
                else f"the published weights are those of r3d_18, and the encoder here is a smaller {encoder}"
            )
            notes.append(
                f"**Kinetics-400 was left out**: {reason}. To have it, use ``model.encoder: r3d_18``, put "
                "torchvision's weights in place (README, *Kinetics-400 weights*) and add ``kinetics400`` to "
                "``finetune.initialisations``."
            )
        if self.config["cohort"]["split_unit"] == "study":
            shared = self.shared_patients()
            notes.append(
                f"The split is by study, as in the paper: {shared:,} patients have studies in more than one "
                "set. ``cohort.split_unit: patient`` keeps them together."
            )
        metrics = self.table("metrics")
        few = metrics.loc[
            metrics["metric"] == "auroc", ["task", "cohort", "n_studies", "n_positive"]
        ].drop_duplicates()
        for task, cohort, total, cases in few.itertuples(index=False):
            least = min(cases, total - cases)
            if least < 32:
                notes.append(
                    f"{TASK_NAMES[task]}, {cohort} test set: {cases} cases among {total} studies. Percentile "
                    "intervals cover less than they say with so few: 90 % instead of 95 % at 31 cases, 85 % "
                    "at 20."
                )
        return [Text(rst="\n".join(f"* {note}" for note in notes))] if notes else []

    def shared_patients(self) -> int:
        """Patients with studies in more than one set."""
        studies = self.table("studies").dropna(subset="patient_id")
        return int((studies.groupby("patient_id")["set"].nunique() > 1).sum())

    def cohort(self) -> Section:
        """Flow, Table 1, Table S1, views, what did not match."""
        flow, montage, _ = self.files["cohort"]
        blocks = [
            Picture(
                source=flow,
                title="From the archive to the sets",
                alt="Boxes with the counts of studies and videos at each stage, and of those that left",
                caption=self.captions("flow"),
            ),
            *(
                DataTable(frame=self.table(name).rename(columns=str.capitalize), title=title, group=True)
                for name, title in DESCRIPTIONS.items()
            ),
            Picture(
                source=montage,
                title="Before and after the mask",
                alt="Pairs of ultrasound frames, the deidentified frame above the masked one",
                caption=self.captions("montage"),
            ),
        ]
        if self.files["views"]:
            blocks += self.views()
        return Section(title="Cohort", blocks=[*blocks, self.unmatched(), self.split()])

    def views(self) -> list[Picture | DataTable]:
        """How good the trained view classifier is on videos of patients that it has not seen."""
        confusion, calibration = self.files["views"]
        report = json.loads(Path(self.files["views_report"]).read_text(encoding="utf-8"))
        sizes = ", ".join(
            f"{SET_WORDS[name]} {part['patients']:,} patients with {part['videos']:,} videos"
            for name, part in report["sets"].items()
        )
        return [
            Picture(
                source=confusion,
                title="View classifier on held-out videos",
                alt="Confusion matrix of views",
                caption=f"{self.captions('views').rstrip()} Split by patient: {sizes}.",
            ),
            Picture(
                source=calibration,
                title="Calibration of the view classifier",
                alt="Share of right decisions against the probability of the decided view",
                caption="The same held-out videos. Below, how many of them fall into each tenth.",
            ),
            DataTable(frame=_per_view(report), title="Precision and recall by view, held-out videos"),
        ]

    def split(self) -> Text:
        """What the split is, with its digest."""
        split = json.loads(Path(self.files["split"]).read_text(encoding="utf-8"))
        drawn = (
            "as the table of videos names it"
            if split["unit"] == "table"
            else f"drawn by {split['unit']} with seed {split['seed']}"
        )
        return Text(rst=f"The split, {drawn}, has the digest ``{split['digest']}`` (``cohort/split.json``).")

    def unmatched(self) -> Text | DataTable:
        """What did not match between archive and labels, counted."""
        counts = self.table("unmatched")["kind"].value_counts()
        counts = counts.rename_axis("What").reset_index(name="Studies")
        if counts.empty:
            return Text(rst="Archive and labels match: no study stands in one of them alone.")
        return DataTable(
            frame=counts.assign(What=counts["What"].str.replace("_", " ")),
            title="What did not match between archive and labels",
            caption="The list of studies is in ``cohort/unmatched.parquet``.",
        )

    def results(self) -> Section:
        """Figures 2, 3, S1, S2 and Tables S2, S3."""
        metrics = self.table("metrics")
        blocks = [
            Picture(
                source=path,
                title=FIGURE_TITLES[Path(path).stem],
                alt="Four panels: both tasks, internal and external test set, one line an initialisation",
                caption=self.captions("label_efficiency") + "\n" + figure_caption(number, metrics),
            )
            for path, number in zip(self.files["figures"], FIGURE_NUMBERS, strict=True)
        ]
        for task, path in zip(self.tasks, self.files["tables"], strict=True):
            frame = pd.read_csv(path, dtype=str, keep_default_na=False)
            blocks.append(
                DataTable(
                    frame=frame[[name for name in frame.columns if "exact" not in name.lower()]],
                    title=f"Table {TABLE_NUMBERS[task]}. {TASK_NAMES[task]} by share of labels",
                    caption=performance_caption(metrics, task),
                    group=True,
                    spans=("Internal", "External"),
                )
            )
        return Section(title="Results", blocks=blocks, sections=[self.selection()])

    def selection(self) -> Section:
        """Which learning rate won, cell by cell."""
        rows = []
        for path in self.files["selected"]:
            task, init, ratio, draw = Path(path).parts[-5:-1]
            best = json.loads(Path(path).read_text(encoding="utf-8"))
            rows.append(
                {
                    "Task": TASK_NAMES[task],
                    "Initialisation": init_name(init),
                    "Labels": f"{100 * float(ratio):g}%",
                    "Draw": draw,
                    "Learning rate": best["lr"],
                    "Validation loss": f"{best['validation_loss']:.3f}",
                    "Epoch": str(best["winner"]["best_epoch"]),
                    "Candidates": ", ".join(str(one["lr"]) for one in best["candidates"]),
                }
            )
        table = DataTable(frame=pd.DataFrame(rows), title="Selected learning rates")
        return Section(title="Selection by validation loss", blocks=[table])

    def saliency(self) -> Section:
        """Figure 4 and what checks it."""
        blocks = []
        for picture, path in zip(self.files["saliency"], self.files["saliency_summary"], strict=True):
            summary = json.loads(Path(path).read_text(encoding="utf-8"))
            task = Path(path).parent.name
            looped = (
                f" {summary['looped']} of the videos were shorter and repeated." if summary["looped"] else ""
            )
            blocks.append(
                Picture(
                    source=picture,
                    title=f"Figure 4. Saliency for {TASK_NAMES[task]}",
                    alt="Heat maps over the first frame of each study, one row a model",
                    caption=self.captions("saliency").rstrip() + looped,
                )
            )
            blocks.append(
                DataTable(
                    frame=_saliency_checks(summary),
                    title=f"Checks of the saliency for {TASK_NAMES[task]}",
                    caption=f"The sector fills {100 * summary['sector_area']:.0f} % of the frame: a map that "
                    "ignores the picture would have that share inside. Maps that a network with redrawn "
                    "weights gives as well (rank correlation near 1) explain nothing.",
                )
            )
        if not blocks:
            blocks = [Text(rst="``explain.tasks`` is empty: no saliency maps were asked for.")]
        return Section(title="Saliency", blocks=blocks)

    def training(self) -> Section:
        """Courses of training and the pretraining runs in numbers."""
        pretraining, finetuning = self.files["training"]
        runs = [json.loads(Path(path).read_text(encoding="utf-8")) for path in self.files["runs"]]
        return Section(
            title="Training",
            blocks=[
                Picture(
                    source=pretraining,
                    title="Pretraining",
                    alt="Losses and accuracies by step, one line a method",
                    caption=self.captions("training"),
                ),
                DataTable(frame=pretraining_table(self.methods, runs), title="Pretraining runs"),
                Picture(
                    source=finetuning,
                    title="Fine-tuning of the selected models",
                    alt="Validation loss by epoch, one panel a task and share of labels",
                ),
            ],
        )

    def privacy(self) -> Section:
        """The audit of the written videos."""
        audit = pd.concat([pd.read_parquet(path) for path in self.files["audit"]], ignore_index=True)
        found = audit["outcome"].value_counts().rename_axis("outcome").reset_index(name="videos")
        text = (
            f"{len(audit):,} of the written videos were read back. Pixels outside the sector that were not "
            f"black: {int(audit['outside_pixels'].sum()):,}. Largest share of still, sharp strokes, as text "
            f"has, inside the sector: {float(audit['text_share'].max() or 0):.4f}."
        )
        return Section(
            title="Privacy",
            blocks=[
                Text(rst=text),
                DataTable(frame=found.assign(outcome=found["outcome"].str.replace("_", " ")), title="Audit"),
                Picture(
                    source=self.files["cohort"][2],
                    title="Contact sheet",
                    alt="Frames of the audited videos, for a person to look for text",
                    caption="Nothing but ultrasound should be seen here.",
                ),
            ],
        )

    def settings(self) -> Section:
        """Label texts as understood, and the configuration."""
        studies = self.table("studies")
        cohort = self.config["cohort"]
        grades = grade_counts(studies["as_severity"], cohort["severe_grades"], cohort["excluded_grades"])
        rows = [{"Key": key, "Value": value} for key, value in _flat(self.config)]
        return Section(
            title="Settings",
            blocks=[
                DataTable(
                    frame=grades.reset_index(drop=True), title="Grades of aortic stenosis as understood"
                ),
                DataTable(frame=pd.DataFrame(rows), title="Configuration"),
            ],
        )


def _per_view(report: dict) -> pd.DataFrame:
    rows = [
        {
            "View": view,
            "Held-out videos": report["support"][view],
            "Precision": _share(report["precision"].get(view)),
            "Recall": _share(report["recall"].get(view)),
        }
        for view in report["classes"]
    ]
    return pd.DataFrame(rows)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _saliency_checks(summary: dict) -> pd.DataFrame:
    rows = [
        {
            "Model": init_name(init),
            "Maps without evidence": f"{values['empty_maps']} of {summary['n_studies']}",
            "Share inside the sector": _share(values["share_inside_sector"]),
            "Rank correlation, last block redrawn": _share(values["rank_correlation_last_block"]),
            "Rank correlation, all weights redrawn": _share(values["rank_correlation_all"]),
        }
        for init, values in summary["models"].items()
    ]
    return pd.DataFrame(rows)


def pretraining_table(methods: Sequence[str], runs: Sequence[dict]) -> pd.DataFrame:
    """Steps, items and held-out accuracies of each pretraining run."""
    return pd.DataFrame(
        [{"Method": init_name(method), **_plain(run)} for method, run in zip(methods, runs, strict=True)]
    )


def _plain(run: dict) -> dict[str, str]:
    return {key: f"{value:.4g}" for key, value in run.items() if isinstance(value, int | float)}


def _flat(value: dict, above: str = ""):
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{above}{key}.")
        else:
            yield f"{above}{key}", json.dumps(item, ensure_ascii=False)


def lead(metrics: pd.DataFrame, tasks: Sequence[str]) -> str:
    """One sentence a task: the best initialisation with the fewest labels, internal test set."""
    sentences = []
    for task in tasks:
        rows = metrics[
            (metrics["task"] == task) & (metrics["metric"] == "auroc") & (metrics["cohort"] == "internal")
        ]
        rows = rows[rows["ratio"] == rows["ratio"].min()].dropna(subset="value")
        if rows.empty:
            continue
        means = rows.groupby("init")["value"].mean()
        best = means.idxmax()
        row = rows[rows["init"] == best].iloc[0]
        count = row["n_labelled_studies"]
        sentences.append(
            f"{TASK_NAMES[task]} from {count} labelled studies ({100 * row['ratio']:g} %): highest internal "
            f"AUROC {format_interval(row['value'], row['low'], row['high'])}, {init_name(best)}."
        )
    return " ".join(sentences)
