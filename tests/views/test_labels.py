"""The table of labelled views, and its join to the archive."""

import pandas as pd
import pytest

from echoclr_core.views.labels import NOTE, join_view_labels, read_view_labels, view_label_problems


def written(tmp_path, text):
    path = tmp_path / "views.csv"
    path.write_text(text)
    return path


@pytest.fixture
def catalogue():
    return pd.DataFrame(
        {
            "path": ["a/1.dcm", "a/2.dcm", "b/3", "b/4"],
            "study_key": ["A 1", "A 1", "B", "B"],
            "sop_uid": ["1.1", "1.2", None, "1.4"],
            "outcome": ["ok", "ok", "ok", "not_dicom"],
            "video_id": ["v_1", "v_2", "v_3", "v_4"],
            "study_id": ["s_a", "s_a", "s_b", "s_b"],
            "patient_id": ["p_a", "p_a", None, None],
        }
    )


def test_videos_are_named_by_uid_or_path(tmp_path, catalogue):
    provided = read_view_labels(written(tmp_path, "video,view\n1.1,plax\nb/3,a4c\n1.4,plax\n9.9,plax\n"))
    labels, unmatched = join_view_labels(provided, catalogue)
    assert labels[["video_id", "patient_id", "view"]].to_numpy().tolist() == [
        ["v_1", "p_a", "plax"],
        ["v_3", "s_b", "a4c"],  # a study without a patient stands for its own
    ]
    assert unmatched == 2  # one unusable file, one that is not in the archive


def test_videos_are_named_by_study_and_file(tmp_path, catalogue):
    provided = read_view_labels(written(tmp_path, "study,file,view\nA 1,2.dcm,plax\nB,3,a4c\nB,1.dcm,a4c\n"))
    labels, unmatched = join_view_labels(provided, catalogue)
    assert labels[["video_id", "view"]].to_numpy().tolist() == [["v_2", "plax"], ["v_3", "a4c"]]
    assert unmatched == 1  # of another study
    twice = catalogue.assign(path=["a/x/1.dcm", "a/y/1.dcm", "b/3", "b/4"])
    with pytest.raises(ValueError, match="1 files have a name that their study has twice"):
        join_view_labels(read_view_labels(written(tmp_path, "study,file,view\nA 1,1.dcm,plax\n")), twice)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,view\n1,plax\n", r"missing columns \['study'\]; .*video \(or study and file\)"),
        ("video,view\n1.1,\n,plax\n", "row 2: column 'view' is empty"),
        ("video,view\n1.1,plax\n1.1,a4c\n", r"rows \[2, 3\]: one video, different views"),
    ],
)
def test_problems_are_named(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        read_view_labels(written(tmp_path, text))


def test_a_uid_of_two_loops_does_not_name_a_video(tmp_path, catalogue):
    provided = read_view_labels(written(tmp_path, "video,view\n1.1,plax\n"))
    shared = catalogue.assign(sop_uid=["1.1", "1.1", None, "1.4"])
    with pytest.raises(ValueError, match="the SOPInstanceUID of another loop; name the path"):
        join_view_labels(provided, shared)


def test_no_match_at_all_is_an_error(tmp_path, catalogue):
    provided = read_view_labels(written(tmp_path, "video,view\nx,plax\n"))
    with pytest.raises(ValueError, match="none of the 1 labelled videos"):
        join_view_labels(provided, catalogue)


def test_problems_are_lines_and_plax_must_be_among_the_views(tmp_path):
    good = written(tmp_path, "video,view\n1.1,plax\n1.2,a4c\n")
    assert view_label_problems(good, ["plax"]) == []
    [line] = view_label_problems(good, ["plax_plax"])
    assert "no video has the view 'plax_plax' (views.keep); the views are ['a4c', 'plax']" in line
    assert len(view_label_problems(written(tmp_path, "video,view\n1.1,\n,plax\n"), ["plax"])) == 2
    assert view_label_problems(written(tmp_path, ""), ["plax"])


@pytest.mark.parametrize(
    ("views", "said"),
    [
        (["plax", "a4c 17.3.19", "plax"], "rows [3]: column 'view': allowed is a text without an exact date"),
        (["Meier", "Ito", "Ng"], "rows [2, 3, 4]: column 'view': allowed is a category"),
        (["plax", "a4c", "plax 4711-08"], "the video of its row"),
    ],
)
def test_views_that_can_name_a_patient_are_refused(tmp_path, views, said):
    rows = "".join(f"4711-0{i + 6},{view}\n" for i, view in enumerate(views))
    path = written(tmp_path, "video,view\n" + rows)
    (line,) = view_label_problems(path, [views[0]])
    assert said in line
    assert not any(view in line for view in views if view != "plax")
    with pytest.raises(ValueError, match="released_columns"):
        read_view_labels(path)
    released = view_label_problems(path, [views[0]], released=True)
    assert (released == []) == ("of its row" not in said)


def test_tables_from_windows_are_read(tmp_path, catalogue):
    path = tmp_path / "views.csv"
    for content in (
        b"\xef\xbb\xbfvideo;view\r\na\\1.dcm;plax\r\nb\\3;a4c\r\n",
        "video\tview\na\\1.dcm\tplax\nb\\3\ta4c\n".encode("utf-16"),
    ):
        path.write_bytes(content)
        notes = view_label_problems(path, ["plax"])
        assert notes
        assert all(line.startswith(NOTE) for line in notes)
        labels, unmatched = join_view_labels(read_view_labels(path), catalogue)
        assert (labels["video_id"].tolist(), unmatched) == (["v_1", "v_3"], 0)


@pytest.mark.parametrize("text", ["NA", "null", "#N/A", "-", "Unknown"])
def test_a_text_for_a_missing_view_is_no_view(tmp_path, text):
    rows = f"video,view\n1.1,plax\n1.2,{text}\n1.3,{text}\n"
    (line,) = view_label_problems(written(tmp_path, rows), ["plax"])
    assert line.startswith(f"views.csv: rows 3, 4: column 'view': {text!r} (2 cells)")
