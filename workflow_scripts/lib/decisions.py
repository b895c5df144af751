"""Decisions of a person about single videos: the file of the configuration, by shards.

What loads pandas is imported where there is a file of decisions: the rules are read in every cluster job.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from echoclr_core.deidentify.review.decisions import Decision


class PlannedDecisions:
    """Digest of the decisions about each shard: only shards of which it changes are made again.

    Parameters
    ----------
    config
        The resolved configuration.
    active
        False where no plan is made (in the processes of single jobs, for linting): nothing is read.
    """

    def __init__(self, config: dict, *, active: bool):
        path = config["deidentify"]["decisions"]
        self._path = Path(path) if active and path and Path(path).is_file() else None
        self._shards = config["input"]["shards"]
        self._digests: dict[int, str] | None = None

    def of_shard(self, wildcards) -> str:
        """For the parameters of a rule of one shard; "" where nobody decided on any of its videos."""
        if self._path is None:
            return ""
        if self._digests is None:
            self._digests = self._read(self._path)
        return self._digests.get(int(wildcards.shard), "")

    @property
    def digest(self) -> str:
        """Of all decisions; "" for none."""
        if self._path is None:
            return ""
        from echoclr_core.deidentify.review.decisions import decisions_digest, read_decisions

        return decisions_digest(read_decisions(self._path))

    def _read(self, path: Path) -> dict[int, str]:
        from echoclr_core.deidentify.review.decisions import by_shard, decisions_digest, read_decisions

        shards = by_shard(read_decisions(path), self._shards)
        return {shard: decisions_digest(decisions) for shard, decisions in shards.items()}


def shard_decisions(snakemake) -> "dict[str, Decision]":
    """The decisions about the shard of a job; none in a rule without the parameter `decisions`.

    Raises
    ------
    DecisionError
        The file has changed since the plan was made, or is gone.
    """
    planned = snakemake.params.get("decisions")
    path = snakemake.config["deidentify"]["decisions"]
    if planned is None or not path:
        return {}
    from echoclr_core.deidentify.review.decisions import (
        DecisionError,
        by_shard,
        decisions_digest,
        read_decisions,
    )

    if not Path(path).is_file():
        raise DecisionError("deidentify.decisions: the file is not there any more")
    shards = by_shard(read_decisions(path), snakemake.config["input"]["shards"])
    found = shards.get(int(snakemake.wildcards.shard), {})
    if planned and decisions_digest(found) != planned:  # a job on another machine knows no plan
        raise DecisionError("deidentify.decisions: the file has changed since the plan was made: start again")
    return found
