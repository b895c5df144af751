"""Stand-ins for the work on one file that fail as decoders do; the file's name says how."""

import errno
import os
import shutil
import signal
import time
from pathlib import Path

from echoclr_core.deidentify.video_file import deidentify_video
from echoclr_core.dicom.third_party import as_unusable

CALLS = "ECHOCLR_TEST_CALLS"


def deidentify(path, target, settings):
    name = Path(path).name
    if "segfault" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hang" in name:
        time.sleep(600)
    if "slow" in name:
        time.sleep(3)
    if "memory" in name:
        bytearray(2**40)
    if "exception" in name:
        raise RuntimeError(f"cannot decode {path}")
    return deidentify_video(path, target, settings)


def counted(path, target, settings):
    with Path(os.environ[CALLS]).open("a") as file:
        file.write(Path(path).name + "\n")
    return deidentify_video(path, target, settings)


def slow_after_two(path, target, settings):
    if Path(os.environ[CALLS]).exists() and len(Path(os.environ[CALLS]).read_text().splitlines()) >= 2:
        time.sleep(600)
    return counted(path, target, settings)


def no_space(path, target, settings):
    raise OSError(28, "No space left on device", target)


def replaced(path, target, settings):
    row = deidentify_video(path, target, settings)
    copy = Path(path).with_name("copy")
    shutil.copyfile(path, copy)
    copy.replace(path)
    return row


def slowly(path, target, settings):
    time.sleep(1)
    return deidentify_video(path, target, settings)


def lost_folder(path, target, settings):
    """Reading fails as on a network folder whose server has gone."""
    with as_unusable(path):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), path)
