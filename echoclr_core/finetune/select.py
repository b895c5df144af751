"""The learning rate of the lowest validation loss (Methods, "Supervised fine-tuning")."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

TIE_RULE = "equal validation losses: the candidate listed first"


def select_learning_rate(candidates: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Choose among finished runs by the validation loss at their early-stopped checkpoint.

    Parameters
    ----------
    candidates
        One mapping a run, in the order of the configuration, with at least ``learning_rate`` (as
        configured, text or number) and ``validation_loss`` (of its best epoch). Further entries are carried
        along.

    Returns
    -------
    dict
        ``winner`` (its mapping), ``learning_rate``, ``validation_loss``, ``candidates`` (all, in the order
        given), ``failed`` (learning rate to reason of those without a finite loss), ``tie`` (whether another
        has the same loss) and ``tie_rule``. With no finite loss at all, ``winner``, ``learning_rate`` and
        ``validation_loss`` are None.

    Raises
    ------
    ValueError
        Without candidates.
    """
    candidates = [dict(candidate) for candidate in candidates]
    if not candidates:
        raise ValueError("no learning rates to choose from")
    failed = {str(one.get("learning_rate")): _reason(one) for one in candidates if _reason(one)}
    usable = [one for one in candidates if not _reason(one)]
    winner = min(usable, key=lambda candidate: candidate["validation_loss"]) if usable else None
    lowest = winner["validation_loss"] if winner else None
    return {
        "winner": winner,
        "learning_rate": winner["learning_rate"] if winner else None,
        "validation_loss": lowest,
        "candidates": candidates,
        "failed": failed,
        "tie": sum(one["validation_loss"] == lowest for one in usable) > 1,
        "tie_rule": TIE_RULE,
    }


def _reason(candidate: Mapping[str, Any]) -> str:
    """Why a candidate cannot be chosen; "" where it can."""
    loss = candidate.get("validation_loss")
    if loss is not None and math.isfinite(loss):
        return ""
    return candidate.get("reason") or f"its validation loss is {loss!r}"
