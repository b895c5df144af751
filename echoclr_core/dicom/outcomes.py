"""The fixed vocabulary of what can become of a source file, and the error that carries one word of it."""

from pathlib import Path
from typing import Any

OUTCOME_MEANINGS = {
    "ok": "a cine loop that every stage so far could use",
    "link_outside": "a symbolic link that leaves the archive's folder, which is not allowed",
    "not_dicom": "the content is not DICOM",
    "duplicate": "a copy: same study, SOP Instance UID and content as a file with an earlier path",
    "missing_file": "the table of videos names it, and it is not there",
    "pseudonym_collision": "its pseudonym is that of another file",
    "changed": "size, time, UID, study or patient differ from what the catalogue says of the file",
    "no_pixels": "DICOM without pixel data: a report, a DICOMDIR, a bare header",
    "single_frame": "a still image",
    "too_short": "a cine loop with fewer frames than the configured minimum",
    "truncated": "fewer frames, or fewer bytes of a frame, than the header declares",
    "corrupt": "the file cannot be opened, contradicts itself, or its pixel data cannot be decoded",
    "unsupported_syntax": "a transfer syntax or photometric interpretation that no decoder here reads",
    "not_ultrasound_cine": "a multi-frame image of another kind: X-ray, MR, a segmentation, a volume",
    "spectral_doppler_or_mmode": "every image region of the frame is spectral Doppler or M-mode",
    "no_frame_rate": "no attribute gives a believable frame rate, and no default is configured",
    "fps_below_limit": "the frame rate is below the configured limit",
    "no_study_key": "the DICOM keyword that names the study is empty",
    "blank": "nothing moves and nothing is lit",
    "no_sector": "no convincing ultrasound sector was found, so nothing can be kept safely",
    "burned_in_text": "text was read inside the part of the frame that would be kept",
    "rejected": "a person rejected the video",
    "stale_decision": "a person decided on the video as it was before its content or its sector changed",
    "colour_doppler": "more strongly coloured pixels inside the sector than the configured limit",
    "timeout": "the decoder did not finish in time",
    "crashed": "the decoder brought its process down, or ran out of memory",
}
"""Outcome to its meaning, in the order in which a file meets them."""

OUTCOMES = tuple(OUTCOME_MEANINGS)
"""The words alone; the allowed values of every `outcome` column that speaks of source files."""


class UnusableFile(ValueError):  # noqa: N818 (the name that the other rooms import)
    """A source file that cannot be used, and why.

    The message holds the path and a header value, either of which may identify a patient: print it only
    where identifiers are allowed, and `outcome` anywhere.

    Parameters
    ----------
    outcome
        One of :data:`OUTCOMES`, not "ok".
    why
        What was expected, in words, without path or header value.
    path
        The file, or None where there is none (arrays, pixel data alone).
    tag
        The DICOM keyword to blame, or None.
    value
        What it holds, or None.
    """

    def __init__(
        self,
        outcome: str,
        why: str,
        *,
        path: str | Path | None = None,
        tag: str | None = None,
        value: Any = None,
    ):
        assert outcome in OUTCOME_MEANINGS, outcome
        assert outcome != "ok"
        self.outcome = outcome
        self.why = why
        self.path = path
        self.tag = tag
        # Text, cut short: a header may hold megabytes, and the error must pickle between processes.
        self.value = None if value is None else str(value)[:120]
        blamed = "" if tag is None else f"{tag}: " if value is None else f"{tag} is {self.value!r}: "
        place = "" if path is None else f"{path}: "
        super().__init__(f"{place}{outcome}: {blamed}{why}")

    def __reduce__(self):
        return _rebuild, (self.outcome, self.why, self.path, self.tag, self.value)


def _rebuild(
    outcome: str, why: str, path: str | Path | None, tag: str | None, value: str | None
) -> UnusableFile:
    return UnusableFile(outcome, why, path=path, tag=tag, value=value)
