"""Where `make bench` collects its figures: one entry a name in results.json."""

import json
import os
from pathlib import Path

VARIABLE = "ECHOCLR_BENCHMARK_RESULTS"


def record(
    name: str,
    *,
    ours: float,
    other: float,
    unit: str,
    other_is: str,
    less_is_better: bool = True,
    limit: float | None = None,
    limit_is: str = "",
) -> None:
    """Add one comparison to the file that the environment names; without it, do nothing.

    Parameters
    ----------
    ours, other
        What this project and what a user would otherwise run take, both in ``unit``, from one run.
    other_is
        What ``other`` is, in words.
    less_is_better
        Whether a small value is good: seconds and bytes, against clips a second. The ratio is always how many
        times better ours is.
    limit, limit_is
        The physical limit in ``unit``, and what it is; None where none was measured.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return
    ratio = other / ours if less_is_better else ours / other
    entry = {"ratio": ratio, "ours": ours, "other": other, "unit": unit, "other_is": other_is}
    entry |= {"limit": limit, "limit_is": limit_is}
    file = Path(path)
    found = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(found | {name: entry}, indent=1, sort_keys=True) + "\n")
