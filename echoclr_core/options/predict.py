"""Options of section `predict`."""

from typing import Annotated

from pydantic import Field

from echoclr_core.options.base import Unique, option, options


@options()
class PredictOptions:
    """Target predict: new studies scored by bundles (docs/predict.md); the study does not depend on it."""

    dicom_dir: str = option(
        "",
        "Folder of DICOM files of new patients, any tree, any names.",
        changes="nothing",
        source="ours",
    )
    bundles: Unique[Annotated[str, Field(min_length=1)]] = option(
        (),
        (
            "Folders that target export wrote. They must agree on how files are deidentified, classified "
            "and masked."
        ),
        changes="nothing",
        source="ours",
    )
    name: str = option(
        "patients",
        ("Name of this set of new patients: everything is written under results/<study>/predict/<name>/."),
        changes="nothing",
        source="ours",
        pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$",
    )
    shards: int = option(
        0,
        "Parts the new studies are divided into; 0 = by their number of files, kept for later runs.",
        changes="nothing",
        unit="shards",
        source="ours",
        ge=0,
    )
    pages: bool = option(
        True,
        "Write an HTML page for each study.",
        changes="nothing",
        source="ours",
    )
