"""The weights that an initialisation starts from."""

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.kinetics import kinetics_file, load_kinetics
from echoclr_core.models.weights import load_encoder


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
