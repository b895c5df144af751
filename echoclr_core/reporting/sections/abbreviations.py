"""The abbreviations of the page, each spelled out once."""

import re

import pandas as pd

from echoclr_core.reporting.report import DataTable, Section
from echoclr_core.reporting.sections.page import Page
from echoclr_core.reporting.style import init_name

ABBREVIATIONS = {
    "A2C": "apical two-chamber view",
    "A3C": "apical three-chamber view",
    "A4C": "apical four-chamber view",
    "AS": "aortic stenosis",
    "AUPR": "area under the precision–recall curve",
    "AUROC": "area under the receiver operating characteristic curve",
    "AVI": "file format of the deidentified videos",
    "DICOM": "Digital Imaging and Communications in Medicine, the format of the archive",
    "EchoCLR": "contrastive pretraining on pairs of videos of one study with frame order (the paper)",
    "Grad-CAM": "gradient-weighted class activation mapping, a saliency map",
    "Holm": "P values adjusted by Holm's method for the number of comparisons of a task on a test set",
    "Kinetics-400": "weights pretrained on videos of everyday actions",
    "LV": "left ventricle",
    "LVH": "left ventricular hypertrophy",
    "MI-SimCLR": "SimCLR with pairs of videos of one study (multi-instance)",
    "NPV": "negative predictive value",
    "O:E": "observed to expected cases",
    "PLAX": "parasternal long-axis view",
    "PPV": "positive predictive value",
    "PSAX": "parasternal short-axis view",
    "ROC": "receiver operating characteristic",
    "Random": "fine-tuned from random initial weights, without pretraining",
    "SD": "standard deviation",
    "SimCLR": "contrastive pretraining on two augmented copies of one video",
    "n.e.": "not estimable",
}


# Abbreviations that only some studies have: those of views, tasks and methods.
OF_SOME = ("A2C", "A3C", "A4C", "AS", "DICOM", "EchoCLR", "LVH", "MI-SimCLR", "PLAX", "PSAX", "SimCLR")


def section(page: Page) -> Section:
    """One table; of views, tasks and methods only those of the study. No titles of own tasks."""
    names = [page.source, page.kept, *page.titles.values(), *map(init_name, page.inits)]
    has = set(re.findall(r"[\w-]+", " ".join(names)))
    rows = [
        {"Abbreviation": short, "Meaning": long}
        for short, long in ABBREVIATIONS.items()
        if short not in OF_SOME or short in has
    ]
    return Section(
        title="Abbreviations",
        blocks=[DataTable(frame=pd.DataFrame(rows), title="Abbreviations and names used here")],
    )
