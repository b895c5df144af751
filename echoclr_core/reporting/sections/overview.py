"""At a glance: what was asked, on whom, what came out, and what must not be concluded."""

import pandas as pd

from echoclr_core.reporting.findings import below_chance, findings, has_diverged, listing
from echoclr_core.reporting.manuscript.methods import label_definitions
from echoclr_core.reporting.report import KeyNumbers, Section, Text
from echoclr_core.reporting.sections.page import Page, read_json, shared_patients
from echoclr_core.reporting.style import init_name

LISTED = 6  # entries of a note before it says how many more there are


def section(page: Page) -> Section:
    """Counts and notes."""
    return Section(
        title="At a glance",
        blocks=[Text(rst=_introduction(page)), _key_numbers(page), _design(page), *_notes(page)],
    )


def lead(page: Page) -> str:
    """The first lines of the page: the question, and what this run found."""
    tasks = listing(list(page.titles.values()))
    question = (
        f"Question: how well can {tasks} be recognised from echocardiogram videos when few studies are "
        "labelled, and does self-supervised pretraining on unlabelled videos help?"
    )
    found = findings(page.table("metrics"), page.table("comparisons"), page.titles)
    return "\n\n".join([question, *found, _limits(page)])


def _limits(page: Page) -> str:
    if page.synthetic:
        return (
            "**The cohort is synthetic**: moving phantoms. The numbers show that the pipeline works; they "
            "say nothing about patients or about how the methods compare on real hearts."
        )
    return (
        "For research only. These numbers hold for the test sets of this run; they do not show that a model "
        "is safe or useful in patients, or that it works at another hospital."
    )


def _introduction(page: Page) -> str:
    return (
        f"This page was written by the run **{page.config['study']['name']}**. It follows the EchoCLR study "
        f"(Holste et al., *Communications Medicine* 2024) from {page.source} to tables and figures. Every "
        "number was computed by this run unless it is marked as published."
    )


def _design(page: Page) -> Text:
    """Who is a case, what the sets are, how a study gets one probability, and how often it was tried."""
    clips = page.config["finetune"]["eval_clips_per_video"]
    lines = [
        f"**Cases**: {' '.join(label_definitions(page))} A study without the value has no label of the task.",
        *_test_sets(page),
        f"**One probability a study**: the mean over its {page.kept} videos, each the mean over {clips} "
        "clips.",
    ]
    if page.table("metrics")["draw"].nunique() == 1:
        lines.append(
            "**One repeat**: one pretraining of each method and one draw of the labels. Intervals cover the "
            "choice of test studies alone; a difference between methods may still be chance of the seed."
        )
    return Text(rst="\n".join(f"* {line}" for line in lines))


def _test_sets(page: Page) -> list[str]:
    """Which years the test sets are of; nothing where years are not known."""
    studies = page.table("studies")
    years = {
        name: studies.loc[studies["set"] == name, "study_year"].dropna() for name in ("test", "external")
    }
    if years["test"].empty:
        return []
    drawn = "" if page.config["cohort"]["split_unit"] == "table" else ", held out at random"
    internal = f"studies of {_span(years['test'])}{drawn}"
    if "external" not in set(studies["set"]):
        asked_for = ", ".join(map(str, page.config["cohort"]["external_years"]))
        none = (
            f"no study is of {asked_for} (cohort.external_years)" if asked_for else "there is no external one"
        )
        return [f"**Test set**: {internal}; {none}."]
    if years["external"].empty:
        return []
    later = ", later in time" if years["external"].min() > years["test"].max() else ""
    external = f"studies of {_span(years['external'])}{later}"
    return [f"**Test sets**: internal, {internal}; external, {external}."]


def _span(years: pd.Series) -> str:
    first, last = int(years.min()), int(years.max())
    return f"{first}" if first == last else f"{first} to {last}"


