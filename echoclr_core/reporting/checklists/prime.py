"""PRIME (Sengupta et al., JACC Cardiovascular Imaging 2020), for machine learning in cardiac imaging.

The seven sections are those of the checklist; the numbers within a section are counted here.
"""

from echoclr_core.reporting.checklists.item import items

ITEMS = items(
    ("1.1", "Need for machine learning, and the question", "author"),
    ("1.2", "Objective and outcome", "question"),
    ("1.3", "Study population and its suitability", "table1"),
    ("1.4", "Sample size for the question", "size"),
    ("1.5", "How the model fits into care", "author"),
    ("2.1", "Data cleaning and quality control", "preparation"),
    ("2.2", "Missing and unusable data", "missing"),
    ("2.3", "Standardisation of the images and their scale", "preparation"),
    ("2.4", "Features: choice, reduction, learning", "training"),
    ("2.5", "Imbalance of classes", "imbalance"),
    ("2.6", "Augmentation", "augmentation"),
    ("3.1", "Kind of model, and why", "architecture"),
    ("3.2", "Models that were compared, and the baseline", "initialisations"),
    ("3.3", "Complexity of the model beside the size of the data", "subsets"),
    ("4.1", "Training, validation and test sets and their independence", "split"),
    ("4.2", "Tuning of hyperparameters, and on what", "selection"),
    ("4.3", "Control of overfitting", "stopping"),
    ("4.4", "Variation between repeats", "repeats"),
    ("5.1", "Measures that fit the question and the balance of classes", "measures"),
    ("5.2", "Uncertainty and tests", "uncertainty"),
    ("5.3", "Calibration", "calibration"),
    ("5.4", "Clinical utility", "utility"),
    ("5.5", "External evaluation", "external"),
    ("5.6", "Comparison with experts or standard care", "author"),
    ("6.1", "Code and model for others", "code"),
    ("6.2", "Versions, seeds and hardware", "provenance"),
    ("6.3", "Data for others", "author"),
    ("7.1", "Limitations", "limits"),
    ("7.2", "Bias and subgroups", "fairness"),
    ("7.3", "Interpretation of what the model looks at", "saliency"),
    ("7.4", "Failures", "failures"),
    ("7.5", "Alternatives to the model", "author"),
)
