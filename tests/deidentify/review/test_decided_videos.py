"""What a person decided about a video is what the next run makes of it, and of it alone."""

from dataclasses import replace

import cv2
import light_decoders
import pandas as pd
import pytest
from cine_files import KEY, phantom, write_cine

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.mask_files import read_mask
from echoclr_core.common.shard_cache import IncompleteShardError
from echoclr_core.deidentify.audit.shard import audit_shard
from echoclr_core.deidentify.audit.summary import audit_summary, check_audit
from echoclr_core.deidentify.identifiers.pseudonyms import Pseudonyms, pseudonymise
from echoclr_core.deidentify.review.decided_video import deidentify_decided, shown_sector
from echoclr_core.deidentify.review.decisions import Decision, DecisionError, mask_digest
from echoclr_core.deidentify.sector.boundary import SAMPLED_FRAMES
from echoclr_core.deidentify.settings import DeidentifySettings
from echoclr_core.deidentify.shard import deidentify_shard
from echoclr_core.deidentify.tables import SOURCE_FILES
from echoclr_core.dicom.catalogue import scan_archive
from echoclr_core.dicom.reading import read_cine

SETTINGS = DeidentifySettings(timeout_seconds=120, memory_megabytes=1024)
HEIGHT, WIDTH = 200, 260
POLYGON = "90 50; 170 50; 190 150; 70 150"


