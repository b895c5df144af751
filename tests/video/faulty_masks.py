"""Stand-ins for the masking of one video that fail in their own ways."""

import errno
import os
import signal
from pathlib import Path

from echoclr_core.video.masked_video import mask_file


def mask(source, target, settings, sha256, spacing):
    if Path(source).stem == "v_b":
        os.kill(os.getpid(), signal.SIGSEGV)
    return mask_file(source, target, settings, sha256, spacing)


def disk(source, target, settings, sha256, spacing):
    raise OSError(errno.EIO, "v_b.avi: does not read back as it was written")


def counted(source, target, settings, sha256, spacing):
    with Path(os.environ["ECHOCLR_TEST_CALLS"]).open("a") as file:
        file.write(Path(source).stem + "\n")
    return mask_file(source, target, settings, sha256, spacing)
