"""Files as vendors write them, read back by pydicom and by the reader of this project."""

import dataclasses

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_color_lut

from echoclr_core.dicom.reading import read_cine
from echoclr_core.synthetic.files.dicom_writer import (
    MULTI_FRAME,
    Identity,
    base_dataset,
    make_uid,
    save,
    set_rate,
    set_region,
)
from echoclr_core.synthetic.files.encodings import ENCODINGS as WRITERS
from echoclr_core.synthetic.files.encodings import JPEG, set_pixels
from echoclr_core.synthetic.plan.cohort import FITTING_QUIRKS
from echoclr_core.synthetic.plan.settings import (
    CONTRADICTING,
    CONTRADICTING_RATES,
    ENCODINGS,
    QUIRKS,
    RATE_TAGS,
)

IDENTITY = Identity(
    sop_uid=make_uid("a", 1),
    study_uid=make_uid("a", 2),
    series_uid=make_uid("a", 3),
    accession="2018-00042",
    patient_id="MR1",
    patient_name="Żółwik^Zoë",
    birth_date="19480203",
    sex="F",
    date="20180304",
    manufacturer="Northern Cardiac",
    model="Sonar",
    instance=1,
)


def frames(count=5, height=36, width=48, colour=True):
    y, x = np.mgrid[0:height, 0:width]
    wave = 128 + 100 * np.sin(x / 9 + y / 13 + np.arange(count)[:, None, None] / 2)
    rgb = np.repeat(wave[..., None], 3, -1)
    if colour:
        rgb[:, :12, :12] = (255, 0, 85)
    return rgb.round().astype(np.uint8)


def written(tmp_path, encoding, rate="time", fps=15.0, pictures=None, quirk="none"):
    dataset = base_dataset(IDENTITY, sop_class=MULTI_FRAME)
    pictures = frames() if pictures is None else pictures
    set_rate(dataset, rate, fps, len(pictures))
    set_pixels(dataset, pictures, encoding=encoding)
    save(dataset, tmp_path / "file", quirk=quirk)
    return tmp_path / "file"


def test_settings_and_writer_name_the_same_encodings():
    assert {*ENCODINGS, *CONTRADICTING} == set(WRITERS)


@pytest.mark.parametrize("encoding", ["rgb", "rgb_planar", "rle", "implicit", "deflated"])
def test_lossless_colour_comes_back_bit_for_bit(tmp_path, encoding):
    dataset = pydicom.dcmread(written(tmp_path, encoding))
    np.testing.assert_array_equal(dataset.pixel_array, frames())
    assert dataset.PhotometricInterpretation == "RGB"


def test_grey_comes_back_as_luma(tmp_path):
    grey = frames(colour=False)
    dataset = pydicom.dcmread(written(tmp_path, "mono", pictures=grey))
    np.testing.assert_array_equal(dataset.pixel_array, grey[..., 0])
    assert dataset.PhotometricInterpretation == "MONOCHROME2"


def test_palette_comes_back_nearly(tmp_path):
    dataset = pydicom.dcmread(written(tmp_path, "palette"))
    assert dataset.PhotometricInterpretation == "PALETTE COLOR"
    colour = apply_color_lut(dataset.pixel_array, dataset) >> 8
    assert np.abs(colour.astype(int) - frames()).max() <= 43  # half a step of the colour cube
    assert np.abs(colour.astype(int) - frames())[:, 12:].max() <= 1  # greys


def test_jpeg_is_baseline_with_halved_colour(tmp_path):
    dataset = pydicom.dcmread(written(tmp_path, "jpeg"))
    assert dataset.PhotometricInterpretation == "YBR_FULL_422"
    assert dataset.file_meta.TransferSyntaxUID == JPEG
    first = next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=5))
    start = first.index(b"\xff\xc0")  # baseline frame header: precision, size, components, sampling
    assert first[start + 11] == 0x21
    grey = np.stack(list(read_cine(tmp_path / "file").frames()))
    away = np.abs(grey.astype(int)[:, 16:, 16:] - frames()[:, 16:, 16:, 0])
    assert away.mean() < 2


@pytest.mark.parametrize("encoding", [*ENCODINGS, *CONTRADICTING])
def test_the_projects_reader_sees_every_encoding(tmp_path, encoding):
    cine = read_cine(written(tmp_path, encoding, pictures=frames(colour=False)))
    grey = np.stack(list(cine.frames())).astype(int)
    assert grey.shape == (5, 36, 48)
    assert np.abs(grey - frames(colour=False)[..., 0]).mean() < 2
    assert cine.header.study_key == "2018-00042"


