"""No image of a process's memory where it crashes: it would hold headers, tables, keys and pixels."""

import resource


def disable_core_dumps() -> None:
    """Leave no core dump of this process, nor of any that it starts from now on.

    The soft limit becomes 1 byte: Linux writes no file below its least size, and the value 1 is the one that
    keeps it from handing the image to a program as well (``core_pattern`` with a pipe, as systemd-coredump
    and apport have it), for which a limit of 0 does not count.
    """
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    soft = 0 if hard == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
