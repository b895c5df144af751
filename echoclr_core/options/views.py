"""Options of section `views`."""

from typing import Annotated, Literal

from pydantic import Field

from echoclr_core.options.base import Unique, option, options, section


@options()
class OnnxOptions:
    """What an ONNX file does not say of itself (only for views.classifier onnx). Its input is (N, c, 224,
    224) or (N, 224, 224, c) with c 1 or 3 equal channels; all this is checked before the first video.
    """

    mean: float | tuple[float, ...] = option(
        0,
        "The network gets (grey - mean) / std, grey being 0 to 255; one number, or one a channel.",
        changes="numbers",
        unit="grey levels",
        source="ours",
    )
    std: Annotated[float, Field(gt=0)] | tuple[Annotated[float, Field(gt=0)], ...] = option(
        1,
        "See mean.",
        changes="numbers",
        unit="grey levels",
        source="ours",
    )
    channels: Literal[1, 3, None] = option(
        None,
        "Equal channels, for a model that leaves their number open; null = as the model says.",
        changes="numbers",
        source="ours",
    )
    output: Literal["probabilities", "logits"] = option(
        "probabilities",
        "What the first output holds; logits get a softmax.",
        changes="numbers",
        source="ours",
    )


Classes = Annotated[Unique[str], Field(min_length=1)]


@options()
class ClassifierOptions:
    """Which network decides the view, and what it is trained from."""

    classifier: Literal["zhang", "compact", "onnx", "provided"] = option(
        "zhang",
        (
            "provided = as the table of input.avi says, no network; zhang = network of Zhang et al. 2018 "
            "(VGG-16, 23 views); compact = a small network trained here from views.labels, or loaded "
            "from views.weights; onnx = any ONNX file with a class list."
        ),
        changes="numbers",
        source='paper, Methods "View Classification"',
    )
    weights: str = option(
        "",
        (
            "File with the classifier's weights (safetensors for zhang and compact, ONNX for onnx). "
            "Zhang et al.'s published checkpoint becomes such a file by `make zhang`."
        ),
        changes="nothing",
    )
    classes: str = option(
        "",
        "Text file with one class name a line, in the order of the outputs, for onnx.",
        changes="nothing",
    )
    onnx: OnnxOptions = section(OnnxOptions)
    keep: Classes | dict[str, Classes] = option(
        ("plax_plax",),
        (
            "Classes whose videos are kept, each a view of its own; or kept view to its classes, such as "
            "{plax: [plax_plax, plax_far], a4c: [a4c]} (docs/views.md)."
        ),
        changes="numbers",
        source="paper (PLAX; class of Zhang et al. 2018)",
    )
    labels: str = option(
        "",
        (
            "CSV or Parquet table with the columns view and video (SOPInstanceUID, or path below "
            "input.dicom_dir) or study and file, to train the compact network; its studies are in no "
            "other part of the cohort."
        ),
        changes="nothing",
    )


@options()
class FrameOptions:
    """Which frames of a video the classifier sees."""

    frames: int = option(
        10,
        "Frames drawn at random, without replacement, from each video.",
        changes="numbers",
        unit="frames",
        source="paper (10)",
        ge=1,
    )


@options(renamed={"plax_class": "keep"})
class ViewsOptions(FrameOptions, ClassifierOptions):
    """View classification; videos whose most probable view is kept go on."""

    epochs: int = option(
        20,
        "Longest training of the compact network.",
        changes="numbers",
        unit="epochs",
        source="ours",
        ge=1,
    )
