"""Errors of the disk or of a network folder, in words: they are no fault of a file or a setting."""

import errno
import re
from collections.abc import Iterator

WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the folder is on a read-only disk",
    errno.EACCES: "the folder may not be written to, or a file not be read, by this user",
    errno.EPERM: "the folder may not be written to, or a file not be read, by this user",
    errno.EIO: "the disk or network folder reports an input/output error",
    errno.ESTALE: "a network folder was lost",
    errno.ENOTCONN: "a network folder was lost",
    errno.ETIMEDOUT: "a network folder does not answer",
    errno.EHOSTDOWN: "a network folder does not answer",
    errno.EHOSTUNREACH: "a network folder does not answer",
    errno.ENODEV: "a disk was removed",
}
"""Number of the error to what it means for a job."""

TEXTS = re.compile(r"No space left on device|os error (\d+)|\[?[Ee]rrno (\d+)\]?")


def storage_problem(error: BaseException) -> str | None:
    """What is wrong with the disk where that is why a job failed, without any path; None otherwise."""
    for each in _chain(error):
        number = getattr(each, "errno", None)
        if number not in WORDS and (match := TEXTS.search(str(each))):
            number = int(next((part for part in match.groups() if part), errno.ENOSPC))
        if number in WORDS:
            return f"{WORDS[number]}; nothing half-written is kept: put it right and start the same command"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
