"""The registry of figures and tables: number, title, alternative text and caption of each.

Figures, the report page and Snakemake's own report read it. Words in braces are filled from the run
(:meth:`Exhibit.caption_text`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """One figure or table.

    Parameters
    ----------
    number
        "Figure 2", "Table S3"; empty for an exhibit without a number.
    title
        What is shown, without a full stop.
    alt
        What a figure looks like, for readers who cannot see it; empty for tables.
    caption
        reStructuredText with values in braces.
    """

    title: str
    number: str = ""
    alt: str = ""
    caption: str = ""

    @property
    def heading(self) -> str:
        """Number and title: "Figure 2. AUROC by share of labels"."""
        return f"{self.number}. {self.title}" if self.number else self.title

    def caption_text(self, **values: object) -> str:
        """The caption with its values; KeyError names a value that is missing."""
        return self.caption.format(**values)


_BY_LABELS = (
    "Performance of each initialisation against the share of labelled training studies, with 95 % percentile "
    "intervals from {n_resamples} bootstrap resamples of studies."
)
_FOUR_PANELS = "Panels by task and test set; one line an initialisation, performance against share of labels"

FIGURES = {
    "flow": Exhibit(
        title="From the archive to the sets",
        alt="Boxes with the counts of studies and videos at each stage, and of those excluded",
        caption="Every file of the archive, from the catalogue to the set of its study. Excluded files and "
        "studies are at the right, with reason and count.",
    ),
    "montage": Exhibit(
        title="Before and after the mask",
        alt="Pairs of ultrasound frames, the deidentified frame above the masked one",
        caption="Deidentified frames before and after the convex-hull mask, as the networks see them. Only "
        "the ultrasound sector should remain.",
    ),
    "contact_sheet": Exhibit(
        title="Contact sheet",
        alt="Brightest value over time of audited videos, in which a person looks for text",
        caption="Brightest value of each pixel over the whole video, so that text of any frame shows. Only "
        "ultrasound should be visible here. Videos with a finding of the audit come first; the finding is in "
        "capitals.",
    ),
    "views": Exhibit(
        title="View classifier on held-out videos",
        alt="Confusion matrix of views",
        caption="Labelled view against predicted view of the held-out labelled videos; no patient of theirs "
        "was in training.",
    ),
    "views_calibration": Exhibit(
        title="Calibration of the view classifier",
        alt="Share of right decisions against the probability of the predicted view",
        caption="The same held-out videos. The lower panel counts the videos in each tenth of probability.",
    ),
    "pretraining": Exhibit(
        title="Pretraining",
        alt="Losses and accuracies by step, one line a method",
        caption="Course of the training runs. In pretraining, chance is 1/K! for the order accuracy and one "
        "over the number of candidates for the contrastive accuracy. Alignment and uniformity both near 0 "
        "mean that the representation has collapsed.",
    ),
    "finetuning": Exhibit(
        title="Fine-tuning of the selected models",
        alt="Validation loss by epoch, one panel a task and share of labels",
        caption="Validation loss by epoch. Predicting probability 0.5 for every study gives 0.69.",
    ),
    "figure2": Exhibit(
        number="Figure 2", title="AUROC by share of labels", alt=_FOUR_PANELS, caption=_BY_LABELS
    ),
    "figure3": Exhibit(
        number="Figure 3",
        title="Contrastive methods by share of labels",
        alt=_FOUR_PANELS,
        caption=_BY_LABELS,
    ),
    "figure_s1": Exhibit(
        number="Figure S1", title="AUPR by share of labels", alt=_FOUR_PANELS, caption=_BY_LABELS
    ),
    "figure_s2": Exhibit(
        number="Figure S2",
        title="AUPR of the contrastive methods by share of labels",
        alt=_FOUR_PANELS,
        caption=_BY_LABELS,
    ),
    "figure4": Exhibit(
        number="Figure 4",
        title="Saliency",
        alt="Heat maps over the first frame of each study, one row a model",
        caption="Grad-CAM of the last convolution block on the first {frames} frames: the maximum over time, "
        "laid over the first frame. The columns are the studies with the highest probability under the "
        "reference model (upper row), each with its video of highest probability; the clip shown is the "
        "clip scored. One colour scale holds for {colour_scale}.",
    ),
    "figure4_checks": Exhibit(
        title="Weight randomisation",
        alt="Rank correlation of the maps with those of randomised weights, one line a model",
        caption="Spearman's rank correlation between the maps of the trained network and those of networks "
        "whose weights were shuffled from the output down to the part named (mean of {n_randomisations} "
        "randomisations). A map whose correlation stays near 1 shows the picture and the architecture, not "
        "what was learnt.",
    ),
    "figure4_movie": Exhibit(
        title="Moving saliency",
        alt="The clips of Figure 4, frame by frame with the map of that moment",
        caption="Every frame with its own map, on the colour scale of Figure 4.",
    ),
    "failures": Exhibit(
        title="Surest errors",
        alt="First frames of the studies called wrongly with the most extreme probabilities",
        caption="Controls with the highest and cases with the lowest probability among the studies called "
        "wrongly, up to three of each kind and test set, masked as the network sees them. The saliency map "
        "stands beside the frame where maps were made for the task (``explain.tasks``): where it lies off "
        "the heart, the model read something else. Numbers are places in the list of errors.",
    ),
    "roc": Exhibit(
        title="ROC curves",
        alt="Sensitivity against 1 − specificity, one line an initialisation, with a band for the last",
        caption="Receiver operating characteristic (ROC) curves of the models fine-tuned on the most labels. "
        "Look where the specificity is high enough to be used: the area says nothing of where two curves "
        "differ. Marks are the thresholds fixed on the validation set; bands come from {n_resamples} "
        "bootstrap resamples and hold at each point, not for the curve as a whole.",
    ),
    "precision_recall": Exhibit(
        title="Precision–recall curves",
        alt="Precision against recall, one line an initialisation, with a band for the last",
        caption="Precision (positive predictive value) at each recall (sensitivity), for the models "
        "fine-tuned on the most labels. A model without skill lies at the prevalence, the grey line, so that "
        "curves of test sets with different prevalences do not compare.",
    ),
    "decision_curves": Exhibit(
        title="Decision curves",
        alt="Net benefit against threshold probability, one line an initialisation, beside treating all",
        caption="Net benefit: true positives less false positives, weighted by the odds of the threshold "
        "probability at which somebody would act (Vickers and Elkin 2006). A model is of use only where its "
        "line lies above both treating everybody and treating nobody (0). The probabilities are those of the "
        "networks, not recalibrated.",
    ),
    "calibration": Exhibit(
        title="Calibration",
        alt="Observed share of cases against predicted probability, one line an initialisation",
        caption="Models fine-tuned on the most labels. The test studies are sorted by predicted probability "
        "into bins; the observed share of cases in each bin is drawn against the mean probability. On the "
        "diagonal, predicted probability equals observed frequency.",
    ),
    "recalibration": Exhibit(
        title="Calibration after recalibration",
        alt="Observed share of cases against recalibrated probability, one line an initialisation",
        caption="As above, after logistic recalibration: intercept and slope are fitted on the validation "
        "set and only applied to the test sets. What is still off the diagonal does not come from the level "
        "or the spread of the probabilities. Models whose validation set gives no coefficients are left out.",
    ),
    "repeats": Exhibit(
        title="Differences over repeats",
        alt="Difference of AUROC of each comparison: a dot for each repeat, the mean and its interval",
        caption="Paired differences of AUROC between initialisations. A dot is one draw of the labels with "
        "one pretraining; the mark and the bar are the mean over them with its 95 % interval from "
        "{n_resamples} resamples of studies, draws and pretrainings.",
    ),
    "subgroups": Exhibit(
        title="Subgroups",
        alt="AUROC by sex, age and year, one mark an initialisation",
        caption="AUROC in parts of the test sets, by sex, age and year as far as the labels have them, for "
        "the models fine-tuned on the most labels. With few cases in a part there is no interval, and "
        "differences between parts mean little.",
    ),
    "technical_subgroups": Exhibit(
        title="Technical subgroups",
        alt="AUROC by vendor, frame rate, image height, number of videos, masked share and view margin",
        caption="AUROC by how the videos were acquired, for one model fine-tuned on the most labels. Numbers "
        "are cut at the thirds of each test set. A model that reads the machine instead of the heart shows "
        "here; the table below has the differences with intervals.",
    ),
}

TABLES = {
    "table1": Exhibit(number="Table 1", title="The cohort"),
    "table_s1": Exhibit(number="Table S1", title="The cohort in detail"),
}
FIRST_TASK_TABLE = 2  # Table S2 is that of the first task


def task_table(position: int, title: str) -> tuple[str, Exhibit]:
    """File name and description of the result table of task ``position``, from 0: "table_s2", ..."""
    number = FIRST_TASK_TABLE + position
    return f"table_s{number}", Exhibit(number=f"Table S{number}", title=f"{title} by share of labels")


COLOUR_SCALE = {"figure": "all maps", "model": "all maps of a model"}
"""``report.saliency_scale`` to the words of Figure 4's caption."""


def figure_name(stem: str) -> tuple[str, int]:
    """Key and page of a figure's file name: "figure2_page3" is page 3 of "figure2".

    Raises
    ------
    KeyError
        If no figure of the registry is written under this name.
    """
    name, _, page = stem.partition("_page")
    if name not in FIGURES or (page and not page.isdigit()):
        raise KeyError(f"{stem} is no figure of the registry; there are {sorted(FIGURES)}")
    return name, int(page or 1)


def caption_values(
    *, n_resamples: int, frames: int, n_randomisations: int, saliency_scale: str
) -> dict[str, str]:
    """The values that captions hold, as text.

    Parameters
    ----------
    n_resamples
        ``evaluate.n_resamples``.
    frames
        ``explain.frames``.
    n_randomisations
        ``explain.n_randomisations``.
    saliency_scale
        ``report.saliency_scale``: "figure" or "model".
    """
    return {
        "n_resamples": f"{n_resamples:,}",
        "frames": str(frames),
        "n_randomisations": str(n_randomisations),
        "colour_scale": COLOUR_SCALE[saliency_scale],
    }
