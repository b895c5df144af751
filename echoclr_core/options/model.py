"""Options of section `model`."""

from typing import Annotated

from pydantic import Field

from echoclr_core.options.base import option, options


@options()
class ModelOptions:
    """The encoder, the same for all initialisations."""

    encoder: str = option(
        "r3d_18",
        (
            "Video network: r3d_18, mc3_18, r2plus1d_18, s3d, mvit_v2_s, swin3d_t; r3d is r3d_18 with "
            "model.width and model.blocks; or one added in echoclr_core/models/encoders/."
        ),
        changes="numbers",
        source="paper, 3D-ResNet18",
    )
    width: int = option(
        64,
        "Channels of the first block (r3d only).",
        changes="numbers",
        unit="channels",
        ge=4,
    )
    blocks: tuple[Annotated[int, Field(ge=1)], ...] = option(
        (2, 2, 2, 2),
        "Residual blocks of each of the four stages (r3d only).",
        changes="numbers",
        min_length=4,
        max_length=4,
    )
    input_size: int = option(
        112,
        "Height and width the network sees; smaller than mask.size means area downsampling.",
        changes="numbers",
        unit="pixels",
        source="paper (112)",
        ge=8,
    )
