"""The encoder that the configuration names, as the core's settings take it."""

from pathlib import Path

from echoclr_core.design.initialisations import encoder_fields
from echoclr_core.models.classifier_file import ClassifierHeader
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.models.kinetics import kinetics_file, load_kinetics
from echoclr_core.models.weights import load_encoder, load_strictly, read_weights


def encoder_settings(model: dict) -> EncoderSettings:
    """EncoderSettings from the configuration's ``model`` section."""
    return EncoderSettings(**encoder_fields(model))


def initial_state(init: str, weights: str, config: dict, settings: EncoderSettings) -> dict | None:
    """The encoder's initial weights, loaded strictly; None for random ones.

    Parameters
    ----------
    init
        Initialisation.
    weights
        File of an encoder that the study pretrained; "" for the others.
    config
        The configuration, which names the files of the user's own weights.
    settings
        The encoder.
    """
    if init == "random":
        return None
    encoder = build_encoder(settings)
    if init == "kinetics400":
        load_kinetics(encoder, kinetics_file(config["finetune"]["kinetics_weights"]))
    else:
        load_encoder(weights or config["initialisations"][init]["weights"], encoder)
    return encoder.state_dict()


def label_rule_of(config: dict, task: str) -> dict:
    """Which studies are positive, from the configuration, for the header of a model.

    The rule of the task's own entry, else the section with the rules of all tasks.
    """
    tasks = config.get("tasks")
    return tasks[task] if isinstance(tasks, dict) else config["cohort"]


def load_classifier(path: str) -> tuple[Classifier, ClassifierHeader]:
    """A fine-tuned classifier in eval mode, loaded strictly, and its header."""
    tensors, metadata = read_weights(path)
    header = ClassifierHeader.from_metadata(metadata, source=Path(path).name)
    model = Classifier(build_encoder(header.encoder))
    load_strictly(model, tensors, source=Path(path).name)
    return model.eval(), header
