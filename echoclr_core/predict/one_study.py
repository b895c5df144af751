"""One folder of DICOM files, one bundle, no workflow: the stages of a study one after another."""

import logging
import secrets
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from echoclr_core.deidentify.audit.shard import audit_shard
from echoclr_core.deidentify.identifiers.pseudonyms import RESTRICTED_CATALOGUE, Pseudonyms, pseudonymise
from echoclr_core.deidentify.shard import deidentify_shard
from echoclr_core.dicom.catalogue import scan_archive
from echoclr_core.predict.bundle import Bundle, load_bundle
from echoclr_core.predict.files import patient_files
from echoclr_core.predict.results import write_results
from echoclr_core.predict.scoring import score_files
from echoclr_core.predict.shard import write_pages
from echoclr_core.predict.study_page import shown_videos
from echoclr_core.training.gpu import require_gpu
from echoclr_core.video.mask import MASKED_FROM, mask_shard
from echoclr_core.video.resampling import known_rates_only, unknown_frame_rates
from echoclr_core.video.store import ClipStore
from echoclr_core.video.store_building import build_store
from echoclr_core.views.classifier import Classifier
from echoclr_core.views.decision import classify_shard

log = logging.getLogger(__name__)


def predict_study(
    dicom_dir: str | Path,
    bundle: str | Path | Bundle,
    out: str | Path,
    *,
    key: bytes | None = None,
    study_key: str = "StudyInstanceUID",
    workers: int = 2,
    device: str = "cpu",
    pages: bool = True,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> pd.DataFrame:
    """Score the DICOM files of a folder with a bundle and write tables and a page for each study.

    The stages are those of the workflow: catalogue, deidentification, views, mask, clips, score. A file that
    cannot be used is a row with its outcome, and a study without a scored video a row with its reason.

    Parameters
    ----------
    dicom_dir
        A folder of DICOM files of one study, or of several; any tree, any names.
    bundle
        Folder of a bundle, or a loaded one.
    out
        Folder for the results; not within ``dicom_dir``. Files of an earlier call are replaced.
    key
        Secret key of the pseudonyms, 32 bytes or more; None draws one that is not kept, so that pseudonyms
        differ from call to call.
    study_key
        DICOM keyword that names the study.
    workers
        Processes that read, decode and mask.
    device
        Where the models score.
    pages
        Whether to write ``pages/<study_id>.html``.
    on_stage
        Called with the name of each stage as it begins.

    Returns
    -------
    DataFrame
        PATIENT_PREDICTIONS, one row a study. In ``out``: ``predictions.parquet`` and ``.csv``,
        ``files.parquet`` and ``.csv`` (each file with its outcome), ``videos.parquet``, ``pages/``; and in
        ``restricted/``, mode 0700, ``crosswalk.parquet``, the only file with identifiers.

    Raises
    ------
    GpuUnusableError
        ``device`` is a GPU and none works; before anything is read.
    ValueError, FileNotFoundError
        The folder is none or empty, ``out`` lies within it, or the bundle is not usable; the message says
        what is allowed.
    """
    dicom_dir, out = Path(dicom_dir), Path(out)
    require_gpu(int(device.startswith("cuda")), device)
    loaded = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    classifier = loaded.view_classifier(threads=workers)
    _check_folders(dicom_dir, out)
    on_stage("catalogue")
    catalogue = _catalogue(dicom_dir, study_key, key, workers)
    _write_crosswalk(catalogue, out)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        on_stage("deidentify")
        sources = _deidentify(catalogue, dicom_dir, work, loaded, study_key, workers)
        views, masked = _choose_and_mask(sources, work, loaded, classifier, workers, on_stage)
        store = _store(masked, sources, work, loaded)
        on_stage("score")
        files = patient_files(
            sources, views, masked, known_frame_rate=known_rates_only(loaded.clip_settings())
        )
        videos, predictions = score_files(loaded, store, files, device=device)
        write_results(out, files, videos, predictions)
        _remove_pages(out / "pages")
        if pages:
            on_stage("pages")
            clean = clean_videos(sources, videos, work / "deidentified", catalogue, workers)
            write_pages(out / "pages", [loaded], store, (files, videos, predictions), clean)
    log.info("%d files: %s", len(files), files["outcome"].value_counts().to_dict())
    return predictions


def _catalogue(dicom_dir: Path, study_key: str, key: bytes | None, workers: int) -> pd.DataFrame:
    """RESTRICTED_CATALOGUE of the folder, in one shard."""
    scanned = scan_archive(dicom_dir, study_key=study_key, workers=workers)
    if scanned.empty:
        raise ValueError("the folder of DICOM files holds no file: is it the right one, and mounted?")
    return pseudonymise(scanned, Pseudonyms(key or secrets.token_bytes(32)), 1)


def _deidentify(
    catalogue: pd.DataFrame, dicom_dir: Path, work: Path, bundle: Bundle, study_key: str, workers: int
) -> pd.DataFrame:
    """SOURCE_FILES of the folder; its videos in ``work / "deidentified"``."""
    return deidentify_shard(
        catalogue,
        dicom_dir,
        work / "deidentified",
        work / "deidentify",
        settings=bundle.deidentify_settings(),
        study_key=study_key,
        workers=workers,
    )


def _choose_and_mask(
    sources: pd.DataFrame,
    work: Path,
    bundle: Bundle,
    classifier: Classifier,
    workers: int,
    on_stage: Callable[[str], None],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """VIEW_DECISIONS of the deidentified videos, and MASKED_VIDEOS of those with a kept view."""
    on_stage("views")
    written = sources.loc[sources["outcome"] == "ok", ["video_id", "study_id", "sha256"]]
    views = classify_shard(
        written, work / "deidentified", classifier, settings=bundle.view_settings(), workers=workers
    )
    on_stage("mask")
    kept = views.loc[views["kept"].fillna(False), ["video_id", "study_id"]]
    masked = mask_shard(
        kept.merge(sources[list(MASKED_FROM)], on="video_id"),
        work / "deidentified",
        work / "masked",
        settings=bundle.mask_settings(),
        workers=workers,
    )
    return views, masked


def clean_videos(
    sources: pd.DataFrame,
    videos: pd.DataFrame,
    folder: Path,
    catalogue: pd.DataFrame,
    workers: int = 1,
) -> set[str]:
    """Of the videos that pages would show, those in which the audit finds no text and no identifier.

    Parameters
    ----------
    sources, videos
        SOURCE_FILES and PATIENT_VIDEOS.
    folder
        Of the deidentified videos.
    catalogue
        RESTRICTED_CATALOGUE, whose identifiers are looked for.
    workers
        Threads; a video each.
    """
    shown = {video for _, rows in videos.groupby("study_id") for video in shown_videos(rows)}
    chosen = sources[sources["video_id"].isin(shown)]

    def outcome(place: int) -> str:
        row = chosen.iloc[place : place + 1]
        audited, _ = audit_shard(row, folder, sample=1, seed=0, catalogue=catalogue)
        return audited["outcome"].iloc[0]

    with ThreadPoolExecutor(max_workers=workers) as pool:
        outcomes = list(pool.map(outcome, range(len(chosen))))
    return {video for video, found in zip(chosen["video_id"], outcomes, strict=True) if found == "clean"}


def _check_folders(dicom_dir: Path, out: Path) -> None:
    if not dicom_dir.is_dir():
        raise ValueError("the folder of DICOM files is not there, or is no folder")
    if out.resolve().is_relative_to(dicom_dir.resolve()):
        raise ValueError("the results would lie within the folder of DICOM files; name another folder")
    if out.exists() and not out.is_dir():
        raise ValueError("the folder for the results is a file; name another folder")


def _write_crosswalk(catalogue: pd.DataFrame, out: Path) -> None:
    """The only file with identifiers, readable by its owner alone."""
    folder = out / "restricted"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    RESTRICTED_CATALOGUE.write(catalogue, folder / "crosswalk.parquet")
    (folder / "crosswalk.parquet").chmod(0o600)


def _remove_pages(folder: Path) -> None:
    """Pages of an earlier call: its pseudonyms may be others, which no crosswalk holds any more."""
    for page in folder.glob("*.html"):
        page.unlink()


def _store(masked: pd.DataFrame, sources: pd.DataFrame, work: Path, bundle: Bundle) -> ClipStore:
    frames, index = work / "clips.npy", work / "clips.parquet"
    build_store(
        masked,
        work / "masked",
        frames,
        index,
        size=bundle.mask_settings().size,
        settings=bundle.clip_settings(),
        unknown_rates=set(sources.loc[unknown_frame_rates(sources), "video_id"]),
    )
    return ClipStore.open([index], [frames])
