"""The methods paragraphs: what was done, from the recorded settings.

Citations are keys of references.bib in the form that pandoc and Quarto read, ``[@key]``.
"""

from echoclr_core.reporting.findings import listing
from echoclr_core.reporting.manuscript.references import BY_OPTIMIZER, TORCHVISION_ENCODERS
from echoclr_core.reporting.sections.page import Page, read_json, shared_patients
from echoclr_core.reporting.style import init_name


def methods_text(page: Page) -> str:
    """Five paragraphs: data, sets and labels, pretraining, fine-tuning, evaluation."""
    parts = [_data(page), _sets(page), _pretraining(page), _finetuning(page), _evaluation(page)]
    return "\n\n".join(part for part in parts if part)


def _data(page: Page) -> str:
    # Views that the table of the videos names have no classifier, and no settings of one.
    mask, views = page.config["mask"], page.config.get("views", {})
    text = "The cohort is synthetic. " if page.synthetic else ""
    if page.source != "videos":
        text += (
            "Pixels outside the ultrasound sector of each DICOM file were set to black, identifiers were "
            "replaced "
            "by keyed hashes, and header values were carried over by an allow-list. "
        )
    if views.get("frames"):
        text += (
            f"A classifier decided the view of each video from the mean of its probabilities over "
            f"{views['frames']} frames drawn at random; {page.kept} videos were kept. "
        )
    return text + (
        "Pixels outside the convex hull of the ultrasound sector were set to black and frames were "
        "resized to "
        f"{mask['size']} × {mask['size']} pixels. The analysis was carried out with the EchoCLR workflow "
        "[@holste2024] in Snakemake [@molder2021] and PyTorch [@paszke2019]."
    )


def _sets(page: Page) -> str:
    split = read_json(page.files["split"])
    sizes = split["studies"]
    unit = {"study": "study", "patient": "patient"}.get(split["unit"])
    how = f"by {unit}, at random with seed {split['seed']}," if unit else "as their source divides them"
    text = (
        f"The development studies were divided {how} into {sizes.get('train', 0):,} for training, "
        f"{sizes.get('val', 0):,} for validation and {sizes.get('test', 0):,} for internal testing"
    )
    if sizes.get("external"):
        years = listing([str(year) for year in page.config["cohort"]["external_years"]])
        text += f"; {sizes['external']:,} studies of {years} formed the external test set"
    text += "."
    if page.table("studies")["patient_id"].notna().any():
        text += f" {_count(shared_patients(page), 'patient')} had studies in more than one set."
    return " ".join([text, *label_definitions(page)])


def label_definitions(page: Page) -> list[str]:
    """A sentence a task: which studies are cases."""
    return [
        _label(title, page.config["tasks"][task], page.units.get(task, ""))
        for task, title in page.titles.items()
    ]


def _label(title: str, rule: dict, unit: str) -> str:
    for key, word in (("all", "and"), ("any", "or")):
        if rule.get(key):
            parts = f", {word} ".join(_condition(part) for part in rule[key])
            return f"{title} was defined as {parts}."
    if rule.get("rule"):
        return f"{title} was defined by the registered rule {rule['rule']}."
    return f"{title} was defined as {_condition(rule, unit)}."


def _condition(rule: dict, unit: str = "") -> str:
    """A condition on one column, as "lvef below 40 %"."""
    column = rule["column"]
    for key, words in (("positive_above", "above"), ("positive_below", "below")):
        if rule.get(key) is not None:
            limits = rule[key]
            if isinstance(limits, dict):
                values = listing([f"{value:g} ({name})" for name, value in limits.items()])
            else:
                values = f"{limits:g}"
            return f"{column} {words} {values} {unit}".rstrip()
    return f"{column} {listing([f'“{text}”' for text in rule['positive']], 'or')}"