def named(frames, text="KOWALSKA JAN"):
    frames = frames.copy()
    for frame in frames:
        cv2.putText(frame, text, (70, 120), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
    return frames


def decided(path, word, *, video_id="v_" + "a" * 16, study_id="s_" + "b" * 16, polygon=POLYGON):
    cine = read_cine(path, study_key=None, default_fps=30)
    mask = shown_sector(cine, cine.sample(SAMPLED_FRAMES), SETTINGS)
    correct = word == "correct"
    return Decision(
        video_id=video_id,
        study_id=study_id,
        decision=word,
        shape="polygon" if correct else "",
        geometry=polygon if correct else "",
        width=WIDTH,
        height=HEIGHT,
        content=file_digest(path),
        mask=mask_digest(mask),
    )


@pytest.fixture(scope="module")
def loop(tmp_path_factory):
    """A loop with a name inside its sector."""
    path = tmp_path_factory.mktemp("loop") / "loop"
    write_cine(path, named(phantom(3, height=HEIGHT, width=WIDTH, count=12)[0]), uid="1.2.3")
    return path


def test_a_quarantined_video_is_accepted_with_the_sector_that_was_shown(loop, tmp_path):
    decision = decided(loop, "accept")
    found = deidentify_decided(loop, tmp_path / "v.avi", SETTINGS, decision)
    assert (found["outcome"], found["decision"]) == ("ok", "accepted")
    mask = read_mask(tmp_path / "v.avi")
    assert mask_digest(mask) == decision.mask
    frames, _ = read_avi(tmp_path / "v.avi")
    assert not frames[:, ~mask].any()
    assert len(frames) == found["n_frames"] == 12


def test_an_accepted_video_that_passes_is_written_as_always(tmp_path):
    write_cine(tmp_path / "loop", phantom(3, height=HEIGHT, width=WIDTH)[0], uid="1.2.3")
    decision = decided(tmp_path / "loop", "accept")
    found = deidentify_decided(tmp_path / "loop", tmp_path / "v.avi", SETTINGS, decision)
    assert (found["outcome"], found["decision"]) == ("ok", "accepted")
    assert found["text_lines"] == 0  # it was looked for


def test_an_accepted_video_that_passes_with_another_sector_is_left_out(tmp_path):
    write_cine(tmp_path / "loop", phantom(3, height=HEIGHT, width=WIDTH)[0], uid="1.2.3")
    decision = replace(decided(tmp_path / "loop", "accept"), mask="0" * 64)
    (tmp_path / "out").mkdir()
    found = deidentify_decided(tmp_path / "loop", tmp_path / "out" / "v.avi", SETTINGS, decision)
    assert (found["outcome"], found["decision"]) == ("stale_decision", "stale")
    assert "another than the person saw" in found["detail"]
    assert not list((tmp_path / "out").iterdir())


def test_a_corrected_video_shows_the_drawn_sector_alone(loop, tmp_path):
    decision = decided(loop, "correct")
    found = deidentify_decided(loop, tmp_path / "v.avi", SETTINGS, decision)
    assert (found["outcome"], found["decision"]) == ("ok", "corrected")
    frames, _ = read_avi(tmp_path / "v.avi")
    assert (read_mask(tmp_path / "v.avi") == decision.drawn_mask()).all()
    assert not frames[:, ~decision.drawn_mask()].any()
    assert frames[:, decision.drawn_mask()].any()
    codec = replace(SETTINGS, codec="mjpeg")
    deidentify_decided(loop, tmp_path / "j.avi", codec, decision)
    frames, _ = read_avi(tmp_path / "j.avi")
    assert not frames[:, ~decision.drawn_mask()].any()


def test_a_rejected_video_is_not_written(loop, tmp_path):
    found = deidentify_decided(loop, tmp_path / "v.avi", SETTINGS, decided(loop, "reject"))
    assert found == {"outcome": "rejected", "decision": "rejected"}
    assert not (tmp_path / "v.avi").exists()


@pytest.mark.parametrize(
    ("word", "changes"),
    [
        ("reject", {"content": "0" * 64}),
        ("accept", {"mask": "0" * 64}),
        ("correct", {"width": 100, "geometry": "10 10; 90 10; 50 70"}),
    ],
)
def test_a_decision_about_something_else_is_not_followed(loop, tmp_path, word, changes):
    decision = replace(decided(loop, word), **changes)
    found = deidentify_decided(loop, tmp_path / "v.avi", SETTINGS, decision)
    assert (found["outcome"], found["decision"]) == ("stale_decision", "stale")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_gone_is_a_row(loop, tmp_path):
    assert deidentify_decided(tmp_path / "x", tmp_path / "v.avi", SETTINGS, decided(loop, "reject"))[
        "outcome"
    ] in ("corrupt", "missing_file")


@pytest.fixture
def shard(tmp_path, monkeypatch):
    """A shard of three files, one of them quarantined, and a function that runs it."""
    for number, name in enumerate("abc"):
        write_cine(tmp_path / "dicom" / name, phantom(number)[0], uid=f"1.2.826.0.1.{number + 1}")
    rows = pseudonymise(scan_archive(tmp_path / "dicom"), Pseudonyms(KEY), 1)
    monkeypatch.setenv(light_decoders.CALLS, str(tmp_path / "calls"))
    monkeypatch.setattr("echoclr_core.deidentify.shard.DECIDED_FILE", "light_decoders:decided")

    def run(decisions=None):
        (tmp_path / "calls").write_text("")
        table = deidentify_shard(
            rows,
            tmp_path / "dicom",
            tmp_path / "out",
            tmp_path / "work",
            settings=SETTINGS,
            process="light_decoders:written",
            decisions=decisions,
            kept_dir=tmp_path / "kept",
        )
        return table.set_index("video_id"), (tmp_path / "calls").read_text().split()

    run.rows = rows.set_index("path")
    run.root = tmp_path
    return run


def decision_in(shard, name, word):
    row = shard.rows.loc[name]
    made = Decision(
        video_id=row["video_id"],
        study_id=row["study_id"],
        decision=word,
        shape="",
        geometry="",
        width=160,
        height=120,
        content="0" * 64,
        mask="0" * 64,
    )
    return {made.video_id: made}


def test_only_the_video_of_a_changed_decision_is_made_again(shard):
    quarantined = shard.rows.loc["b", "video_id"]
    table, calls = shard()
    assert sorted(calls) == ["a", "b", "c"]
    assert table.loc[quarantined, "outcome"] == "burned_in_text"
    others = [video_id for video_id in table.index if video_id != quarantined]
    for word in ("accept", "correct", "reject"):
        changed, calls = shard(decision_in(shard, "b", word))
        assert calls == []
        assert changed.loc[quarantined, "decision"] == f"{word}ed"
        for folder in ("out", "kept/files"):
            assert (shard.root / folder / f"{quarantined}.avi").exists() == (word != "reject")
        assert changed.loc[others].equals(table.loc[others])
    back, calls = shard()
    assert calls == ["b"]
    assert back.equals(table)


def test_kept_videos_take_no_further_room_and_follow_the_archive(shard):
    table, _ = shard()
    written = table.index[table["outcome"] == "ok"]
    for video_id in written:
        assert (shard.root / "out" / f"{video_id}.avi").stat().st_nlink == 2
    (shard.root / "kept" / "files" / f"{written[0]}.avi").write_bytes(b"changed")
    with pytest.raises(IncompleteShardError):
        shard()
    again, calls = shard()
    assert len(calls) == 1
    assert again.equals(table)


def test_a_decision_about_no_video_of_the_shard_stops_it(shard):
    (decision,) = decision_in(shard, "b", "reject").values()
    unknown = replace(decision, video_id="v_" + "a" * 16)
    with pytest.raises(DecisionError, match=r"no file of the archive is v_aaaaaaaaaaaaaaaa"):
        shard({unknown.video_id: unknown})
    other = replace(decision, study_id="s_" + "a" * 16)
    with pytest.raises(DecisionError, match="belongs to another study"):
        shard({other.video_id: other})
    assert not (shard.root / "out").exists()


def source_files(found, video_id="v_" + "a" * 16, study_id="s_" + "b" * 16):
    row = {"video_id": video_id, "study_id": study_id, **found}
    row.pop("detail", None)
    return SOURCE_FILES.check(pd.DataFrame([row]).reindex(columns=list(SOURCE_FILES.columns)))


def test_the_audit_looks_at_every_decided_video_and_says_what_it_finds(loop, tmp_path):
    video_id = "v_" + "a" * 16
    found = deidentify_decided(loop, tmp_path / f"{video_id}.avi", SETTINGS, decided(loop, "accept"))
    table = source_files(found)
    rows, _ = audit_shard(table, tmp_path, sample=0, seed=0)
    assert rows["video_id"].tolist() == [video_id]  # whatever the sample
    assert rows["outcome"].tolist() == ["text"]  # a person accepted it; the audit says what is there
    assert rows["outside_pixels"].tolist() == [0]
    summary = audit_summary(rows, table)
    assert (summary["text"], summary["text_decided"], summary["text_rate"]) == (1, 1, 0)
    assert (summary["accepted"], summary["corrected"], summary["rejected"]) == (1, 0, 0)
    check_audit(summary, 0.0)
    with pytest.raises(ValueError, match="1 with legible text"):
        check_audit(audit_summary(rows, table.assign(decision=None)), 0.01)


def test_stale_decisions_are_counted(loop, tmp_path):
    stale = replace(decided(loop, "accept"), content="0" * 64)
    table = source_files(deidentify_decided(loop, tmp_path / "v.avi", SETTINGS, stale))
    rows, _ = audit_shard(table, tmp_path, sample=9, seed=0)
    assert audit_summary(rows, table)["stale"] == 1
