"""Deidentified DICOM files: valid, masked, and without a byte of the source's header."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pydicom
import pytest
from cine_files import KEY, NAME, write_cine
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID

from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.mask_files import write_mask
from echoclr_core.deidentify.dicom_output.header import (
    BASIC_PROFILE,
    CLEAN_PIXEL_DATA,
    MODIFIED_DATES,
    NewUids,
)
from echoclr_core.deidentify.dicom_output.identifiers import kinds_in_dicom
from echoclr_core.deidentify.dicom_output.regions import geometry_of_regions
from echoclr_core.deidentify.dicom_output.shard import IdentifierError, write_dicom_shard
from echoclr_core.deidentify.dicom_output.write import write_deidentified_dicom
from echoclr_core.deidentify.identifiers.identifier_search import Identifier
from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms, pseudonymise
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.dicom.catalogue import scan_archive

DCIODVFY = shutil.which("dciodvfy")
UIDS = NewUids(*(Pseudonyms(KEY).uid(kind, "1.2.3") for kind in ("study", "series", "instance")))
GEOMETRY = {
    "RegionSpatialFormat": 1,
    "RegionDataType": 1,
    "RegionFlags": 0,
    "RegionLocationMinX0": 10,
    "RegionLocationMinY0": 10,
    "RegionLocationMaxX1": 150,
    "RegionLocationMaxY1": 110,
    "PhysicalUnitsXDirection": 3,
    "PhysicalUnitsYDirection": 3,
    "PhysicalDeltaX": 0.021234567891234,
    "PhysicalDeltaY": 0.0212,
}


def region(**changes):
    item = Dataset()
    for keyword, value in {**GEOMETRY, **changes}.items():
        setattr(item, keyword, value)
    return item


def written_video(folder, video_id="v_" + "a" * 16, *, shape=(9, 121, 161)):
    """A video of odd size with its mask; frames, mask, and row of SOURCE_FILES."""
    mask = np.zeros(shape[1:], bool)
    mask[20:100, 30:130] = True
    frames = (np.random.default_rng(0).integers(1, 255, shape) * mask).astype(np.uint8)
    video = folder / f"{video_id}.avi"
    write_avi(video, iter(frames), 25.0, codec="ffv1", quality=95)
    write_mask(mask, video)
    row = dict.fromkeys(SOURCE_FILES.columns) | {
        "video_id": video_id,
        "study_id": "s_" + "b" * 16,
        "patient_id": "p_" + "c" * 16,
        "outcome": "ok",
        "sha256": file_digest(video),
        "n_frames": shape[0],
        "height": shape[1],
        "width": shape[2],
        "fps": 25.0,
        "manufacturer": "philips",
        "model": "other",
        "transfer_syntax": "1.2.840.10008.1.2.4.50",
    }
    return frames, mask, row


@pytest.mark.parametrize("date", [None, "2019-05-06"])
def test_a_file_is_valid_and_holds_the_pixels_of_the_video(tmp_path, date):
    frames, _, row = written_video(tmp_path)
    target = tmp_path / "v.dcm"
    video = tmp_path / f"{row['video_id']}.avi"
    write_deidentified_dicom(video, target, row | {"shifted_date": date}, UIDS, regions=[region()])
    data = pydicom.dcmread(target)
    assert (data.pixel_array == frames).all()
    assert (data.FrameTime, data.NumberOfFrames, data.LossyImageCompression) == (40, 9, "01")
    assert data.StudyDate == ("" if date is None else "20190506")
    assert data.LongitudinalTemporalInformationModified == ("REMOVED" if date is None else "MODIFIED")
    assert data.PatientIdentityRemoved == "YES"
    found = [item.CodeValue for item in data.DeidentificationMethodCodeSequence]
    assert found == ["113100", "113101", "113107"][: 2 if date is None else 3]
    assert (data.Manufacturer, "ManufacturerModelName" in data) == ("philips", False)
    assert not [element for element in data.iterall() if element.tag.is_private]
    assert data.SequenceOfUltrasoundRegions[0].PhysicalDeltaX == 0.0212346
    assert all(uid.startswith("2.25.") and UID(uid).is_valid for uid in UIDS)
    assert (data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID) == UIDS
    if DCIODVFY is None:
        pytest.skip("dciodvfy (Debian's dicom3tools) is not installed: the file was not validated")
    said = subprocess.run([DCIODVFY, str(target)], capture_output=True, text=True, check=False).stderr
    assert "USMultiFrameImage" in said
    assert "Error" not in said, said


def test_codes_are_those_of_the_standard():
    """Meanings of PS3.16, CID 7050, as pydicom's dictionary has them."""
    names = [name for name in dir(codes.cid7050) if name.endswith(("Option", "Profile"))]
    known = {getattr(codes.cid7050, name).value: getattr(codes.cid7050, name).meaning for name in names}
    for value, meaning in (BASIC_PROFILE, CLEAN_PIXEL_DATA, MODIFIED_DATES):
        assert known[value] == meaning