def _pretraining(page: Page) -> str:
    if not page.methods:
        return ""
    pre, model = page.config["pretrain"], page.config["model"]
    steps = {
        init_name(method): read_json(path)["steps"]
        for method, path in zip(page.methods, page.files["runs"], strict=True)
    }
    counts = listing([f"{name} {count:,}" for name, count in steps.items()])
    text = (
        f"Encoders ({model['encoder']}{_citation(model['encoder'])}) were pretrained on the training "
        "videos by "
        f"{listing(list(steps))} with clips of {pre['clip_length']} frames, batches of {pre['batch_size']}, "
        f"temperature {pre['temperature']:g}, the optimiser {pre['optimizer']} "
        f"[@{BY_OPTIMIZER[pre['optimizer']]}] "
        f"and learning rate {pre['learning_rate']:g}, for these numbers of steps: {counts}. "
    )
    adds = (
        "adds to this the prediction of"
        if "mi_simclr" in page.methods
        else "contrasts clips of two videos of one study and predicts"
    )
    contrast = {
        "simclr": "SimCLR contrasts two augmented copies of one clip [@chen2020].",
        "mi_simclr": "MI-SimCLR contrasts clips of two videos of one study [@azizi2021].",
        "echoclr": f"EchoCLR {adds} the order of shuffled frames [@holste2024].",
        "vicreg": "VICReg brings the embeddings of two videos of one study together, keeps the variance "
        "of each coordinate and decorrelates coordinates [@bardes2022].",
    }
    return text + " ".join(contrast[method] for method in page.methods if method in contrast)


def _finetuning(page: Page) -> str:
    tune = page.config["finetune"]
    ratios = listing([f"{100 * ratio:g} %" for ratio in sorted(tune["ratios"])])
    inits = listing([init_name(init) for init in page.inits])
    cite = " [@kay2017]" if "kinetics400" in page.inits else ""
    return (
        f"Classifiers were fine-tuned for each task from {inits}{cite} on {ratios} of the labelled training "
        f"studies (nested random subsets, {_count(tune['draws'], 'draw')}), with clips of "
        f"{tune['clip_length']} "
        "frames, "
        f"batches of {tune['batch_size']} and {tune['optimizer']} [@{BY_OPTIMIZER[tune['optimizer']]}], "
        "for at most "
        f"{_count(tune['max_epochs'], 'epoch')}; training stopped after "
        f"{_count(tune['patience'], 'epoch')} without a lower validation loss. Where several "
        "learning rates were tried, the one with the lowest validation loss was used."
    )


def _evaluation(page: Page) -> str:
    evaluate, explain = page.config["evaluate"], page.config["explain"]
    by_view = page.config["finetune"].get("study_score") == "views"
    order = "the videos of each view and the views" if by_view else "the videos"
    unit = "studies" if evaluate["resample_unit"] == "study" else "patients"
    text = (
        f"Probabilities of {page.config['finetune']['eval_clips_per_video']} clips were averaged over "
        "each video, "
        f"then over {order} of a study. Areas under the receiver operating characteristic curve "
        "(AUROC) have "
        f"95 % percentile intervals from {evaluate['n_resamples']:,} bootstrap resamples of {unit}. "
        "Initialisations were compared by paired one-sided bootstrap tests on shared resamples [@robin2011], "
        "with P values adjusted by Holm's method within task and test set [@holm1979], and by DeLong's test "
        "[@delong1988] as a cross-check. Thresholds were fixed on the validation set at a specificity or "
        f"sensitivity of {100 * evaluate['target_rate']:g} %; rates have exact intervals [@clopper1934]. "
        "Calibration was described by intercept, slope, O:E ratio and scaled Brier score, utility by "
        "decision "
        "curves [@vickers2006], and the expected width of intervals after Hanley and McNeil [@hanley1982]."
    )
    if explain["tasks"]:
        tasks = listing([page.titles[task] for task in explain["tasks"]])
        text += f" Saliency maps for {tasks} were made with Grad-CAM [@selvaraju2017]"
        checked = " and checked by weight randomisation [@adebayo2018]" if explain["n_randomisations"] else ""
        text += f"{checked}."
    return text


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _citation(encoder: str) -> str:
    return " [@tran2018]" if encoder in TORCHVISION_ENCODERS else ""