@pytest.mark.parametrize("encoding", ["palette", "palette_16", "big_endian", "jpeg_ls", "jpeg_2000"])
def test_colour_survives_what_the_projects_reader_turns_to_grey(tmp_path, encoding):
    """Luma of the coloured patch, through whatever tables and syntaxes."""
    grey = np.stack(list(read_cine(written(tmp_path, encoding)).frames())).astype(int)
    luma = round(0.299 * 255 + 0.114 * 85)
    assert np.abs(grey[:, :12, :12] - luma).max() <= 2


@pytest.mark.parametrize("quirk", QUIRKS)
@pytest.mark.parametrize("encoding", ["jpeg", "rgb", "palette"])
def test_every_liberty_is_survived(tmp_path, quirk, encoding):
    if encoding not in FITTING_QUIRKS.get(quirk, ENCODINGS):
        return
    path = written(tmp_path, encoding, quirk=quirk, pictures=frames(colour=False))
    cine = read_cine(path)
    away = np.stack(list(cine.frames())).astype(int) - frames(colour=False)[..., 0]
    assert np.abs(away).mean() < 2
    assert cine.header.study_date == "20180304"
    content = path.read_bytes()
    if quirk == "dotted_date":
        assert b"2018.03.04" in content
    if quirk == "no_meta":
        assert content[128:132] != b"DICM"
    if quirk == "stray_delimiter":
        assert content.endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")
    if quirk == "claims_clean":
        dataset = pydicom.dcmread(path)
        assert (dataset.BurnedInAnnotation, dataset.PatientIdentityRemoved) == ("NO", "YES")
    if quirk == "wrong_syntax":
        assert JPEG.encode() not in content


@pytest.mark.parametrize("rate", [tag for tag in (*RATE_TAGS, *CONTRADICTING_RATES) if tag != "none"])
def test_each_tag_gives_the_frame_rate(tmp_path, rate):
    assert read_cine(written(tmp_path, "mono", rate, 15.0)).fps == pytest.approx(15.0, rel=1e-4)


def test_a_file_may_state_no_frame_rate(tmp_path):
    assert read_cine(written(tmp_path, "mono", "none")).fps is None


@pytest.mark.parametrize(
    ("character_set", "name"),
    [
        ("ISO_IR 6", "Sample^Ruth"),
        ("ISO_IR 100", "Müster^Jürgen"),
        (("", "ISO 2022 IR 87"), "Specimen^Taro=見本^太郎=みほん^たろう"),
        ("ISO_IR 192", "Gyeonbon^Jiu=견본^지우=견본^지우"),
    ],
)
def test_names_in_every_character_set(tmp_path, character_set, name):
    identity = dataclasses.replace(IDENTITY, patient_name=name, character_set=character_set)
    dataset = base_dataset(identity, sop_class=MULTI_FRAME)
    set_pixels(dataset, frames(), encoding="mono")
    save(dataset, tmp_path / "file")
    assert str(pydicom.dcmread(tmp_path / "file").PatientName) == name
    assert read_cine(tmp_path / "file").header.patient_key == "MR1"


def test_header_values_survive_accents(tmp_path):
    dataset = pydicom.dcmread(written(tmp_path, "mono"))
    assert str(dataset.PatientName) == "Żółwik^Zoë"
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        assert pydicom.uid.UID(getattr(dataset, keyword)).is_valid


def test_odd_sizes_are_padded_to_even_length(tmp_path):
    odd = frames(3, 35, 47)
    dataset = pydicom.dcmread(written(tmp_path, "rgb", pictures=odd))
    assert len(dataset.PixelData) % 2 == 0
    np.testing.assert_array_equal(dataset.pixel_array, odd)


def test_region_tags_and_stale_ones():
    def corners(stale):
        dataset = pydicom.Dataset()
        set_region(dataset, (10, 20, 30, 40), stale=stale)
        region = dataset.SequenceOfUltrasoundRegions[0]
        names = ("MinX0", "MinY0", "MaxX1", "MaxY1")
        return [getattr(region, f"RegionLocation{name}") for name in names]

    assert corners(1.0) == [10, 20, 30, 40]
    assert corners(1.86) == [19, 37, 56, 74]
    dataset = pydicom.Dataset()
    set_region(dataset, (10, 20, 30, 40), px_per_cm=16.0)
    assert dataset.SequenceOfUltrasoundRegions[0].PhysicalDeltaX == 1 / 16  # cm, as the units say


@pytest.mark.parametrize("encoding", [*ENCODINGS, *CONTRADICTING])
def test_equal_datasets_give_equal_bytes(tmp_path, encoding):
    first = written(tmp_path / "a", encoding).read_bytes()
    assert first == written(tmp_path / "b", encoding).read_bytes()
    assert b"2018-00042" in first or encoding == "deflated"


def test_uids_hang_on_their_keys():
    assert make_uid(0, "a") == make_uid(0, "a")
    assert len({make_uid(seed, kind) for seed in range(20) for kind in "abc"}) == 60
    assert max(len(make_uid(seed)) for seed in range(50)) <= 64
