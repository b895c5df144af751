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
        given), ``tie`` (whether another has the same loss) and ``tie_rule``.

    Raises
    ------
    ValueError
        Without candidates, or when one has no loss or one that is no number.
    """
    candidates = [dict(candidate) for candidate in candidates]
    if not candidates:
        raise ValueError("no learning rates to choose from")
    for candidate in candidates:
        loss = candidate.get("validation_loss")
        if loss is None or not math.isfinite(loss):
            raise ValueError(
                f"learning rate {candidate.get('learning_rate')!r} has validation loss {loss!r}; "
                "a number is needed"
            )
    winner = min(candidates, key=lambda candidate: candidate["validation_loss"])
    same = [c for c in candidates if c["validation_loss"] == winner["validation_loss"]]
    return {
        "winner": winner,
        "learning_rate": winner["learning_rate"],
        "validation_loss": winner["validation_loss"],
        "candidates": candidates,
        "tie": len(same) > 1,
        "tie_rule": TIE_RULE,
    }
