"""The fitted window on real cine loops whose sectors were drawn by hand."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from echoclr_core.deidentify.sector.boundary import boundary_mask
from echoclr_core.dicom.reading import read_cine

REAL = Path(__file__).parents[4] / "shared" / "real"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the folder of real files is not there")


def _drawn():
    path = REAL / "annotations.json"
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return {name: item for name, item in found.items() if item["sector_polygon_xy"]}


def _measure(name, drawn):
    cine = read_cine(REAL / name)
    mask = boundary_mask(cine)
    truth = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(truth, [np.array(drawn["sector_polygon_xy"], np.int32)], 1)
    truth = truth > 0
    graphics = np.zeros(mask.shape, bool)
    for box in drawn["graphics_boxes"]:
        graphics[box["y0"] : box["y1"], box["x0"] : box["x1"]] = True
    graphics &= ~truth
    return (mask & truth).sum() / (mask | truth).sum(), (mask & graphics).sum() / graphics.sum()


def test_agreement_with_hand_drawn_sectors():
    measured = {name: _measure(name, drawn) for name, drawn in _drawn().items()}
    overlaps = [overlap for overlap, _ in measured.values()]
    assert np.mean(overlaps) >= 0.92, measured
    assert min(overlaps) >= 0.85, measured
    assert max(left for _, left in measured.values()) <= 0.05, measured


@pytest.mark.parametrize("name", ["us_terason_shoulder_6f_dfl.dcm", "us_voluson_24f.dcm"])
def test_banners_of_other_probes_are_removed(name):
    path = REAL / name
    cine = read_cine(path)
    mask = boundary_mask(cine)
    boxes = json.loads((REAL / "annotations.json").read_text(encoding="utf-8"))[name]["graphics_boxes"]
    banner = np.zeros(mask.shape, bool)
    for box in boxes:
        if box["y1"] < 0.1 * cine.height:
            banner[box["y0"] : box["y1"], box["x0"] : box["x1"]] = True
    assert banner.any()
    assert not (mask & banner).any()
    assert mask.mean() > 0.3