def _key_numbers(page: Page) -> KeyNumbers:
    """Counts of the cohort and of the models."""
    studies, videos = page.table("studies"), page.table("videos")
    sizes = studies["set"].value_counts()
    items = [
        (f"{len(studies):,}", "studies"),
        (f"{len(videos):,}", f"{page.kept} videos"),
        (
            f"{sizes.get('train', 0):,} / {sizes.get('val', 0):,} / {sizes.get('test', 0):,}",
            "training / validation / internal test studies",
        ),
        *([(f"{sizes['external']:,}", "external test studies")] if "external" in sizes else []),
        (f"{len(page.files['selected']):,}", "selected models"),
    ]
    return KeyNumbers(items=items)


def _notes(page: Page) -> list[Text]:
    """What a reader must know before the numbers."""
    notes = [*_diverged(page), *_below_chance(page), *_kinetics(page), *_split_by_study(page), *_few(page)]
    return [Text(rst="\n".join(f"* {note}" for note in notes))] if notes else []


def _diverged(page: Page) -> list[str]:
    named = []
    repeats = list(dict.fromkeys(draw for *_, draw in page.cells))  # numbered as in the tables of results
    for (task, init, ratio, draw), path in zip(page.cells, page.files["selected"], strict=True):
        loss = read_json(path)["validation_loss"]
        if has_diverged(loss):
            named.append(
                f"{page.titles[task]}, {init_name(init)} at {100 * float(ratio):g} % of the labels, repeat "
                f"{repeats.index(draw) + 1} (validation loss {loss:,.4g})"
            )
    if not named:
        return []
    return [
        f"**Training failed** for {len(named)} of the selected models; predicting probability 0.5 for every "
        f"study gives a loss of 0.69. Their results mean nothing: {_listed(named)}."
    ]


def _below_chance(page: Page) -> list[str]:
    named = below_chance(page.table("metrics"), page.titles)
    if not named:
        return []
    return [
        "**Below chance**: an AUROC below 0.5 means that the model ranks cases below controls on that test "
        "set, as a model does that has learnt something other than the disease. With the whole interval "
        f"below 0.5: {_listed(named)}."
    ]


def _kinetics(page: Page) -> list[str]:
    if "kinetics400" in page.inits:
        return []
    encoder = page.config["model"]["encoder"]
    reason = (
        "it was not asked for in this run"
        if encoder == "r3d_18"
        else f"the published weights are those of r3d_18, and the encoder here is {encoder}, of another shape"
    )
    return [
        f"**Kinetics-400 was left out**: {reason}. To include it, use ``model.encoder: r3d_18``, put "
        "torchvision's weights in place (docs/own_data.md, *Kinetics-400 weights*) and add "
        "``kinetics400`` to "
        "``finetune.initialisations``."
    ]


def _split_by_study(page: Page) -> list[str]:
    if page.config["cohort"]["split_unit"] != "study":
        return []
    return [
        f"The split is by study, as in the paper: {shared_patients(page):,} patients have studies in more "
        "than one set. ``cohort.split_unit: patient`` keeps them together."
    ]


def _few(page: Page) -> list[str]:
    """The test sets with fewer than 32 cases or controls."""
    metrics = page.table("metrics")
    counts = metrics.loc[
        metrics["metric"] == "auroc", ["task", "cohort", "n_studies", "n_positive"]
    ].drop_duplicates()
    few = [
        f"{page.titles[task]}, {cohort}: {cases} {'case' if cases == 1 else 'cases'} among {total} studies"
        for task, cohort, total, cases in counts.itertuples(index=False)
        if min(cases, total - cases) < 32
    ]
    if not few:
        return []
    return [
        "Percentile intervals cover less than they say with few cases (90 % instead of 95 % at 31, 85 % at "
        f"20): {'; '.join(few)}."
    ]


def _listed(named: list[str]) -> str:
    more = len(named) - LISTED
    return "; ".join(named[:LISTED]) + (f"; and {more} more" if more > 0 else "")