def test_a_video_that_is_not_masked_or_has_changed_is_refused(tmp_path):
    frames, mask, row = written_video(tmp_path)
    video = tmp_path / f"{row['video_id']}.avi"
    write_mask(mask & (np.arange(161) < 100), video)
    with pytest.raises(ValueError, match="pixels outside the mask are lit"):
        write_deidentified_dicom(video, tmp_path / "v.dcm", row, UIDS)
    write_avi(video, iter(frames[:3]), 25.0, codec="ffv1", quality=95)
    with pytest.raises(ValueError, match="has changed"):
        write_deidentified_dicom(video, tmp_path / "v.dcm", row, UIDS)
    assert not (tmp_path / "v.dcm").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"RegionSpatialFormat": 3},
        {"RegionDataType": 4711},
        {"RegionFlags": 19530228},
        {"RegionLocationMaxX1": 161},
        {"RegionLocationMinX0": 131, "RegionLocationMaxX1": 140},
        {"PhysicalUnitsXDirection": 4711},
        {"PhysicalDeltaX": 19530228.0},
        {"PhysicalDeltaY": float("nan")},
    ],
)
def test_regions_are_numbers_in_narrow_ranges_or_nothing(changes):
    mask = np.zeros((121, 161), bool)
    mask[20:100, 30:130] = True
    (kept,) = geometry_of_regions([region(TransducerFrequency=4711)], mask)
    assert {element.keyword for element in kept} == set(GEOMETRY)
    assert geometry_of_regions([region(**changes), Dataset()], mask) == []


@pytest.fixture
def shard(tmp_path):
    """One written video, its source with identifiers, and its tables."""
    frames = np.zeros((2, 121, 161), np.uint8)
    write_cine(tmp_path / "dicom" / NAME / "loop", frames, uid="1.2.826.0.1.3680043.9999.77")
    rows = pseudonymise(scan_archive(tmp_path / "dicom"), Pseudonyms(KEY), 1)
    source = rows.iloc[0]
    _, _, row = written_video(tmp_path, source["video_id"])
    row |= {"patient_id": source["patient_id"], "study_id": source["study_id"]}

    def run(key=KEY, **changes):
        table = SOURCE_FILES.check(pd.DataFrame([row | changes]))
        options = {"pseudonyms": Pseudonyms(key), "dates": {source["video_id"]: "2018-02-03"}}
        options["on_detail"] = lambda *detail: run.details.append(detail)
        return write_dicom_shard(rows, table, tmp_path, tmp_path / "dicom", tmp_path / "out", **options)

    run.out, run.video_id, run.details = tmp_path / "out", source["video_id"], []
    return run


