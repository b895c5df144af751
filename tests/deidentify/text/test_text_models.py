"""The contract of the class that runs the models: what it finds and reads, and what it says if they lack."""

import cv2
import numpy as np
import pytest

from echoclr_core.deidentify.text import ocr_models as text_models
from echoclr_core.deidentify.text.ocr_models import TextModels


@pytest.fixture(scope="module")
def picture():
    picture = np.zeros((300, 400), np.uint8)
    cv2.putText(picture, "DOE JANE 48-1207", (60, 120), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    cv2.putText(picture, "MRN 77123", (120, 220), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    return picture


def test_lines_are_found_where_they_stand_and_read(picture):
    models = text_models.text_models()
    lines = sorted(models.find(picture), key=lambda corners: corners[0, 1])
    assert len(lines) == 2
    for corners, (x, y), word in zip(lines, [(60, 120), (120, 220)], ["1207", "77123"], strict=True):
        assert corners.shape == (4, 2)
        assert abs(corners[3] - (x, y)).max() < 8  # the lower left corner
        text, confidence = models.read(picture, corners)
        assert word in text
        assert 0.8 < confidence <= 1


def test_corners_are_those_of_the_package_that_carries_the_models(picture):
    rapidocr = pytest.importorskip("rapidocr_onnxruntime")
    own = rapidocr.RapidOCR(det_limit_type="max", det_limit_side_len=1280)
    expected, _ = own(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), use_cls=False, use_rec=False)
    found = sorted(text_models.text_models().find(picture), key=lambda corners: corners[0, 1])
    np.testing.assert_allclose(found, sorted(expected, key=lambda corners: corners[0][1]), atol=2)  # pixels


def test_a_line_that_runs_upwards_is_turned_before_it_is_read(picture):
    models = text_models.text_models()
    turned = np.rot90(picture, -1).copy()  # from the top downwards
    read = [models.read(turned, corners)[0] for corners in models.find(turned)]
    assert any("7712" in text for text in read)


@pytest.mark.parametrize("value", [0, 255])
def test_nothing_is_found_in_an_even_picture(value):
    assert text_models.text_models().find(np.full((64, 96), value, np.uint8)) == []


def test_what_lacks_is_named(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=text_models.DETECTOR):
        TextModels(tmp_path)
    monkeypatch.setattr(text_models, "PACKAGE", "no_such_package")
    text_models.text_models.cache_clear()
    with pytest.raises(ModuleNotFoundError, match="no_such_package is not installed"):
        text_models.text_models()
    text_models.text_models.cache_clear()
