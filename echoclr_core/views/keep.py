"""Which views are kept, and what they are called."""

from collections.abc import Mapping, Sequence

_WORDS = {
    "plax": ("PLAX", "parasternal long axis (PLAX)"),
    "plax_plax": ("PLAX", "parasternal long axis (PLAX)"),
    "a4c": ("A4C", "apical four-chamber (A4C)"),
    "a2c": ("A2C", "apical two-chamber (A2C)"),
    "a3c": ("A3C", "apical three-chamber (A3C)"),
    "psax": ("PSAX", "parasternal short axis (PSAX)"),
    "subcostal": ("subcostal", "subcostal"),
}
"""Kept view, small letters, to its short and its long name; others are called as the configuration does."""


def kept_views(keep: Sequence[str] | Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Class of the classifier to the kept view that it counts as.

    Parameters
    ----------
    keep
        ``views.keep``: classes, each a view of its own, or kept view to its classes.

    Raises
    ------
    ValueError
        If no class is named, or one is named for two views.
    """
    entries = keep.items() if isinstance(keep, Mapping) else [(name, [name]) for name in keep]
    found: dict[str, str] = {}
    for view, classes in entries:
        for name in classes:
            if name in found:
                raise ValueError(f"views.keep: the class {name!r} is named for {found[name]} and for {view}")
            found[name] = view
    if not found:
        raise ValueError("views.keep: names no class")
    return found


def view_names(keep: Sequence[str] | Mapping[str, Sequence[str]]) -> list[str]:
    """The kept views, in the order of the configuration."""
    return list(dict.fromkeys(kept_views(keep).values()))


def short_name(view: str) -> str:
    """What a kept view is called in tables and figures: "PLAX"."""
    return _WORDS.get(view.lower(), (view, view))[0]


def long_names(keep: Sequence[str] | Mapping[str, Sequence[str]]) -> str:
    """The kept views in words, "Parasternal long axis (PLAX) and apical four-chamber (A4C)"."""
    text = _listing([_WORDS.get(view.lower(), (view, view))[1] for view in view_names(keep)])
    return text if text.split(" ", 1)[0] in view_names(keep) else text[:1].upper() + text[1:]


def short_names(keep: Sequence[str] | Mapping[str, Sequence[str]]) -> str:
    """The kept views in short: "PLAX and A4C"."""
    return _listing([short_name(view) for view in view_names(keep)])


def _listing(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
