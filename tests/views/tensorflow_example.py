"""Write a checkpoint as Zhang et al. published theirs, random weights, and what TensorFlow makes of frames.

Run by TensorFlow's own Python: python tensorflow_example.py FOLDER [--width 64 --hidden 4096 --frames 2].
FOLDER gets the checkpoint "example" and example.npz: frames (N, 224, 224) uint8, probabilities (N, 23).
"""

import argparse
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf

BLOCKS = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))


def variable(name, shape, gain):
    start = tf.random_normal_initializer(stddev=gain / np.sqrt(np.prod(shape[:-1]) if len(shape) > 1 else 4))
    return tf.get_variable(name, shape=shape, initializer=start)


def dense(x, units, name, gain=1.4):
    with tf.variable_scope(name):
        return tf.nn.xw_plus_b(x, variable("W", [x.shape[1], units], gain), variable("b", [units], 0.2))


def network(grey, width, hidden):
    x = tf.tile(grey[..., None] - 24.0, [1, 1, 1, 3])
    with tf.variable_scope("network"):
        for block, (multiple, count) in enumerate(BLOCKS, start=1):
            for layer in range(1, count + 1):
                with tf.variable_scope(f"conv{block}_{layer}"):
                    weights = variable("W", [3, 3, x.shape[3], width * multiple], 1.4)
                    x = tf.nn.conv2d(x, weights, strides=1, padding="SAME")
                    x = tf.nn.relu(x + variable("b", [width * multiple], 0.2))
            x = tf.nn.max_pool2d(x, 2, 2, "SAME")
        x = tf.reshape(x, [-1, int(np.prod(x.shape[1:]))])
        x = tf.nn.relu(dense(x, hidden, "fc6"))
        x = tf.nn.relu(dense(x, hidden, "fc7"))
        return tf.nn.softmax(dense(x, 23, "fc8", 0.05))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=4096)
    parser.add_argument("--frames", type=int, default=2)
    options = parser.parse_args()
    tf.disable_eager_execution()
    tf.set_random_seed(3)
    frames = np.random.default_rng(5).integers(0, 256, (options.frames, 224, 224)).astype(np.uint8)
    frames[1::2, :, :112] = 0
    grey = tf.placeholder(tf.float32, [None, 224, 224])
    probabilities = network(grey, options.width, options.hidden)
    tf.get_variable("beta1_power", shape=[])  # the published file holds the optimiser's state as well
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run(probabilities, {grey: frames})
        tf.train.Saver().save(session, str(options.folder / "example"))
    np.savez(options.folder / "example.npz", frames=frames, probabilities=values)


if __name__ == "__main__":
    main()
