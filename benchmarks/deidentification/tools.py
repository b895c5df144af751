"""Tools that the benchmark runs: each takes a DICOM loop and a target without suffix, and writes one file.

What a tool needs is imported where it is used, so that each runs in an environment of its own.
"""

from collections.abc import Callable
from pathlib import Path


def workflow(source: Path, target: Path) -> None:
    """This project's deidentification with its defaults."""
    import cv2

    from echoclr_core.deidentify.settings import DeidentifySettings
    from echoclr_core.deidentify.video_file import deidentify_video

    cv2.setNumThreads(1)
    deidentify_video(source, target.with_suffix(".avi"), DeidentifySettings())


def ocr_box(source: Path, target: Path) -> None:
    """A plain OCR box: whatever is legible in the middle frame is blackened in every frame, the rest kept."""
    import cv2
    import numpy as np

    from echoclr_core.common.avi_writing import write_avi
    from echoclr_core.deidentify.text.ocr import legible_text
    from echoclr_core.dicom.reading import read_cine

    cv2.setNumThreads(1)
    frames = np.stack(list(read_cine(source, default_fps=30.0).frames()))
    for line in legible_text(frames[len(frames) // 2]):
        frames[:, line.y0 : line.y1, line.x0 : line.x1] = 0
    write_avi(target.with_suffix(".avi"), frames, 30.0)


def header_only(source: Path, target: Path) -> None:
    """Pixels as they are, as tools do that clean the header alone."""
    from echoclr_core.common.avi_writing import write_avi
    from echoclr_core.dicom.reading import read_cine

    write_avi(target.with_suffix(".avi"), read_cine(source, default_fps=30.0).frames(), 30.0)


def deid(source: Path, target: Path) -> None:
    """pydicom/deid: pixels blackened where its recipe knows the screen from the header."""
    from deid.dicom import DicomCleaner

    cleaner = DicomCleaner(output_folder=str(target.parent))
    cleaner.detect(str(source))
    cleaner.clean()
    written = Path(cleaner.save_dicom())
    written.rename(target.with_suffix(".dcm"))


def dicom_anonymizer(source: Path, target: Path) -> None:
    """dicom-anonymizer, which cleans the header alone."""
    from dicomanonymizer import anonymize_dicom_file

    anonymize_dicom_file(str(source), str(target.with_suffix(".dcm")))


def presidio(source: Path, target: Path) -> None:
    """presidio-image-redactor's DICOM redactor, with Tesseract and its default analyser."""
    import pydicom
    from presidio_image_redactor import DicomImageRedactorEngine

    redacted = DicomImageRedactorEngine().redact(pydicom.dcmread(source), fill="background")
    redacted.save_as(target.with_suffix(".dcm"))


TOOLS: dict[str, Callable[[Path, Path], None]] = {
    tool.__name__: tool for tool in (workflow, ocr_box, header_only, deid, dicom_anonymizer, presidio)
}
