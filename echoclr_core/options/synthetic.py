"""Options of section `synthetic`."""

from typing import Annotated, Literal

from pydantic import Field

from echoclr_core.options.base import Unique, option, options


@options(
    renamed={
        "layouts": "vendor_screens",
        "touching_share": "edge_text_share",
        "inside_share": "inside_text_share",
        "passing_share": "transient_text_share",
    }
)
class SyntheticOptions:
    """The synthetic cohort that stands in for your data in the demo; studies above 0 write it to
    synthetic.folder before anything else. Such a study reads no data of yours.
    """

    folder: str = option(
        "",
        (
            "Folder that the synthetic cohort is written to, new or marked as written by an earlier "
            "run; input.dicom_dir, input.labels, input.pseudonym_key_file and views.labels are those "
            "below it. Needed where development_studies is above 0."
        ),
        changes="numbers",
    )
    development_studies: int = option(
        0,
        "Labelled studies of the development years; 0 = no synthetic cohort.",
        changes="numbers",
        unit="studies",
        ge=0,
    )
    external_studies: int = option(
        0,
        "Labelled studies of the external years.",
        changes="numbers",
        unit="studies",
        ge=0,
    )
    view_studies: int = option(
        0,
        "Studies with labelled views for the view classifier.",
        changes="numbers",
        unit="studies",
        ge=0,
    )
    plax_videos: tuple[Annotated[int, Field(ge=1)], ...] = option(
        (2, 4),
        "Fewest and most PLAX videos of a labelled study.",
        changes="numbers",
        unit="videos",
        min_length=2,
        max_length=2,
    )
    other_videos: tuple[Annotated[int, Field(ge=0)], ...] = option(
        (1, 2),
        "Fewest and most videos of other views of a labelled study.",
        changes="numbers",
        unit="videos",
        min_length=2,
        max_length=2,
    )
    frames: int = option(
        24,
        "Frames of a video of a labelled study.",
        changes="numbers",
        unit="frames",
        ge=2,
    )
    pictures: Literal["phantom", "tiny"] = option(
        "phantom",
        (
            "phantom draws hearts; tiny writes a few grey pixels, for archives whose headers and "
            "number of files count."
        ),
        changes="numbers",
    )
    frame_rates: tuple[Annotated[float, Field(gt=0)], ...] = option(
        (15,),
        "Frame rates; one is drawn for each video.",
        changes="numbers",
        unit="frames/s",
        min_length=1,
    )
    views: Unique[
        Literal[
            "plax",
            "plax_zoom",
            "plax_remote",
            "plax_colour",
            "a4c",
            "a2c",
            "psax_papillary",
            "psax_mitral",
            "psax_aortic",
            "subcostal",
        ]
    ] = option(
        (
            "plax",
            "plax_zoom",
            "plax_remote",
            "plax_colour",
            "a4c",
            "a2c",
            "psax_papillary",
            "psax_mitral",
            "psax_aortic",
            "subcostal",
        ),
        "Views in the archive.",
        changes="numbers",
        min_length=2,
    )
    screens: tuple[
        Annotated[tuple[Annotated[int, Field(ge=160)], ...], Field(min_length=2, max_length=2)], ...
    ] = option(
        ((480, 640), (565, 751), (600, 800), (768, 1024)),
        "Sizes of the screens; one is drawn for each study.",
        changes="numbers",
        unit="px, height and width",
        min_length=1,
    )
    vendor_screens: Unique[Literal["banner", "column", "tablet", "classic", "premium", "console"]] = option(
        ("banner", "column", "tablet", "classic", "premium", "console"),
        "Screens, one for each invented vendor; one is drawn for each study.",
        changes="numbers",
        min_length=1,
    )
    edge_text_share: float = option(
        0.04,
        "Share of videos with text across the edge of the fan.",
        changes="numbers",
        ge=0,
        le=1,
    )
    inside_text_share: float = option(
        0.01,
        "Share of videos with a name, number or date typed inside the fan.",
        changes="numbers",
        ge=0,
        le=1,
    )
    transient_text_share: float = option(
        0.0,
        "Share of the texts inside that are transient: shown in a part of the loop alone.",
        changes="numbers",
        ge=0,
        le=1,
    )
    difficulty: float = option(
        1.0,
        (
            "Factor on everything that differs between the videos of a study: depth, rotation, gain, "
            "drop-outs."
        ),
        changes="numbers",
        ge=0,
    )
    mixed_identities: bool = option(
        False,
        (
            "Write loops as well that share the study key or the UID of another patient's loop, name "
            "the issuer of their PatientID, or have no UID and paths that differ in a blank."
        ),
        changes="numbers",
    )
