"""The generator of the synthetic cohort writes to its own folder alone."""

import pytest

from echoclr_core.synthetic.files import own_folder


def test_changed_files_of_the_cohort_are_noticed(tmp_path):
    folder, work = tmp_path / "cohort", tmp_path / "cohort" / own_folder.PARTIAL
    own_folder.claim(folder)
    for name in own_folder.FILES.values():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        if name != "dicom":
            (work / name).write_text(name)
    (work / "dicom" / "a").mkdir(parents=True)
    (work / "dicom" / "a" / "b").write_text("b")
    own_folder.publish(work, folder)
    assert own_folder.foreign_files(folder) == []
    (folder / "labels.csv").write_text("edited")
    (folder / "dicom" / "archive").symlink_to(tmp_path)
    (folder / "notes.txt").write_text("mine")
    assert own_folder.foreign_files(folder) == ["dicom/archive", "labels.csv", "notes.txt"]


def test_the_generator_refuses_a_folder_of_somebody_else(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(own_folder.NotOwnFolderError):
        own_folder.claim(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