def test_no_identifier_of_the_source_stands_in_any_byte(shard):
    (row,) = shard().to_dict("records")
    assert row["outcome"] == "ok"
    content = (shard.out / f"{shard.video_id}.dcm").read_bytes()
    assert len(content) == row["bytes"]
    words = [
        NAME,
        *NAME.split("^"),
        "MRN 0042",
        "0042",
        "ACC-77",
        "20190312",
        "2019-03-12",
        "Kowalski",
        "3680043.9999",
    ]
    for word in words:
        for encoding in ("utf-8", "utf-16-le", "latin-1"):
            assert word.encode(encoding, errors="ignore") not in content[:4000]
    assert pydicom.dcmread(shard.out / f"{shard.video_id}.dcm").SOPInstanceUID == row["sop_instance_uid"]
    (again,) = shard().to_dict("records")
    assert again == row
    (other,) = shard(key=bytes(range(1, 33))).to_dict("records")
    assert other["sop_instance_uid"] != row["sop_instance_uid"]
    assert other["study_instance_uid"] != row["study_instance_uid"]


def test_an_identifier_in_a_file_ends_the_job_and_delivers_nothing(shard):
    with pytest.raises(IdentifierError, match="patient_key") as refused:
        shard(patient_id="MRN 0042")
    assert "0042" not in str(refused.value)
    assert not shard.out.exists()
    assert not list(shard.out.parent.glob(".out.*"))


def test_a_file_that_cannot_be_written_is_a_row_and_its_reason_is_told(shard):
    assert [row["outcome"] for row in shard().to_dict("records")] == ["ok"]
    assert shard.details == []
    (row,) = shard(sha256="0" * 64).to_dict("records")
    assert row["outcome"] == "failed"
    assert list(shard.out.iterdir()) == []
    ((video_id, reason),) = shard.details
    assert video_id == shard.video_id
    assert "another file" in reason or "digest" in reason


def test_what_a_killed_job_left_is_removed(shard):
    left = shard.out.with_name(".out.0123456789ab.partial")
    other = shard.out.with_name(".out2.0123456789ab.partial")
    for folder in (left, other):
        folder.mkdir()
        (folder / "piece.dcm").write_bytes(b"DICM")
    shard()
    assert not left.exists()
    assert other.exists()


def test_words_of_every_file_are_nobodys_identifier(tmp_path):
    _, _, row = written_video(tmp_path)
    write_deidentified_dicom(tmp_path / f"{row['video_id']}.avi", tmp_path / "v.dcm", row, UIDS)
    folders = [
        Identifier("part of the path", word) for word in ("philips", "DERIVED", "Basic", "1.2.826.0.1.3")
    ]
    assert kinds_in_dicom(tmp_path / "v.dcm", folders) == []
    assert kinds_in_dicom(tmp_path / "v.dcm", [Identifier("patient_key", "p_ccccc")]) == ["patient_key"]


def test_digits_that_chance_puts_into_uids_and_pixels_are_nobodys_identifier(tmp_path):
    frames, _, row = written_video(tmp_path)
    video, target = tmp_path / f"{row['video_id']}.avi", tmp_path / "v.dcm"
    frames[0, 50, 40:52] = np.frombuffer(b"471108154711", np.uint8)
    write_avi(video, iter(frames), 25.0, codec="ffv1", quality=95)
    write_deidentified_dicom(video, target, row | {"sha256": file_digest(video)}, UIDS)
    by_chance = [Identifier("patient_key", UIDS.study[10:17]), Identifier("study_key", "47110815")]
    assert kinds_in_dicom(target, by_chance, UIDS) == []
    long_ones = [Identifier("sop_uid", UIDS.instance), Identifier("path", "471108154711")]
    assert kinds_in_dicom(target, long_ones, UIDS) == ["path", "sop_uid"]
    target.write_bytes(target.read_bytes() + b"47110815")  # behind the pixels
    assert kinds_in_dicom(target, by_chance, UIDS) == ["study_key"]
