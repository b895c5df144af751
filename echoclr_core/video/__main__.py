"""``python -m echoclr_core.video FRAMES.npy ...``: read a clip store's shards and compare their digests.

Each array's index is the .parquet of the same name beside it. The exit code is 1 if anything differs.
"""

import argparse
import sys
from pathlib import Path

from echoclr_core.video.store import ClipStore


def main(arguments: list[str] | None = None) -> int:
    """Verify the named shards; one line in the end."""
    parser = argparse.ArgumentParser(prog="python -m echoclr_core.video", description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="+", type=Path, help="the .npy files of a clip store")
    frames = parser.parse_args(arguments).frames
    try:
        store = ClipStore.open([path.with_suffix(".parquet") for path in frames], frames)
        store.verify()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    total = int(store.index["n_frames"].sum())
    print(f"{len(store)} videos, {total} frames in {len(frames)} shards: every digest is right")
    return 0


if __name__ == "__main__":
    sys.exit(main())
