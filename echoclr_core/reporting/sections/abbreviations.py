"""The abbreviations of the page, each spelled out once."""

import pandas as pd

from echoclr_core.reporting.report import DataTable, Section
from echoclr_core.reporting.sections.page import Page

ABBREVIATIONS = {
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
    "PLAX": "parasternal long axis, the view of the videos",
    "PPV": "positive predictive value",
    "ROC": "receiver operating characteristic",
    "Random": "fine-tuned from random initial weights, without pretraining",
    "SD": "standard deviation",
    "SimCLR": "contrastive pretraining on two augmented copies of one video",
    "n.e.": "not estimable",
}


def section(page: Page) -> Section:
    """One table; the titles of the user's own tasks are not explained."""
    rows = [{"Abbreviation": short, "Meaning": long} for short, long in ABBREVIATIONS.items()]
    return Section(
        title="Abbreviations",
        blocks=[DataTable(frame=pd.DataFrame(rows), title="Abbreviations and names used here")],
    )
