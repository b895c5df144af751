"""What a run answers to the items of checklists: values of the run, and the section that has more."""

from collections.abc import Callable, Mapping

from echoclr_core.reporting.findings import listing
from echoclr_core.reporting.sections.page import Page, read_json, shared_patients
from echoclr_core.reporting.style import init_name

AUTHOR = "Author must fill in"
PAGE = "report.html"
PROVENANCE = "provenance.html"
SETS = ("train", "val", "test", "external")


def _flow(page: Page) -> str:
    studies, videos = page.table("studies"), page.table("videos")
    return f"{len(studies):,} studies with {len(videos):,} {page.kept} videos; every exclusion with its count"


def _years(page: Page) -> str:
    years = page.table("studies")["study_year"].dropna()
    span = f"{years.min():g} to {years.max():g}" if len(years) else "not known"
    return f"Years of the studies: {span}; author must add place and dates"


def _split(page: Page) -> str:
    split = read_json(page.files["split"])
    sizes = ", ".join(f"{name} {split['studies'].get(name, 0):,}" for name in SETS)
    return f"By {split['unit']}: {sizes} studies; {shared_patients(page):,} patients in more than one set"


def _labels(page: Page) -> str:
    tasks = page.config["tasks"]
    rules = [f"{title} from column {tasks[task]['column']}" for task, title in page.titles.items()]
    return f"{'; '.join(rules)}; author must add how the column was measured"


def _events(page: Page) -> str:
    metrics = page.table("metrics")
    rows = metrics[metrics["metric"] == "auroc"].drop_duplicates(["task", "cohort"])
    return "; ".join(
        f"{page.titles[row.task]}, {row.cohort}: {row.n_positive:,} cases of {row.n_studies:,} studies"
        for row in rows.itertuples()
    )


def _external(page: Page) -> str:
    size = int((page.table("studies")["set"] == "external").sum())
    if not size:
        return "No external set"
    return f"Temporal external set of {size:,} studies; other hospitals only if the archive has them"


def _missing(page: Page) -> str:
    count, least = len(page.table("unmatched")), page.config["report"]["least_cell"]
    alone = f"<{least}" if 0 < count < least else f"{count:,}"
    return (
        "Studies without a label are left out of the task, none is imputed; "
        f"{alone} studies stand in archive or labels alone"
    )


def _architecture(page: Page) -> str:
    model, tune = page.config["model"], page.config["finetune"]
    return f"{model['encoder']} on clips of {tune['clip_length']} frames, one logit; layers in the settings"


def _uncertainty(page: Page) -> str:
    evaluate = page.config["evaluate"]
    return (
        f"Percentile intervals and one-sided paired tests from {evaluate['n_resamples']:,} resamples of "
        f"{'studies' if evaluate['resample_unit'] == 'study' else 'patients'}; Holm within task and set"
    )


def _thresholds(page: Page) -> str:
    rate = page.config["evaluate"]["target_rate"]
    return f"Probability; thresholds fixed on validation at {100 * rate:g} % specificity or sensitivity"


def _training(page: Page) -> str:
    methods = listing([init_name(method) for method in page.methods])
    tune = page.config["finetune"]
    how = f"{tune['optimizer']}, batches of {tune['batch_size']}"
    return f"Pretraining: {methods or 'none'}; fine-tuning with {how}"


def _selection(page: Page) -> str:
    return f"Learning rate by lowest validation loss, for each of {len(page.cells):,} models"


def _subsets(page: Page) -> str:
    ratios = listing([f"{100 * ratio:g} %" for ratio in page.config["finetune"]["ratios"]])
    return f"Nested random subsets of the labelled training studies: {ratios}"


def _imbalance(page: Page) -> str:
    weighted = page.config["finetune"]["class_weights"]
    return "Loss weighted by class" if weighted else "Nothing was done; calibration shows what that does"


def _augmentation(page: Page) -> str:
    shift, turn = page.config["augmentation"]["pad"], page.config["augmentation"]["max_rotation"]
    return f"Clip scaled to its own range; in training shifts to {shift} px, flips, rotations to {turn}°"


def _preparation(page: Page) -> str:
    side = page.config["mask"]["size"]
    return f"Boundary mask, audit, view decision ({page.kept} kept), hull mask, {side} by {side} pixels"


def _saliency(page: Page) -> str:
    asked = page.config["explain"]["tasks"]
    if not asked:
        return "Not asked for (explain.tasks)"
    return f"Grad-CAM for {listing([page.titles[task] for task in asked])}, checked by weight randomisation"


