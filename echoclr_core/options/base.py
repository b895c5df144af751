"""How to declare an option: name: type = option(default, description, changes=...) in a class of @options.

Such a class is a frozen, keyword-only pydantic dataclass that refuses unknown names. Types and bounds are
checked wherever an instance is made: the core refuses what the check of the configuration refuses.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, TypeVar, dataclass_transform

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

Item = TypeVar("Item")

Changes = Literal["numbers", "output", "nothing"]
"""What a new value starts again: numbers (data, models or predictions), output (the audit, evaluation,
saliency, figures or tables alone), nothing."""


@dataclass_transform(kw_only_default=True, frozen_default=True)
def options(*, renamed: dict[str, str] | None = None) -> Callable[[type], type]:
    """Decorator of a section of the configuration, and of the settings that derive from one.

    Parameters
    ----------
    renamed
        Old name to new name: the check of the configuration answers an old name with the new one.
    """
    extra = {"x-renamed": renamed} if renamed else None
    config = ConfigDict(extra="forbid", validate_default=True, json_schema_extra=extra)
    return dataclass(frozen=True, kw_only=True, config=config)


def option(
    default: Any,
    description: str,
    *,
    changes: Changes,
    unit: str | None = None,
    source: str | None = None,
    required: bool = False,
    **bounds: Any,
) -> Any:
    """Declare one option.

    Parameters
    ----------
    default
        The value in config.yaml: that of the paper's study.
    description
        What the option does, for config.yaml and docs/configuration.md.
    changes
        See :data:`Changes`.
    unit
        Unit of the value.
    source
        Where the paper (EchoCLR, Commun Med 2024) or the released code says so; "ours" otherwise.
    required
        Whether a user must fill it.
    bounds
        ge, gt, le, lt, multiple_of, min_length, max_length, pattern: as in pydantic's Field.
    """
    facts = {"x-changes": changes, "x-unit": unit, "x-source": source, "x-required": required or None}
    extra = {name: value for name, value in facts.items() if value is not None}
    return Field(default, description=description, json_schema_extra=extra, kw_only=True, **bounds)


def section(options_class: type) -> Any:
    """Declare a section within a section, or within the configuration."""
    return Field(default_factory=options_class, kw_only=True)


def _each_once(items: tuple) -> tuple:
    if len(set(items)) < len(items):
        raise ValueError("an item stands there more than once")
    return items


Unique = Annotated[
    tuple[Item, ...], AfterValidator(_each_once), Field(json_schema_extra={"uniqueItems": True})
]
"""A list without repeated items."""


Settings = TypeVar("Settings")


def settings_from(kind: type[Settings], values: Mapping[str, Any]) -> Settings:
    """Settings of one class from plain values (a slice of the configuration, a JSON file), every field named.

    No default is filled in: a job's values are those of its parameters, by which Snakemake sees a change.

    Raises
    ------
    ValueError
        Naming the fields that ``values`` lacks, or (pydantic's) each field with a wrong name or value.
    """
    missing = [field.name for field in fields(kind) if field.name not in values]
    if missing:
        raise ValueError(f"{kind.__name__}: {', '.join(missing)}: no value; received {', '.join(values)}")
    return kind(**values)
