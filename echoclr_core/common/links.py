"""Symbolic links of an archive: one that leaves its tree would bring files in that nobody chose."""

import os
from pathlib import Path


def leads_outside(link: str | os.PathLike, root: str | os.PathLike) -> bool:
    """Whether what a symbolic link finally means lies outside ``root``.

    Parameters
    ----------
    link
        A path; links on the way to it are followed as well. It may lead nowhere.
    root
        The folder of the archive, which may be a link itself.
    """
    target, top = Path(os.path.realpath(link)), Path(os.path.realpath(root))
    return target != top and top not in target.parents