def _sources(page: Page) -> str:
    what = "synthetic phantoms" if page.synthetic else "author must describe it"
    return f"Archive of {page.source}; {what}"


def _question(page: Page) -> str:
    return f"Recognition of {listing(list(page.titles.values()))} from few labels, by initialisation"


def _videos(page: Page) -> str:
    return f"{page.kept} videos of the study are the only input"


def _compared(page: Page) -> str:
    return f"Compared: {listing([init_name(init) for init in page.inits])}"


COHORT, RESULTS, TRAINING = f"{PAGE}#cohort", f"{PAGE}#results", f"{PAGE}#training"
BEYOND, SETTINGS, SIZE = f"{PAGE}#beyond-the-auroc", f"{PAGE}#settings", f"{PAGE}#precision-and-sample-size"
GLANCE, CHOICE = f"{PAGE}#at-a-glance", f"{PAGE}#selection-by-validation-loss"

ANSWERS: Mapping[str, tuple[str, str | Callable[[Page], str]]] = {
    "author": ("", AUTHOR),
    "question": (GLANCE, _question),
    "limits": (GLANCE, "What must not be concluded from the numbers; author must add to it"),
    "sources": (COHORT, _sources),
    "years": (COHORT, _years),
    "flow": (COHORT, _flow),
    "table1": (COHORT, "Table 1 and Table S1, by set"),
    "missing": (COHORT, _missing),
    "split": (COHORT, _split),
    "views": (COHORT, "Views of the videos, with the margins of their decisions"),
    "videos": (COHORT, _videos),
    "preparation": (COHORT, _preparation),
    "unusable": (COHORT, "Unusable files and videos without the view are excluded and counted"),
    "labels": (SETTINGS, _labels),
    "texts": (SETTINGS, "Texts of the label columns and how each counts"),
    "augmentation": (SETTINGS, _augmentation),
    "architecture": (SETTINGS, _architecture),
    "imbalance": (SETTINGS, _imbalance),
    "prediction": (SETTINGS, "Mean over clips of a video, then over videos of a study"),
    "ensemble": (SETTINGS, "None in the results; bundles may average repeats (export.ensemble)"),
    "subsets": (RESULTS, _subsets),
    "initialisations": (RESULTS, _compared),
    "performance": (RESULTS, "Performance by share of labels, figures and tables, with intervals"),
    "events": (RESULTS, _events),
    "external": (RESULTS, _external),
    "uncertainty": (RESULTS, _uncertainty),
    "selection": (CHOICE, _selection),
    "training": (TRAINING, _training),
    "measures": (BEYOND, "AUROC, precision–recall, rates at thresholds, calibration, net benefit"),
    "thresholds": (BEYOND, _thresholds),
    "recalibration": (BEYOND, "Logistic recalibration on the validation set"),
    "utility": (BEYOND, "Decision curves beside treating all and none"),
    "fairness": (BEYOND, "AUROC by sex, age and year as far as known; nothing was done in training"),
    "technical": (BEYOND, "AUROC by vendor, frame rate and size; author must add the protocol"),
    "clusters": (BEYOND, "Subgroups by vendor and year; hospitals are not known"),
    "robustness": (f"{PAGE}#robustness", "Perturbed test videos where asked for; technical subgroups"),
    "size": (SIZE, "Expected widths and cases needed; author must add the plan"),
    "precision": (SIZE, "Intervals with their expected widths"),
    "failures": (f"{PAGE}#failures", "Surest errors by picture, and what errors have in common"),
    "saliency": (f"{PAGE}#saliency", _saliency),
    "privacy": (f"{PAGE}#privacy", "Pseudonyms, masked pixels, allow-listed headers, audit of videos"),
    "provenance": (PROVENANCE, "Versions, commit, machine, times and costs; seeds in the settings"),
    "code": (PROVENANCE, "Version and commit of the workflow; author must add where it can be had"),
    "bundle": (PROVENANCE, "Fixed weights; the target export writes them with their settings"),
    "blinding": ("", "Models see videos alone; labels of test studies serve evaluation only"),
    "same_study": ("", "Label and videos are of one study; author must add later tests"),
    "no_contact": ("", "None: stored videos were analysed; author must confirm"),
}
"""Key to (where to read more, words): a link relative to the page or "", and what the run says.

An answer that leaves something to the author says so.
"""


def answer_of(page: Page, key: str) -> tuple[str, str]:
    """(words, where) of one key; KeyError for an unknown one."""
    where, words = ANSWERS[key]
    return (words if isinstance(words, str) else words(page)), where
