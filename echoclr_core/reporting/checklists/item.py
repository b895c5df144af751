"""One item of a checklist."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """What a checklist asks.

    Parameters
    ----------
    number
        As the checklist numbers it.
    asks
        A short paraphrase; the original is what counts.
    answer
        Key of :data:`~echoclr_core.reporting.checklists.answers.ANSWERS`.
    """

    number: str
    asks: str
    answer: str


def items(*rows: tuple[str, str, str]) -> tuple[Item, ...]:
    """Items from (number, asks, answer)."""
    return tuple(Item(*row) for row in rows)
