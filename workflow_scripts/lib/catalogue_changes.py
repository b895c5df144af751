"""Which shards a change of the archive touches, decided while the run is planned.

Within one run Snakemake runs every consumer of a job that runs. A catalogue job that declared the tables of
all shards would therefore start every shard after one new file. So the plan itself compares the archive with
the catalogue, and the job declares the tables that change; the others are files without a producer.
"""

import sys
from pathlib import Path

from workflow_scripts.lib.catalogue_record import CATALOGUED, LISTED, read_record

WORKERS = 4


class CatalogueChanges:
    """The shards whose tables the catalogue job declares.

    Parameters
    ----------
    config
        The resolved configuration.
    state
        The folder that outlives reruns, below restricted/.
    tables
        The folder of the tables of the shards.
    archive, settings
        Digest of the archive's files and of the settings of the catalogue.
    """

    def __init__(self, config: dict, state: str, tables: str, *, archive: str, settings: str):
        self._config, self._state, self._tables = config, Path(state), Path(tables)
        self._archive, self._settings = archive, settings

    def planned(self, shards: list[str]) -> list[str]:
        """The shards that differ from the archive if the archive alone has changed, otherwise all.

        The headers of new and changed files are read; nothing is written.
        """
        done = read_record(self._state / CATALOGUED)
        if not done or done["settings"] != self._settings or done["archive"] == self._archive:
            return shards
        changed = self._compare(shards)
        print(
            f"The archive has changed: {len(changed)} of {len(shards)} shards are worked on.", file=sys.stderr
        )
        return changed

    def of_job(self, shards: list[str]) -> list[str]:
        """What the plan decided, for the process of a job on another machine."""
        done, listed = read_record(self._state / CATALOGUED), read_record(self._state / LISTED)
        same = not done or not listed or done["settings"] != listed["settings"]
        return shards if same or done["archive"] == listed["archive"] else listed["shards"]

    def _compare(self, shards: list[str]) -> list[str]:
        from echoclr_core.deidentify.identifiers.catalogue import (
            read_archive,  # pandas, pydicom: only after a change
        )
        from workflow_scripts.lib.secret_key import study_pseudonyms

        inputs = self._config["input"]
        _, catalogue = read_archive(
            inputs["dicom_dir"],
            self._state,
            study_pseudonyms(self._config),
            study_key=inputs["study_key"],
            outside_links=inputs["outside_links"],
            shards=inputs["shards"],
            workers=WORKERS,
        )
        rows = dict(tuple(catalogue.groupby("shard")))
        empty = catalogue.iloc[:0]
        return [
            shard
            for shard in shards
            if _differs(rows.get(int(shard), empty), self._tables / f"{shard}.parquet")
        ]


def _differs(rows, path: Path) -> bool:
    """Whether a table of RESTRICTED_CATALOGUE is not what ``path`` holds."""
    from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE

    try:
        written = RESTRICTED_CATALOGUE.read(path)
    except (OSError, ValueError):  # missing or not whole: to be written
        return True
    return not written.equals(rows.reset_index(drop=True))
