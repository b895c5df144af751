"""Identifiers planted wherever an archive has them stand nowhere in what a run wrote outside restricted/."""

import hashlib
import stat
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage
from searching import files_below, found_in
from secret_keys import write_key

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.deidentify.text.ocr import legible_text, read_text

ROOT = Path(__file__).resolve().parents[2]


FOLDER = "Żółkiewska Łucja (ur. 1953)"
CANARIES = {
    "PatientName": "Żółkiewska^Łucja=王^伟玲",
    "PatientID": "MRN-CANARY-4711",
    "AccessionNumber": "ACC/CANARY.99812",
    "StudyDate": "20190317",
    "PatientBirthDate": "19530228",
    "StudyInstanceUID": "1.2.826.0.1.3680043.9999.77.1",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.9999.77.2",
    "StudyID": "STUDYCANARY8",
    "InstitutionName": "Szpital Świętej Anny",
    "ReferringPhysicianName": "Wiśniewski^Grzegorz",
    "OperatorsName": "Ångström^Åsa",
    "StationName": "ECHOROOM-CANARY",
    "DeviceSerialNumber": "SERIALCANARY555",
    "PatientComments": "Komentarz kanarkowy",
    "ManufacturerModelName": "EPIQ of Dr. Wiśniewski",
    "StudyDescription": "ECHO dla Łucji",
}
UID = "1.2.826.0.1.3680043.9999.77.3"
TYPED = "ZOLKIEWSKA LUCJA 4711"
WORDS = [
    *("Żółkiewska", "Łucja", "伟玲", "CANARY", "20190317", "2019-03-17", "19530228", "3680043.9999.77"),
    *(
        "Świętej",
        "Wiśniewski",
        "Ångström",
        "kanarkowy",
        "Łucji",
        "ZOLKIEWSKA",
        "loop kanarek",
        "raport_kanarek",
    ),
]


