"""PRIME, Table 1 (Sengupta et al., JACC Cardiovascular Imaging 2020; 13: 2017–2035): cardiac imaging.

Items up to 5.1 were compared with the published table; a star marks those that were not.
"""

from echoclr_core.reporting.checklists.item import items

ITEMS = items(
    ("1.1", "Why machine learning is needed for these data", "author"),
    ("1.2", "Objectives of the analysis", "question"),
    ("1.3", "The study plan", "author"),
    ("1.4", "Summary statistics of baseline data", "table1"),
    ("1.5", "The steps of the workflow", "provenance"),
    ("2.1", "How the data were made clean, uniform and consistent", "preparation"),
    ("2.2", "Whether and how variables were normalised", "augmentation"),
    ("2.3", "Share of missing values, and how they were filled in", "missing"),
    ("2.4", "Selection of features, if any", "training"),
    ("2.5", "Outliers, and what was done with them", "unusable"),
    ("2.6", "Imbalance of classes, and what was done about it", "imbalance"),
    ("3.1", "The goal: regression, classification, clustering", "question"),
    ("3.2", "The kind of learning: supervised, self-supervised or other", "training"),
    ("3.3", "Simpler, complex or ensemble models, in detail", "architecture"),
    ("3.4", "Complex models beside simpler ones, if possible", "initialisations"),
    ("3.5", "Ensembles, if used", "ensemble"),
    ("3.6", "Whether the model can be interpreted", "saliency"),
    ("4.1", "Data for training, validation and testing", "split"),
    ("4.2", "How the parameters of the model were optimised", "selection"),
    ("5.1", "Measures of the model's performance", "measures"),
    ("5.2*", "Prevalence of the disease, and the choice of the score", "events"),
    ("5.3*", "Methods that balance the classes", "imbalance"),
    ("5.4*", "Risk of a wrong classification", "utility"),
    ("6.1*", "Code for others", "code"),
    ("6.2*", "A dictionary of the variables", "texts"),
    ("6.3*", "Versions of all software", "provenance"),
    ("7.1*", "Assumptions and limits of the model", "limits"),
    ("7.2*", "Data of the held-out evaluation, as closely as those of training", "external"),
)
