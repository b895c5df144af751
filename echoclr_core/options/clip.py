"""Options of section `clip`."""

from typing import Literal

from echoclr_core.options.base import option, options


@options()
class ClipOptions:
    """Clips in time: the frames that the clip store holds of each video."""

    frame_rate: float | None = option(
        None,
        (
            "Frame rate of all clips: of each video the frames nearest to these times are taken, by its own "
            "frame rate; clip_length and frame_stride then count frames of this rate. null = every frame."
        ),
        changes="numbers",
        unit="frames/s",
        source="paper (every frame)",
        ge=0.1,
        le=1000,
    )
    missing_frame_rate: Literal["every_frame", "exclude"] = option(
        "every_frame",
        (
            "With frame_rate, videos whose file states no frame rate: every_frame = all their frames, as "
            "without frame_rate; exclude = left out and counted in the flow."
        ),
        changes="numbers",
        source="ours",
    )
