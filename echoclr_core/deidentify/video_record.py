"""What becomes of one source file: a frozen record that grows from stage to stage, and one way to end it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from echoclr_core.common.mask_files import mask_path
from echoclr_core.dicom.outcomes import UnusableFile


@dataclass(frozen=True, kw_only=True)
class VideoRecord:
    """Columns of SOURCE_FILES without those of identity and outcome; None for what was not reached.

    No value holds text of the header but by allow-list.
    """

    n_frames: int | None = None
    frames_declared: int | None = None
    fps: float | None = None
    fps_source: str | None = None
    height: int | None = None
    width: int | None = None
    manufacturer: str | None = None
    model: str | None = None
    transfer_syntax: str | None = None
    photometric: str | None = None
    active_fraction: float | None = None
    coverage: float | None = None
    kept_fraction: float | None = None
    windows: int | None = None
    window_kept: str | None = None
    text_lines: int | None = None
    colour_share: float | None = None
    mm_per_pixel_x: float | None = None
    mm_per_pixel_y: float | None = None
    sha256: str | None = None
    bytes: int | None = None

    def row(self, outcome: str) -> dict[str, Any]:
        """What is known, and the outcome."""
        return {name: value for name, value in asdict(self).items() if value is not None} | {
            "outcome": outcome
        }


def run_stages(stages: Iterator[VideoRecord], path: str | Path, target: str | Path) -> dict[str, Any]:
    """Run the stages of one file to their end, or to the :class:`UnusableFile` that one of them raises.

    Parameters
    ----------
    stages
        Each step gives the record as far as it is known; the last one has written ``target`` and its mask.
    path
        The source file.
    target
        The video; it and its mask are removed where the file is left out.

    Returns
    -------
    dict
        The last record and "outcome". For a file that is left out, "detail" is a sentence that may hold
        identifiers: keep it restricted.
    """
    record = VideoRecord()
    try:
        for reached in stages:
            record = reached
    except UnusableFile as error:
        for written in (Path(target), mask_path(target)):
            written.unlink(missing_ok=True)
        place = "" if error.path else f"{path}: "  # what looks at frames alone knows no file
        return record.row(error.outcome) | {"detail": place + str(error)}
    return record.row("ok")