def write_loop(path, number, *, inside="", broken=False):
    """A cine loop with every canary in its header, and its patient typed outside the window."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0.5:240, 0.5:320]
    window = (np.hypot(x - 160, y - 36) < 180) & (np.abs(np.arctan2(x - 160, y - 36)) < 0.65)
    frames = np.where(window, np.clip(70 * rng.rayleigh(0.8, (16, 240, 320)), 0, 255), 0).astype(np.uint8)
    for frame in frames:
        cv2.putText(frame, TYPED, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 230, 1, cv2.LINE_AA)
        if inside:
            cv2.putText(frame, inside, (100, 130), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID, data.SOPInstanceUID = UltrasoundMultiFrameImageStorage, f"{UID}.{number}"
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    for keyword, value in CANARIES.items():
        setattr(data, keyword, value)
    data.Manufacturer, data.FrameTime, data.NumberOfFrames = "Philips", 40, len(frames)
    data.private_block(0x0099, "ECHO CANARY", create=True).add_new(1, "LO", "Żółkiewska private")
    data.Rows, data.Columns, data.SamplesPerPixel = 240, 320, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = frames.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    if broken:
        path.write_bytes(path.read_bytes()[:-200_000])


@pytest.fixture(scope="module")
def ran(study_of, tmp_path_factory):
    """A study run up to the audit, then three runs that fail; everything that was said on the way."""
    directory = tmp_path_factory.mktemp("canary")
    folder = directory / "archive" / FOLDER
    for number in range(3):
        write_loop(folder / f"loop kanarek {number}.dcm", number)
    write_loop(folder / "王伟玲" / "loop kanarek inside", 3, inside="ZOLKIEWSKA")
    write_loop(folder / "loop kanarek broken", 4, broken=True)
    (folder / "raport_kanarek.pdf").write_bytes("%PDF Żółkiewska Łucja".encode())
    header = "study_key,patient_key,study_date,sex,as_severity,lv_mass_index\n"
    row = f"{CANARIES['AccessionNumber']},{CANARIES['PatientID']},2019-03-17,F,Severe,{{}}\n"
    (directory / "labels.csv").write_text(header + row.format(80))
    (directory / "wrong.csv").write_text(header + row.format("eighty") + row.format(80))
    (directory / "views.csv").write_text(f"video,view\n{UID}.0,plax\n")
    write_key(directory / "key")
    (directory / "bad key").write_text("Żółkiewska")
    (directory / "bad key").chmod(0o600)
    study = study_of(directory, ROOT / "config" / "smoke.yaml")

    def run(*targets, deidentify="{audit_videos: 9}", key="key", labels="labels.csv", check=True):
        return study.run(
            *targets, "--cores", "2", check=check, overlay=(
                "study: {name: canary}\n"
                f"input: {{dicom_dir: {directory}/archive, labels: {labels},"
                f" pseudonym_key_file: {key}, shards: 1}}\n"
                "synthetic: {development_studies: 0, external_studies: 0, view_studies: 0}\n"
                f"views: {{labels: views.csv}}\ndeidentify: {deidentify}\n"
            ),
        )  # fmt: skip

    said = [run("deidentify", "results/canary/cohort/labels.parquet")]
    table = pd.read_parquet(directory / "results" / "canary" / "deidentified" / "0000.parquet")
    written = {
        path.stem: read_avi(path)[0]
        for path in (directory / "results" / "canary" / "deidentified" / "0000").glob("*.avi")
    }
    sheet = cv2.imread(str(directory / "results" / "canary" / "figures" / "contact_sheet.png"), 0)
    failed = [
        run("catalog", "--forcerun", "catalog_archive", key="'bad key'", check=False),
        run("results/canary/cohort/labels.parquet", labels="wrong.csv", check=False),
        run("deidentify", "mask", deidentify="{audit_videos: 9, boundary: rectangle}", check=False),
    ]
    return study, table, written, sheet, said, failed


def test_rows_say_what_became_of_each_file(ran):
    counts = ran[1]["outcome"].value_counts().to_dict()
    assert counts == {"ok": 3, "burned_in_text": 1, "truncated": 1, "not_dicom": 1}


def test_failing_jobs_failed(ran):
    for done in ran[5]:
        assert done.returncode != 0
    assert "legible text" in (ran[0].path("results", "canary", "logs", "check_audit.log")).read_text()


def test_nothing_is_built_on_videos_that_the_audit_refused(ran):
    assert not list(ran[0].path("results", "canary").glob("clips/store.json"))


def test_restricted_is_closed_and_the_rest_is_not(ran):
    results = ran[0].path("results", "canary")
    for path in results.rglob("*"):
        closed = "restricted" in path.relative_to(results).parts
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_file():
            assert (mode & 0o077 == 0) == closed, path
    assert stat.S_IMODE((results / "restricted").stat().st_mode) == 0o700


def test_no_canary_in_any_byte_outside_restricted(ran):
    study, _, _, _, said, failed = ran
    inputs = {
        "restricted",
        "archive",
        "labels.csv",
        "wrong.csv",
        "views.csv",
        "bad key",
        "overlay.yaml",
    }
    files = list(files_below(study.directory, leave_out=inputs))
    names = {place.split("/")[0] for place, _ in files}
    assert {"results", ".snakemake"} <= names
    assert sum(place.startswith("results") for place, _ in files) > 10
    outputs = [
        (f"output {n}", (done.stdout + done.stderr).encode()) for n, done in enumerate((*said, *failed))
    ]
    assert found_in(WORDS, [*files, *outputs]) == set()
    key = (study.directory / "key").read_bytes()
    secrets = [key.decode(), hashlib.sha256(key).hexdigest(), f"{study.directory}/archive"]
    # the key itself lies in the study's folder here
    assert found_in(secrets, [(place, data) for place, data in files if place != "key"]) == set()


def test_no_canary_in_the_pixels(ran):
    _, table, written, sheet, _, _ = ran
    assert set(written) == set(table.loc[table["outcome"] == "ok", "video_id"])
    for frames in written.values():
        assert not any(map(legible_text, (frames.min(0), frames.max(0), frames[8])))
    read = " ".join(line.text for line in read_text(sheet)).upper()
    assert "LUCJA" not in read
    assert "ZOLK" not in read


def test_the_search_finds_what_is_there(tmp_path):
    """The oracle is no sieve: planted words are found in each kind of file."""
    word = "Żółkiewska 王伟"
    pd.DataFrame({"a": [word]}).to_parquet(tmp_path / "t.parquet", compression="zstd")
    np.savez_compressed(tmp_path / "a.npz", names=np.array([word]))
    (tmp_path / "j.json").write_text('{"x": "\\u017b\\u00f3\\u0142kiewska \\u738b\\u4f1f"}')
    (tmp_path / "u.bin").write_bytes(b"xx" + word.encode("utf-16-le"))
    (tmp_path / word).write_text("")
    import base64

    (tmp_path / base64.urlsafe_b64encode(f"results/{word}/x.avi".encode()).decode()).write_text("")
    assert len({place for place, _ in found_in([word], files_below(tmp_path))}) == 6
