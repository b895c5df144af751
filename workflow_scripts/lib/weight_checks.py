"""Initial weights that a study did not make itself, each loaded on trial before the first job."""

import sys

from echoclr_core.design.initialisations import encoder_of, own_weights
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.kinetics import fetch_kinetics, kinetics_file, load_kinetics
from echoclr_core.models.weights import load_encoder


def weight_problems(config: dict, *, fetch: bool) -> list[str]:
    """What is wrong with the weights of the initialisations; torchvision may ``fetch`` those of Kinetics."""
    kinetics = "kinetics400" in config["finetune"]["initialisations"]
    return [*(_kinetics_problem(config, fetch=fetch) if kinetics else []), *own_weight_problems(config)]


def _kinetics_problem(config: dict, *, fetch: bool) -> list[str]:
    """What is wrong with the Kinetics-400 weights; where none are named or cached, torchvision may ``fetch``
    them.
    """
    named = config["finetune"]["kinetics_weights"]
    try:
        try:
            path = kinetics_file(named)
        except FileNotFoundError:
            if named or not fetch:
                raise
            print("fetching torchvision's Kinetics-400 weights of r3d_18 into its cache", file=sys.stderr)
            path = fetch_kinetics()
        load_kinetics(build_encoder(EncoderSettings(name="r3d_18")), path)
    except (FileNotFoundError, ValueError) as error:
        return [f"finetune.kinetics_weights: {error}"]
    return []


def own_weight_problems(config: dict) -> list[str]:
    """What is wrong with the weights of the user's own initialisations; each is loaded on trial."""
    found = []
    for name, entry in own_weights(config).items():
        try:
            encoder = build_encoder(EncoderSettings(**encoder_of(config, name)))
            load_encoder(entry["weights"], encoder)
        except (FileNotFoundError, ValueError) as error:
            found.append(f"initialisations.{name}.weights: {error}")
    return found
