"""Write envs/lock.txt and the conda environments from what is installed.

The lock pins every package that .venv holds. CUDA libraries, which PyTorch brings on Linux, are marked as
such. The conda environments pin the packages that a kind of job imports, at the same versions.
"""

import re
from importlib.metadata import distributions
from pathlib import Path

HERE = Path(__file__).resolve().parent
LEFT_OUT = {"pip", "echoclr-workflow"}
LINUX = re.compile(r"^(nvidia-|cuda-|triton$)")

COMMON = ["numpy", "pandas", "pyarrow", "pydantic", "pyyaml", "jsonschema", "scipy", "typing-extensions"]
# RapidOCR asks for opencv-python, which would lie over opencv-python-headless: it is installed without what
# it asks for, in a step of its own after the environment is made, and its other needs are named here.
OCR = "rapidocr-onnxruntime"
OCR_NEEDS = ["onnxruntime", "pyclipper", "shapely", "six", "tqdm"]
VIDEO = ["av", "imagecodecs", "opencv-python-headless", "pillow", "psutil", "pydicom", "simplejpeg"]
PLUGINS = ["pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle"]
DATA = [*COMMON, *VIDEO, *PLUGINS, *OCR_NEEDS]
NETWORKS = ["captum", "filelock", "matplotlib", "safetensors", "tensorboardx", "torch", "torchvision"]
ONNX = ["ml-dtypes", "onnx", "onnx-ir", "onnxscript"]
FIGURES = ["av", "docutils", "jinja2", "markupsafe", "matplotlib", "opencv-python-headless", "pillow"]
ENVIRONMENTS = {
    "data": DATA,
    "training": [*DATA, *NETWORKS],  # the stages' tables are defined beside their writers
    "reporting": [*COMMON, *FIGURES],
    "predict": sorted({*DATA, *NETWORKS, *FIGURES, *ONNX, "scikit-learn"}),
}

PURPOSE = {
    "data": "DICOM, masks, AVI, cohort: no network",
    "training": "everything that runs a network",
    "reporting": "statistics, tables, figures, report",
    "predict": "bundles, new patients and their pages: networks and figures",
}


def main() -> None:
    """Write the lock, the environments, and what is run after the one that reads text is made."""
    versions = {d.metadata["Name"].lower().replace("_", "-"): d.version for d in distributions()}
    lines = ["# Every package of .venv, pinned. Written by `make lock`.", ""]
    for name in sorted(set(versions) - LEFT_OUT):
        marker = ' ; sys_platform == "linux"' if LINUX.match(name) else ""
        lines.append(f"{name}=={versions[name]}{marker}")
    (HERE / "lock.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for kind, names in ENVIRONMENTS.items():
        pins = "\n".join(f"      - {name}=={versions[name]}" for name in sorted(names))
        (HERE / f"{kind}.yaml").write_text(
            f"# {PURPOSE[kind]}. Versions are those of lock.txt. Written by `make lock`.\n"
            "channels:\n  - conda-forge\n  - nodefaults\ndependencies:\n  - python=3.11\n  - pip\n  - pip:\n"
            f"{pins}\n",
            encoding="utf-8",
        )
    (HERE / "data.post-deploy.sh").write_text(
        "#!/usr/bin/env bash\n# Run by Snakemake in the new environment. Written by `make lock`.\n"
        "# --no-deps: it asks for opencv-python, which would lie over opencv-python-headless.\n"
        "set -euo pipefail\n"
        f"python -m pip install --no-deps {OCR}=={versions[OCR]}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
