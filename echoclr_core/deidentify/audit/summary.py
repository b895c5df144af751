"""What the audit says of a whole run, and whether that is good enough."""

from typing import Any

import pandas as pd

from echoclr_core.deidentify.tables import AUDIT, SOURCE_FILES

DECISIONS = SOURCE_FILES.columns["decision"].allowed
NEVER = ("lit_outside", "leak", "unreadable")  # one video of these is one too many


def audit_summary(audit: pd.DataFrame, source_files: pd.DataFrame) -> dict[str, Any]:
    """Counts of a run's audit.

    Parameters
    ----------
    audit
        AUDIT of all shards.
    source_files
        SOURCE_FILES of all shards.

    Returns
    -------
    dict
        ``written`` and ``audited`` videos; videos of each outcome of AUDIT under its name, those with
        ``text`` that a person accepted or corrected also as ``text_decided``; ``text_rate``, the share that
        holds legible text of the audited videos on which nobody decided; ``accepted``, ``rejected``,
        ``corrected`` and ``stale``, videos by the decision of a person; ``quarantined`` for text inside the
        sector, ``without_sector``, ``several_windows``, videos of screens with more than one window, and
        ``cut``, videos out of which lines of text were cut. Plain numbers, but for ``leak_places``: kind and
        place of the identifiers that were found, to the number of videos.
    """
    audit, files = AUDIT.check(audit), SOURCE_FILES.check(source_files)
    outcomes = audit["outcome"].value_counts()
    places = audit["leak_places"].explode().dropna().value_counts()
    found = {name: int(outcomes.get(name, 0)) for name in AUDIT.columns["outcome"].allowed}
    written = files[files["outcome"] == "ok"]
    decided = audit["video_id"].isin(files.loc[files["decision"].notna(), "video_id"])
    open_text = int((audit.loc[~decided, "outcome"] == "text").sum())
    return {
        "written": len(written),
        "audited": len(audit),
        **found,
        "leak_places": {str(place): int(count) for place, count in sorted(places.items())},
        "outside_pixels": int(audit["outside_pixels"].sum()),
        "text_decided": found["text"] - open_text,
        "text_rate": open_text / int((~decided).sum()) if not decided.all() else 0.0,
        **{word: int((files["decision"] == word).sum()) for word in DECISIONS},
        "quarantined": int((files["outcome"] == "burned_in_text").sum()),
        "without_sector": int((files["outcome"] == "no_sector").sum()),
        "several_windows": int((written["windows"].fillna(1) > 1).sum()),
        "cut": int((written["text_lines"].fillna(0) > 0).sum()),
    }


def check_audit(summary: dict[str, Any], max_text_rate: float) -> None:
    """Raise ValueError, which names counts and no video, where a run may not go out.

    Lit pixels outside a mask, an identifier, or a video that cannot be read back are never good enough;
    legible text is up to ``max_text_rate``, a share of the audited videos.
    """
    wrong = [f"{summary[name]} {name.replace('_', ' ')}" for name in NEVER if summary[name]]
    wrong += [f"{place} ({count} videos)" for place, count in summary.get("leak_places", {}).items()]
    if summary["text_rate"] > max_text_rate:
        wrong.append(
            f"{summary['text'] - summary.get('text_decided', 0)} with legible text, "
            f"a rate of {summary['text_rate']:.4f} "
            f"(deidentify.max_text_rate allows {max_text_rate})"
        )
    if wrong:
        raise ValueError(
            f"the audit of {summary['audited']} of {summary['written']} written videos found: "
            f"{'; '.join(wrong)}; look at figures/contact_sheet.png, where these videos come first, "
            "and at the outcomes in deidentified/audit/*.parquet"
        )
