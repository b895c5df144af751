"""Options of section `export`."""

from echoclr_core.options.base import Unique, option, options


@options()
class ExportOptions:
    """Target export: bundles of trained models that score new studies (docs/predict.md)."""

    tasks: Unique[str] = option(
        (),
        "Tasks to export; none = all of finetune.tasks.",
        changes="nothing",
        source="ours",
    )
    initialisations: Unique[str] = option(
        (),
        (
            "Initialisations to export, a bundle each; none = echoclr, or the last of "
            "finetune.initialisations where echoclr is not among them."
        ),
        changes="nothing",
        source="ours",
    )
    ratio: float | None = option(
        None,
        "Which label ratio; null = the largest of finetune.ratios.",
        changes="nothing",
        unit="share of the labelled training studies",
        source="ours",
        gt=0,
        le=1,
    )
    onnx: bool = option(
        False,
        (
            "Write each model as ONNX too, from masked grey clips to probabilities, compared with PyTorch on "
            "clips of the validation set to 1e-5."
        ),
        changes="nothing",
        source="ours",
    )
    ensemble: bool = option(
        True,
        "Export the models of all draws and pretrainings as one ensemble; false = the first alone.",
        changes="nothing",
        source="ours",
    )
