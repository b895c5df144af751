"""Text that is left in a written video, looked for by the audit."""

import numpy as np
from numpy.typing import NDArray

from echoclr_core.deidentify.text.ocr import screen_text
from echoclr_core.deidentify.text.static_text import covered, picture_text
from echoclr_core.deidentify.text.strokes import dark_written_lines, still_pictures, written_lines
from echoclr_core.deidentify.text.writing import BRIGHTEST_AND_FOUND

READ_AT = (0.05, 0.5, 0.95)  # parts of the clip; other frames than those that are read before delivery


def residual_text(frames: NDArray[np.uint8], brightest: NDArray[np.uint8], mask: NDArray[np.bool_]) -> int:
    """Lines of text in the picture in which most are found.

    Two tests that share nothing: one reads, and asks the text detector, in whole pictures; the other knows
    neither letters nor models, and looks for still strokes that stand as writing does. The darkest value over
    time shows what is drawn without what moves; the brightest, what was drawn at any time; a single frame is
    what a person sees.

    Parameters
    ----------
    frames
        (T, H, W) uint8, spread over the video.
    brightest
        (H, W) uint8, the brightest value of each pixel in any frame.
    mask
        (H, W) bool, what was kept.
    """
    whole = slice(0, mask.shape[0]), slice(0, mask.shape[1])
    single = [frames[round(part * (len(frames) - 1))] for part in READ_AT]
    # Still, sharp tissue resembles faint writing in a single frame, and one false alarm may end a run.
    lines = [picture_text(picture, mask, whole, BRIGHTEST_AND_FOUND) for picture in (brightest, *single)]
    darkest = screen_text(frames.min(0), screen=mask)
    markers = [line for found in (darkest, *lines) for line in found if line.marker]
    written = [
        written_lines(still, mask) + dark_written_lines(still, mask) for still in still_pictures(frames)
    ]
    return max(
        sum(line.legible for line in darkest),  # of its strokes the other test knows more
        *(sum(line.is_text for line in found) for found in lines),
        *(sum(not covered(box, markers) for box in boxes) for boxes in written),
    )
