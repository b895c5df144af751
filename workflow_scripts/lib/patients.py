"""New patients: where their results lie, and the settings of their rules, which are those of the bundles.

Read whenever the rules are read: a bundle's description is taken as it stands here, and checked before the
first job (:func:`bundle_problems`), since the check loads torch.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from echoclr_core.common.files import write_json
from echoclr_core.common.folder_digest import folder_digest
from workflow_scripts.lib.results_folder import results_path
from workflow_scripts.lib.shard_count import count_files, count_for, read_count

DESCRIPTION = "bundle.json"
PATIENT_RESULTS = ("predictions.parquet", "predictions.csv", "files.parquet", "files.csv", "videos.parquet")
"""As echoclr_core.predict.results.NAMES, whose module loads pandas (a test holds them together)."""
PREPARED = ("deidentify", "views", "mask", "clip")
"""Entries of a description that say how videos are prepared; equal for all bundles of a run."""
EVERY_FRAME = {"frame_rate": None, "missing_frame_rate": "every_frame"}
"""Entry ``clip`` of a bundle that an earlier version wrote, without it."""
FITTED = {"fit": "frame", "mm_per_pixel": None, "missing_calibration": "exclude"}
"""What entry ``mask`` of such a bundle lacks."""


class Patients:
    """The target `predict` of a configuration.

    Parameters
    ----------
    config
        The resolved configuration.
    active
        False where no plan is made: no archive is walked through.
    """

    def __init__(self, config: dict, *, active: bool):
        self._config, self._active = config, active
        self.chosen = config["predict"]
        self.folder = f"predict/{self.chosen['name']}"
        self.problems: list[str] = []
        self.descriptions = [found for path in self.chosen["bundles"] if (found := self._read(path))]
        self._check()

    @property
    def shards(self) -> int:
        """The number of shards: the configured one, that of an earlier run, or by the number of files."""
        recorded = self.chosen["shards"] or read_count(self._record())
        return recorded or count_for(count_files(self.chosen["dicom_dir"]))

    def record_shards(self) -> None:
        """Keep the number for later runs and for the jobs of this one."""
        write_json(self._record(), {"shards": self.shards})

    @property
    def archive(self) -> str:
        """Name, size and time of every file of the new patients; "" where no plan is made."""
        folder = Path(self.chosen["dicom_dir"])
        return folder_digest(folder) if self._active and folder.is_dir() else ""

    @property
    def bundles(self) -> str:
        """Digest of the descriptions, which hold the digest of every file of the bundles."""
        text = json.dumps(self.descriptions, sort_keys=True).encode()
        return hashlib.sha256(text).hexdigest()[:32] if self._active else ""

    @property
    def classifier_suffix(self) -> str:
        """Of the view classifier's file."""
        return Path(self.descriptions[0]["views"]["file"]).suffix

    def deidentify_settings(self) -> str:
        """Parameter of the rule that deidentifies, as JSON."""
        study_key = self._config["input"]["study_key"]
        return _json({"deidentify": self._of("deidentify"), "input.study_key": study_key})

    def view_settings(self) -> str:
        """Parameter of the rule that classifies views, as JSON."""
        views = self._of("views")
        named = {"keep": [views["kept"]], **{key: views[key] for key in ("classifier", "frames", "onnx")}}
        return _json({"views": named, "study.seed": views["seed"]})

    def mask_settings(self) -> str:
        """Parameter of the rule that masks, as JSON."""
        return _json({"mask": self._of("mask")})

    def clip_settings(self) -> str:
        """Parameter of the rule that builds the clip store, as JSON."""
        return _json({"clip": self._of("clip")})

    def audit_settings(self) -> str:
        """Parameter of the audit: every video, since any of them may be shown on a page."""
        return _json({"deidentify.audit_videos": 10**9, "study.seed": self._of("views")["seed"]})

    @property
    def frame_size(self) -> int:
        """Height and width of the masked frames, px."""
        return self._of("mask")["size"]

    def _of(self, name: str) -> Any:
        return self.descriptions[0][name]

    def _record(self) -> Path:
        return results_path(self._config) / "state" / self.folder / "shards.json"

    def _read(self, path: str) -> dict | None:
        """The description of a bundle; a problem where there is none."""
        try:
            found = json.loads((Path(path) / DESCRIPTION).read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.problems.append(f"predict.bundles: there is no {DESCRIPTION} in {path}")
        except (OSError, ValueError) as error:
            self.problems.append(f"predict.bundles: {path}/{DESCRIPTION}: {type(error).__name__}")
        else:
            if _is_description(found):
                return {"clip": EVERY_FRAME} | found | {"mask": FITTED | found["mask"]}
            self.problems.append(f"predict.bundles: {path}/{DESCRIPTION} was not written by target export")
        return None

    def _check(self) -> None:
        if not self.chosen["dicom_dir"]:
            self.problems.append("predict.dicom_dir: is empty; name the folder with the new DICOM files")
        if not self.chosen["bundles"]:
            self.problems.append(
                "predict.bundles: is empty; name folders that the target export wrote, such as "
                "results/<study>/export/<task>_<initialisation>"
            )
        names = [Path(path).name for path in self.chosen["bundles"]]
        for name, found in zip(names, self.descriptions, strict=False):
            differing = [key for key in PREPARED if found[key] != self.descriptions[0][key]]
            if differing:
                self.problems.append(
                    f"predict.bundles: {name} differs from {names[0]} in {', '.join(differing)}; bundles of "
                    "one run need the same preparation: predict them in runs of their own, each with its "
                    "predict.name"
                )
            if found["views"]["file"] is None:
                self.problems.append(
                    f"predict.bundles: {name} holds no view classifier, since the views of its study's "
                    "videos came with them; score its AVI files with load_bundle (docs/predict.md)"
                )


def bundle_problems(config: dict) -> list[str]:
    """What is wrong with the new patients' folder and bundles, every file compared with its digest."""
    from echoclr_core.predict.bundle import load_bundle

    chosen, found = config["predict"], []
    if chosen["dicom_dir"] and not Path(chosen["dicom_dir"]).is_dir():
        found.append(f"predict.dicom_dir: there is no folder {chosen['dicom_dir']}")
    names = {}
    for path in chosen["bundles"]:
        try:
            name = load_bundle(path).name
        except (OSError, ValueError) as error:
            found.append(f"predict.bundles: {error}")
            continue
        if name in names:
            found.append(
                f"predict.bundles: {path} and {names[name]} are both {name}; name one bundle of each task, "
                "initialisation and ratio"
            )
        names[name] = path
    return found


def _is_description(found: Any) -> bool:
    """Whether a JSON value has what the rules read; bundle_problems checks it by its schema."""
    if not isinstance(found, dict):
        return False
    if not all(isinstance(({"clip": {}} | found).get(key), dict) for key in PREPARED):
        return False
    views = {"file", "kept", "classifier", "frames", "onnx", "seed"}
    return views <= set(found["views"]) and "size" in found["mask"]


def _json(values: dict) -> str:
    return json.dumps(values, sort_keys=True, ensure_ascii=False)
