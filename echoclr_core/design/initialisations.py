"""The initialisations of a study from its configuration: order, titles, encoders, rates, problems."""

import json
from collections.abc import Sequence
from difflib import get_close_matches

from echoclr_core.options.method_files import (
    PUBLISHED,
    method_names,
    method_problems,
    method_title,
    unknown_method,
)

SSL = method_names()
"""The pretraining methods, in the order of figures and tables."""
ELSEWHERE = ("random", "kinetics400")
BUILT_IN = (*ELSEWHERE, *SSL)
ONE_SIZE = ("mc3_18", "mvit_v2_s", "r2plus1d_18", "r3d_18", "s3d", "swin3d_t")
"""torchvision's encoders: model.width and model.blocks say nothing of them."""


def known_initialisations(config: dict) -> list[str]:
    """Every name that may stand in ``finetune.initialisations``, in the order of figures and tables.

    Weights from elsewhere come before the methods that the study pretrains, so that EchoCLR stays last.
    """
    return [*ELSEWHERE, *config["initialisations"], *SSL]


def initialisation_titles(config: dict) -> list[list[str]]:
    """[name, title] of each initialisation of the user's own, in the order of the configuration."""
    own = config["initialisations"]
    return [[name, entry.get("title") or name] for name, entry in own.items()]


def added_method_titles(methods: Sequence[str]) -> list[list[str]]:
    """[name, title, "method"] of each of ``methods`` that is not the paper's."""
    return [[name, method_title(name), "method"] for name in methods if name not in PUBLISHED]


def encoder_of(config: dict, init: str) -> dict:
    """Fields of EncoderSettings of an initialisation: its own where it names any, else those of ``model``."""
    model, entry = config["model"], config["initialisations"].get(init, {})
    name = entry.get("encoder", model["encoder"])
    own = {key: entry[key] for key in ("width", "blocks") if key in entry}
    return {**encoder_fields(model | {"encoder": name}), **own}


def encoder_fields(model: dict) -> dict:
    """Fields of EncoderSettings from the configuration's ``model`` section."""
    sizes = {key: model[key] for key in ("width", "blocks") if model["encoder"] not in ONE_SIZE}
    return {"name": model["encoder"], **sizes}


def normalisation_of(config: dict, init: str) -> str:
    """What the network of an initialisation is shown: see ``echoclr_core.video.augmentation``."""
    if init == "kinetics400":
        return "kinetics400"
    return config["initialisations"].get(init, {}).get("normalisation", "min-max")


def initialisation_settings(config: dict, init: str) -> str:
    """What a training depends on of its initialisation, but for the weights, as sorted JSON."""
    chosen = {"encoder": encoder_of(config, init), "normalisation": normalisation_of(config, init)}
    return json.dumps(chosen, sort_keys=True)


def own_rates(config: dict) -> dict[str, list]:
    """Key path to the learning rates that an initialisation of the user's own names."""
    return {
        f"initialisations.{name}.{key}": list(entry[key])
        for name, entry in config["initialisations"].items()
        for key in ("learning_rates", "learning_rates_few")
        if key in entry
    }


def own_weights(config: dict) -> dict[str, dict]:
    """The initialisations of the user's own that the study fine-tunes from."""
    chosen = config["finetune"]["initialisations"]
    return {name: entry for name, entry in config["initialisations"].items() if name in chosen}


def learning_rates_of(config: dict, init: str, *, few: bool) -> list[str]:
    """Learning rates of an initialisation as text; ``few``: at shares up to finetune.low_label_threshold."""
    own = config["initialisations"].get(init, {}).get("learning_rates" + "_few" * few)
    kind = "ssl" if init in SSL else "supervised"
    rates = own or config["finetune"]["learning_rates"][kind + "_few" * few]
    return [str(rate) for rate in rates]


def initialisation_problems(config: dict, encoders: Sequence[str]) -> list[str]:
    """What is wrong with ``initialisations`` and with the lists that name initialisations."""
    found, known = _method_problems(config["pretrain"]), known_initialisations(config)
    chosen = config["finetune"]["initialisations"]
    for name, entry in config["initialisations"].items():
        where = f"initialisations.{name}"
        if name in BUILT_IN:
            found.append(f"{where}: {name} is built in; call your own otherwise")
        encoder = entry.get("encoder")
        if encoder is not None and encoder not in encoders:
            found.append(
                f"{where}.encoder: {encoder!r} is not known; allowed are {list(encoders)}"
                f"{_did_you_mean(encoder, encoders)}"
            )
    for init in chosen:
        if init not in known:
            found.append(
                f"finetune.initialisations: {init} is neither built in nor defined under initialisations; "
                f"there are {known}{_did_you_mean(init, known)}"
            )
    for role in ("reference", "model"):
        init = config["explain"][role]
        if config["explain"]["tasks"] and init not in chosen:
            found.append(
                f"explain.{role}: {init} is not in finetune.initialisations {list(chosen)}; choose one of "
                f"those{_did_you_mean(init, chosen)}"
            )
    return found + _comparison_problems(config["evaluate"]["comparisons"] or [], chosen)


def _method_problems(pretrain: dict) -> list[str]:
    """What is wrong with the names of methods and with the options of their own."""
    unknown = [unknown_method(name, "pretrain.methods") for name in pretrain["methods"]]
    return [*filter(None, unknown), *method_problems(pretrain["method_options"])]


def _comparison_problems(pairs: Sequence[Sequence[str]], chosen: Sequence[str]) -> list[str]:
    found = []
    for place, pair in enumerate(pairs):
        where = f"evaluate.comparisons[{place}]: {list(pair)}"
        for init in pair:
            if init not in chosen:
                found.append(
                    f"{where}: {init} is not in finetune.initialisations {list(chosen)}"
                    f"{_did_you_mean(init, chosen)}"
                )
        if len(set(pair)) < len(pair):
            found.append(f"{where} compares an initialisation with itself")
        if list(pair) in [list(earlier) for earlier in pairs[:place]]:
            found.append(f"{where} stands there more than once")
    return found


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
