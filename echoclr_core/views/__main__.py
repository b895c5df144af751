"""``python -m echoclr_core.views VARIABLES.npz WEIGHTS.safetensors``: Zhang et al.'s weights, made usable.

VARIABLES.npz holds the published checkpoint's variables by name; envs/tensorflow_variables.py writes it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from echoclr_core.views.checkpoint import import_zhang
from echoclr_core.views.files import save_classifier


def main(arguments: list[str] | None = None) -> int:
    """Convert, or say on one line why not (exit code 1)."""
    parser = argparse.ArgumentParser(prog="python -m echoclr_core.views", description=__doc__.splitlines()[0])
    parser.add_argument("variables", type=Path, help="the .npz file of variables")
    parser.add_argument("weights", type=Path, help="the .safetensors file to write")
    options = parser.parse_args(arguments)
    try:
        with np.load(options.variables, allow_pickle=False) as variables:
            classifier = import_zhang(variables)
    except (OSError, ValueError) as error:
        print(f"{options.variables.name}: {error}", file=sys.stderr)
        return 1
    save_classifier(classifier, options.weights)
    print(f"{options.weights}: {len(classifier.classes)} views, kept is {classifier.plax}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
