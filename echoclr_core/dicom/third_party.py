"""What parsers and decoders of others raise, in this room's one exception."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from echoclr_core.common.files import LOST_FOLDER
from echoclr_core.dicom.outcomes import UnusableFile


@contextmanager
def as_unusable(path: str | Path) -> Iterator[None]:
    """Turn whatever a parser or decoder throws at a file into UnusableFile with its path.

    Broken files make third-party code raise nearly anything; one of them must never end more than itself.
    MemoryError passes: it is the process's state as well, and whoever keeps the process must know. So do the
    errors of a network folder that was lost: every other file would fail as well.
    """
    try:
        yield
    except UnusableFile as error:
        if error.path is not None:
            raise
        raise UnusableFile(
            error.outcome, error.why, path=path, tag=error.tag, value=error.value
        ) from error.__cause__
    except MemoryError:
        raise
    except OSError as error:
        if error.errno in LOST_FOLDER:
            raise
        raise UnusableFile(
            "corrupt", f"it cannot be read: {error.strerror or type(error).__name__}", path=path
        ) from error
    except Exception as error:
        if isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        raise UnusableFile("corrupt", f"decoding ended in {type(error).__name__}", path=path) from error
