"""What is refused although the configuration is valid: targets that a study lacks, and loss of files."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from snakemake.exceptions import WorkflowError

from echoclr_core.synthetic.files.own_folder import foreign_files


def refuse_target(name: str, found: Sequence[str]) -> Callable[[object], list[str]]:
    """Input function of a target that cannot be planned: raises WorkflowError with all problems."""

    def refuse(wildcards) -> list[str]:
        lines = "\n".join(f"  {line}" for line in found)
        raise WorkflowError(f"the target {name} cannot be planned:\n{lines}")

    return refuse


def refuse_copies_of_logs(show_failed_logs: bool) -> None:
    """Raise a WorkflowError where the engine would copy logs: those in restricted/ hold identifiers."""
    if show_failed_logs:
        raise WorkflowError(
            "--show-failed-logs is not allowed: it would copy logs of restricted/, which may name patients, "
            "to the terminal and into .snakemake/log; each failing job says where its log is"
        )


def refuse_review(wildcards) -> list[str]:
    """Input function of the target review where there are no DICOM files: raises WorkflowError."""
    raise WorkflowError("the target review needs DICOM files: videos of input.avi are taken as they are")


def refuse_changed_cohort(config: dict) -> None:
    """Raise a WorkflowError where writing the synthetic cohort anew would remove what somebody put there.

    The names go to the terminal only: they may be those of patients, and Snakemake keeps what an exception
    says in its log.
    """
    folder = Path(config["synthetic"]["folder"])
    found = foreign_files(folder)
    if found:
        print("\n".join(found[:20] + ["..."] * (len(found) > 20)), file=sys.stderr)
        raise WorkflowError(
            f"synthetic.folder: {folder} holds {len(found)} file(s) that were added or changed since the "
            "cohort was written, listed above; the cohort is due to be written anew, which would remove "
            "them. Move them elsewhere, remove the folder, or name another"
        )
