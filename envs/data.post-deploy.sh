#!/usr/bin/env bash
# Run by Snakemake in the new environment. Written by `make lock`.
# --no-deps: it asks for opencv-python, which would lie over opencv-python-headless.
set -euo pipefail
python -m pip install --no-deps rapidocr-onnxruntime==1.4.4
