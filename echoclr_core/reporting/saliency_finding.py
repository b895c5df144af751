"""The first sentences of the saliency section: whether the maps lie where the heart is, and if not, why."""

from echoclr_core.reporting.style import init_label

SIMILAR_MAPS = 0.4  # rank correlation that 95 % of unrelated smooth maps stay below (docs/saliency.md)


def finding(summary: dict, task: str) -> str:
    """Whether the saliency of the explained model lies in the sector and on the valve, as text.

    Parameters
    ----------
    summary
        Of :func:`echoclr_core.explain.summary.summarise`. The explained model is the one that is not the
        reference; where both are the same, that one.
    task
        Title of the task.

    Returns
    -------
    str
        One sentence with the shares beside what a flat map would have; where one of them is not above that,
        further sentences with the reasons that the numbers show.
    """
    name = next((one for one in summary["models"] if one != summary["reference"]), summary["reference"])
    model, label = summary["models"][name], init_label(name)
    places = [("in the sector", model["sector_share"], summary["sector_area"])]
    if summary["valve_area"] is not None:
        places.append(("on the aortic valve", model["valve_share"], summary["valve_area"]))
    if any(share is None for _, share, _ in places):
        count = summary["n_studies"]
        head = f"{label} shows no saliency for {task}: none of its {count} maps has a value above 0."
        return " ".join([head, *_reasons(summary, name)])
    above = [share > area for _, share, area in places]
    shares = "; ".join(
        f"{where} {_percent(share)}, a flat map {_percent(area)}" for where, share, area in places
    )
    if all(above):
        verdict = f"lies {' and '.join(where for where, *_ in places)} more than a flat map would"
    else:
        missed = " and ".join(where for (where, *_), fine in zip(places, above, strict=True) if not fine)
        verdict = f"does not lie {missed} more than a flat map would"
    head = f"The saliency of {label} for {task} {verdict} ({shares}; {summary['n_studies']} studies)."
    return head if all(above) else " ".join([head, *_reasons(summary, name)])


def _reasons(summary: dict, name: str) -> list[str]:
    """What the numbers show of the cause, a sentence each."""
    model, count = summary["models"][name], summary["n_studies"]
    reasons = []
    if model["empty_maps"]:
        reasons.append(
            f"In {model['empty_maps']} of {count} clips nothing speaks for the class: their maps are empty."
        )
    probabilities = [study["clip_probabilities"][name] for study in summary["studies"]]
    mean = sum(probabilities) / max(len(probabilities), 1)
    if probabilities and mean < 0.5:
        reasons.append(
            f"The model gives these clips a mean probability of {mean:.2f}: Grad-CAM shows what speaks for "
            "the class, and it finds little that does."
        )
    last = model["correlations"][-1] if model["correlations"] else None
    if last is not None and last > SIMILAR_MAPS:
        reasons.append(
            f"With all weights redrawn the maps stay alike (rank correlation {last:.2f}): they show the "
            "picture and the architecture, not what was learned."
        )
    return reasons or ["The numbers of this section do not show why."]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
