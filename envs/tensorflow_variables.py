"""Read the variables of a TensorFlow checkpoint into a plain .npz file. Needs envs/tensorflow.txt alone.

    python envs/tensorflow_variables.py view_23_e5_class_11-Mar-2018 variables.npz

The checkpoint is named as TensorFlow names it: without .index, .meta or .data-00000-of-00001.
"""

import argparse
import re

import numpy as np
import tensorflow as tf

# What the optimiser kept beside the weights: twice their size, and of no use for inference.
OPTIMISER = re.compile(r"/Adam(_\d+)?$|^beta\d_power$")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint")
    parser.add_argument("variables", help="the .npz file to write")
    options = parser.parse_args()
    checkpoint = re.sub(r"\.(index|meta|data-\d+-of-\d+)$", "", options.checkpoint)
    reader = tf.train.load_checkpoint(checkpoint)
    names = [name for name in reader.get_variable_to_shape_map() if not OPTIMISER.search(name)]
    np.savez(options.variables, **{name: reader.get_tensor(name) for name in sorted(names)})
    print(f"{len(names)} variables")


if __name__ == "__main__":
    main()
