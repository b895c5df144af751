"""What is left to do of a shard: the rows that are known without work, and a job for each of the others."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from echoclr_core.common.isolation import Job
from echoclr_core.common.resume import resume_key
from echoclr_core.common.shard_cache import ShardCache
from echoclr_core.deidentify.review.decisions import Decision
from echoclr_core.deidentify.settings import DeidentifySettings

IDENTITY = (
    *("video_id", "study_id", "study_uid_id", "patient_id", "unissued_patient_id"),
    *("study_year", "outcome"),
)
RETRIED = ("crashed", "timeout", "changed")  # outcomes that need not be the file's fault
DECIDED_TIME = 2  # an accepted video may be written twice


@dataclass(frozen=True, kw_only=True)
class ShardJobs:
    """The work of a shard.

    Parameters
    ----------
    finished
        Video to its row of SOURCE_FILES.
    jobs
        Function ("package.module:name") to its jobs; the key of a job is its video.
    keys
        Video to its key in the cache: settings, code, source and the decision about it.
    """

    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, list[Job]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)


def sort_out(
    rows: pd.DataFrame,
    root: Path,
    cache: ShardCache,
    processes: tuple[str, str | None],
    settings: DeidentifySettings,
    decisions: Mapping[str, Decision],
) -> ShardJobs:
    """Rows that are known without work, and a job for each of the others.

    ``processes`` are the functions for a file, and for one that a person decided on. A video with a decision
    has a key of its own, so that a changed decision makes this video anew and no other.
    """
    work = ShardJobs()
    # In the order of the pseudonyms: in that of the catalogue, the times of the written files would tell the
    # order of the source paths, which often is that of names or dates.
    for row in rows.sort_values("video_id").to_dict("records"):
        identity = {name: None if pd.isna(row[name]) else row[name] for name in IDENTITY}
        video_id = row["video_id"]
        decision = decisions.get(video_id)
        function = processes[0 if decision is None else 1]
        work.keys[video_id] = _key(row, function, settings, decision)
        if row["outcome"] != "ok":
            work.finished[video_id] = identity | ({"decision": "stale"} if decision else {})
        elif (known := cache.get(video_id, work.keys[video_id])) and known["outcome"] not in RETRIED:
            work.finished[video_id] = known | identity | {"outcome": known["outcome"]}
        else:
            more = () if decision is None else (decision,)
            arguments = (str(root / row["path"]), str(cache.path(f"{video_id}.avi")), settings, *more)
            limit = settings.time_limit(row["bytes"]) * (DECIDED_TIME if decision else 1)
            work.jobs.setdefault(function, []).append(Job(video_id, arguments, limit))
    return work


def _key(
    row: Mapping[str, Any], function: str, settings: DeidentifySettings, decision: Decision | None
) -> str:
    source = [row["path"], row["bytes"], row["mtime_ns"]]
    return resume_key(function, asdict(settings), source if decision is None else [*source, asdict(decision)])
