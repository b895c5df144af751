"""Options of section `initialisations`: initial weights of the user's own, by name."""

from typing import Annotated, Literal, Required

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from echoclr_core.options.base import Unique, option

Rates = Annotated[Unique[str | float], Field(min_length=1)]


@with_config(ConfigDict(extra="forbid"))
class InitialisationOptions(TypedDict, total=False):
    """One initialisation: where its weights lie, of which network they are, what it is shown."""

    title: Annotated[str, Field(min_length=1)]
    weights: Required[Annotated[str, Field(min_length=1)]]
    encoder: Annotated[str, Field(min_length=1)]
    width: Annotated[int, Field(ge=1)]
    blocks: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    normalisation: Literal["min-max", "kinetics400", "imagenet"]
    learning_rates: Rates
    learning_rates_few: Rates


InitialisationName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]

Initialisations = dict[InitialisationName, InitialisationOptions]

INITIALISATIONS = option(
    {},
    (
        "Initial weights of your own, beside random, kinetics400 and the pretraining methods: "
        "name to weights (a safetensors file; python -m tools.convert_weights makes one of a PyTorch "
        "checkpoint), title (in figures), encoder, width and blocks (as model.* where not named), "
        "normalisation (min-max, or the mean and deviation of kinetics400 or imagenet), learning_rates and "
        "learning_rates_few (finetune.learning_rates.supervised and supervised_few where not named). "
        "finetune.initialisations says which of them the study compares (docs/initialisations.md)."
    ),
    changes="numbers",
    source="ours",
)
