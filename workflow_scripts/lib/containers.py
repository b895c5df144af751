"""Jobs in the container of envs/apptainer.def, where a run asks for it."""

from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

IMAGE = "echoclr-workflow.sif"
"""In the folder in which the study is run. Another name runs every job again, so it is no absolute path."""


def in_container(workflow: object) -> bool:
    """Whether this run asks for containers (``--software-deployment-method apptainer``)."""
    return DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method


def check_image(folder: Path) -> None:
    """Raise a WorkflowError where the image is not in ``folder``: each job would fail without it."""
    if not (folder / IMAGE).is_file():
        raise WorkflowError(
            f"{folder / IMAGE}: no such image, which --software-deployment-method apptainer runs jobs in; "
            f"build it in the folder of the repository: apptainer build {IMAGE} envs/apptainer.def"
        )
