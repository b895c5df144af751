"""Tables of videos: what is read, what is a problem, which file a row means."""

import pytest

from echoclr_core.cohort.columns import LabelColumns
from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.cohort.table_checks import check_video_table
from echoclr_core.cohort.video_table import LAYOUTS, VideoColumns, VideoLayout, read_video_table
from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms, pseudonymise
from echoclr_core.tasks.task import make_task
from echoclr_core.video.provided_files import catalogue_videos, with_missing_videos

PLAIN = VideoLayout(
    videos=VideoColumns(split="set", view="view"),
    labels=LabelColumns(study_key="study", patient_key="patient", study_date=None, undated=True),
)
HEADER = "video,study,patient,set,view,sex,as_severity,lv_mass_index"

GRADES = make_task("as", {"column": "as_severity", "positive": ["Severe"], "negative": ["None"]})


def table(folder, *rows, header=HEADER):
    path = folder / "videos.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_rows_become_videos_and_studies(tmp_path):
    path = table(
        tmp_path,
        "a.avi,S1,P1,TRAIN,plax,F,None,90",
        "b.mp4,S1,P1,train,a4c,,,",
        "c,S2,,Validation,,M,Severe,120.5",
    )
    found = read_video_table(path, PLAIN)
    assert found.videos["video"].tolist() == ["a.avi", "b.mp4", "c"]
    assert found.videos["study_key"].tolist() == ["S1", "S1", "S2"]
    assert found.videos["view"].tolist() == ["plax", "a4c", "unknown"]
    labels = found.labels.set_index("study_key")
    assert labels["provided_set"].to_dict() == {"S1": "train", "S2": "val"}
    assert labels["as_severity"].to_dict() == {"S1": "None", "S2": "Severe"}  # the text None is a grade
    assert labels["study_year"].isna().all()
    assert labels["patient_key"].fillna("-").to_dict() == {"S1": "P1", "S2": "-"}


def test_all_problems_are_listed_at_once_without_names(tmp_path):
    path = table(
        tmp_path,
        "a.avi,S1,P1,train,plax,F,None,90",
        "a.avi,S1,P1,test,plax,M,None,90",
        "c.avi,S2,P2,holdout,plax,F,None,heavy",
        ",S3,P3,train,plax,F,None,80",
    )
    lines = check_video_table(path, PLAIN, tasks=[GRADES])
    text = "\n".join(lines)
    for said in (
        "rows 2, 3: column 'video': allowed is one row a video",
        "row 5: column 'video': allowed is the name of a video: it is missing",
        "row 4: column 'set': 'holdout'; allowed is one of",
        "rows 2, 3: column 'set': different values within one study",
        "rows 2, 3: column 'sex': different values within one study",
        "'heavy'",
        "no study is positive",
    ):
        assert said in text, text
    assert "a.avi" not in text
    assert "S1" not in text
    with pytest.raises(ValueError, match="the table of videos has"):
        read_video_table(path, PLAIN)


def test_missing_columns_are_named(tmp_path):
    path = table(tmp_path, "a.avi,S1", header="file,study")
    text = "\n".join(check_video_table(path, PLAIN))
    for name in ("video", "set", "view", "patient", "sex"):
        assert f"no column {name!r}" in text
    assert "no such file" in check_video_table(tmp_path / "none.csv", PLAIN)[0]


def test_a_measurement_a_row_becomes_a_video_a_row(tmp_path):
    header = ",HashedFileName,Calc,CalcValue,Frame,X1,X2,Y1,Y2,Frames,FPS,Width,Height,split"
    rest = "0,1,2,3,4,8,30,80,60"
    path = table(
        tmp_path,
        f"0,0XB,IVSd,1.0,{rest},val",
        f"1,0XB,LVPWd,0.8,{rest},val",
        f"2,0XB,LVIDd,5,{rest},val",
        f"3,0XA,IVSd,1.2,{rest},train",
        f"4,0XA,IVSd,1.4,{rest},train",
        header=header,
    )
    found = read_video_table(path, LAYOUTS["echonet_lvh"])
    assert found.videos["video"].tolist() == ["0XB", "0XA"]
    labels = found.labels.set_index("study_key")
    assert labels.loc["0XB", "wall_thickness"] == 1.0
    assert labels["wall_thickness"].isna().to_dict() == {"0XB": False, "0XA": True}  # a wall is missing
    assert labels.loc["0XA", "IVSd"] == pytest.approx(1.3)  # the mean of two
    assert labels["lv_mass_index"].isna().all()
    assert labels["provided_set"].tolist() == ["val", "train"]
    path = table(tmp_path, f"0,0XB,IVSd,1,{rest},val", f"1,0XB,LVPWd,1,{rest},test", header=header)
    assert "several sets" in check_video_table(path, LAYOUTS["echonet_lvh"])[0]
    path = table(tmp_path, "0XB,1", header="HashedFileName,Value")
    assert any("'split'" in line for line in check_video_table(path, LAYOUTS["echonet_lvh"]))


def test_a_row_means_a_file_by_path_name_or_stem(tmp_path):
    for name in ("x/a.avi", "y/a.avi", "y/b.MP4", "y/notes.csv", "z/d.avi"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(b"1")
    path = table(
        tmp_path,
        "x/a.avi,S1,P1,train,plax,F,None,90",
        "b,S2,P2,train,a4c,F,None,90",
        "gone,S3,P3,train,plax,F,None,90",
    )
    videos = read_video_table(path, PLAIN).videos
    catalogue, without_file = catalogue_videos(tmp_path / "set", videos)
    outcomes = dict(zip(catalogue["path"], catalogue["outcome"], strict=True))
    wanted = {"x/a.avi": "ok", "y/a.avi": "no_study_key", "y/b.MP4": "ok", "z/d.avi": "no_study_key"}
    assert outcomes == wanted
    assert catalogue.set_index("path")["view"].dropna().to_dict() == {"x/a.avi": "plax", "y/b.MP4": "a4c"}
    assert without_file == ["gone"]
    with pytest.raises(ValueError, match="'a' fits 2 files"):
        catalogue_videos(tmp_path / "set", videos.assign(video=["a", "b", "gone"]))
    with pytest.raises(ValueError, match=r"two rows mean the file 'y/b\.MP4'"):
        catalogue_videos(tmp_path / "set", videos.assign(video=["b", "y/b", "gone"]))
    with pytest.raises(ValueError, match="none of its 3 videos"):
        catalogue_videos(tmp_path / "set", videos.assign(video=["r", "s", "t"]))


def test_a_row_without_its_file_is_a_row_with_an_outcome(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.avi").write_bytes(b"1")
    path = table(tmp_path, "a,S1,P1,train,plax,F,None,90", "gone,S3,P3,train,plax,F,None,90")
    videos = read_video_table(path, PLAIN).videos
    scanned, without_file = catalogue_videos(tmp_path / "set", videos)
    found = with_missing_videos(scanned, videos, without_file)
    rows = pseudonymise(found.drop(columns="view"), Pseudonyms(b"k" * 32), 2).set_index("path")
    assert rows["outcome"].to_dict() == {"a.avi": "ok", "gone": "missing_file"}
    assert rows.loc["gone", "study_id"] == Pseudonyms(b"k" * 32).study("S3")


def test_names_as_windows_writes_them_are_found(tmp_path):
    for name in ("x/0X1A.AVI", "x/b.avi", "y/B.avi"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(b"1")
    path = table(tmp_path, "X\\0x1a.avi,S1,P1,train,plax,F,None,90", "y\\B,S2,P2,train,plax,F,None,90")
    catalogue, without_file = catalogue_videos(tmp_path / "set", read_video_table(path, PLAIN).videos)
    assert without_file == []
    assert catalogue.set_index("path")["outcome"].to_dict() == {
        "x/0X1A.AVI": "ok",
        "x/b.avi": "no_study_key",
        "y/B.avi": "ok",
    }


def test_a_patient_in_several_sets_is_a_warning(tmp_path):
    path = table(
        tmp_path,
        "a,S1,P1,train,plax,F,None,90",
        "b,S2,P1,test,plax,F,None,90",
        "c,S3,P2,test,plax,F,None,90",
    )
    found = check_video_table(path, PLAIN)
    assert found == []
    (warning,) = found.warnings
    assert "rows 2, 3: column 'set': 1 patients stand in several sets" in warning


def test_a_text_for_a_missing_view_is_told(tmp_path):
    path = table(tmp_path, "a,S1,P1,train,NA,F,None,90", "b,S2,P2,test,plax,F,None,90")
    (line,) = check_video_table(path, PLAIN)
    assert "row 2: column 'view': 'NA' (1 cells)" in line


def test_a_video_that_is_a_link_out_of_the_folder_is_a_row(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "other.avi").write_bytes(b"1")
    (tmp_path / "set" / "a.avi").symlink_to(tmp_path / "other.avi")
    (tmp_path / "set" / "b.avi").write_bytes(b"1")
    path = table(tmp_path, "a,S1,P1,train,plax,F,None,90", "b,S2,P2,train,a4c,F,None,90")
    videos = read_video_table(path, PLAIN).videos
    for follow, outcome in ((False, "link_outside"), (True, "ok")):
        catalogue, _ = catalogue_videos(tmp_path / "set", videos, follow_outside=follow)
        assert dict(zip(catalogue["path"], catalogue["outcome"], strict=True)) == {
            "a.avi": outcome,
            "b.avi": "ok",
        }


def test_the_split_unit_is_one_of_three():
    with pytest.raises(ValueError, match="'study', 'patient' or 'table'"):
        CohortSettings(development_years=[2016], split_unit="site")


def test_views_are_published_and_searched(tmp_path):
    rows = [f"{name}.avi,S{i},P{i},train,{name},F,None,90" for i, name in enumerate(["Meier", "Ito", "Ng"])]
    (line,) = check_video_table(table(tmp_path, *rows), PLAIN)
    assert "rows 2, 3, 4: column 'view': allowed is a category" in line
    dated = table(
        tmp_path, "a.avi,S1,P1,train,plax 17-Mar-2019,F,None,90", "b.avi,S2,P2,train,plax,F,None,90"
    )
    (line,) = check_video_table(dated, PLAIN)
    assert "row 2: column 'view': allowed is a text without an exact date" in line
    key = table(tmp_path, "clip_0042.avi,S1,P1,train,plax of clip_0042.avi,F,None,90")
    assert "the video of its row" in "".join(check_video_table(key, PLAIN))
