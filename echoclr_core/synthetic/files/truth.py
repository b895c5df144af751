"""What is known of each phantom video because it was made: for tests and montages, never for training."""

import numpy as np

from echoclr_core.common.tables import Column, Table
from echoclr_core.synthetic.plan.cohort import StudyPlan, VideoPlan
from echoclr_core.synthetic.rendering.video import FrameTruth, ScreenVideo

TRUTH = Table(
    "truth",
    {
        "sop_uid": Column(kind="str", description="SOPInstanceUID of the cine loop"),
        "path": Column(kind="str", description="path below dicom/"),
        "study_key": Column(kind="str", description="AccessionNumber"),
        "part": Column(
            kind="str", description="part of the plan", allowed=("development", "external", "views")
        ),
        "view": Column(kind="str", description="view shown"),
        "vendor_screen": Column(kind="str", description="vendor's screen"),
        "encoding": Column(kind="str", description="pixel encoding"),
        "rate_tag": Column(kind="str", description="tag that states the frame rate"),
        "quirk": Column(kind="str", description="deviation of the file from the standard"),
        "frames": Column(kind="int", description="frames", low=1),
        "fps": Column(kind="float", description="true frame rate, 1/s", low=0),
        "height": Column(kind="int", description="screen height, px", low=1),
        "width": Column(kind="int", description="screen width, px", low=1),
        "apex_x": Column(kind="float", description="transducer on the screen, px"),
        "apex_y": Column(kind="float", description="transducer on the screen, px"),
        "near_px": Column(kind="float", description="near radius of the sector, px", low=0),
        "far_px": Column(kind="float", description="far radius of the sector, px", low=0),
        "left_angle": Column(
            kind="float", description="left flank, degrees from straight down, right positive"
        ),
        "right_angle": Column(kind="float", description="right flank, degrees from straight down"),
        "cut_left": Column(kind="float", description="first column of the window, px"),
        "cut_right": Column(kind="float", description="last column of the window, px"),
        "px_per_cm": Column(kind="float", description="scale", low=0),
        "valve_x": Column(
            kind="float",
            nullable=True,
            description="aortic valve, mean over the frames, px; none if not shown",
        ),
        "valve_y": Column(kind="float", nullable=True, description="aortic valve, mean over the frames, px"),
        "cusps_x0": Column(
            kind="float", nullable=True, description="box around the cusps in all frames: left, px"
        ),
        "cusps_y0": Column(
            kind="float", nullable=True, description="box around the cusps in all frames: top, px"
        ),
        "cusps_x1": Column(
            kind="float", nullable=True, description="box around the cusps in all frames: right, px"
        ),
        "cusps_y1": Column(
            kind="float", nullable=True, description="box around the cusps in all frames: bottom, px"
        ),
        "edge_text": Column(kind="str", nullable=True, description="text that overlaps the fan's edge"),
        "inside_text": Column(kind="str", nullable=True, description="text typed inside the fan"),
        "first_phase": Column(kind="float", description="phase of the first frame", low=0, high=1),
        "heart_rate": Column(kind="float", description="beats a minute", low=0),
        "septum_cm": Column(kind="float", description="septum at end-diastole, cm", low=0),
        "posterior_wall_cm": Column(kind="float", description="posterior wall at end-diastole, cm", low=0),
        "lvidd_cm": Column(kind="float", description="cavity at end-diastole, cm", low=0),
        "valve_area_cm2": Column(kind="float", description="valve area, cm2", low=0),
        "cusp_separation_cm": Column(kind="float", description="greatest cusp separation, cm", low=0),
        "mass_index": Column(kind="float", description="ventricular mass over body surface, g/m2", low=0),
    },
    key=("sop_uid",),
)
"""Schema of truth.parquet: one row a cine loop."""


TRUTH_FRAMES = Table(
    "truth of frames",
    {
        "sop_uid": Column(kind="str", description="SOPInstanceUID of the cine loop"),
        "frame": Column(kind="int", description="number of the frame, from 0", low=0),
        "phase": Column(kind="float", description="share of the beat since the R wave", low=0, high=1),
        "contraction": Column(kind="float", description="0 end-diastole, 1 end-systole", low=0, high=1),
        "aortic_opening": Column(kind="float", description="0 closed, 1 open", low=0, high=1),
        "mitral_opening": Column(kind="float", description="0 closed, 1 open", low=0, high=1),
        "septum_cm": Column(kind="float", description="septum as drawn, cm", low=0),
        "posterior_wall_cm": Column(kind="float", description="posterior wall as drawn, cm", low=0),
        "valve_x": Column(kind="float", nullable=True, description="aortic valve, px; none if not shown"),
        "valve_y": Column(kind="float", nullable=True, description="aortic valve, px"),
    },
    key=("sop_uid", "frame"),
)
"""Schema of truth_frames.parquet: one row a frame of each cine loop."""

_NOWHERE = (None, None, None, None)


def truth_row(
    plan: StudyPlan, video: VideoPlan, drawn: ScreenVideo, sop_uid: str, path: str
) -> dict[str, object]:
    """One row of TRUTH."""
    fan, anatomy = drawn.fan, drawn.spec.anatomy
    sector = fan.sector
    valve, cusps = _valve(drawn.frame_truths)
    return {
        "sop_uid": sop_uid,
        "path": path,
        "study_key": plan.accession,
        "part": plan.part,
        "view": video.view,
        "vendor_screen": plan.vendor_screen,
        "encoding": video.encoding,
        "rate_tag": video.rate_tag,
        "quirk": video.quirk,
        "frames": video.frames,
        "fps": video.frame_rate,
        "height": plan.screen[0],
        "width": plan.screen[1],
        "apex_x": fan.apex[0],
        "apex_y": fan.apex[1],
        "near_px": fan.scale * sector.near,
        "far_px": fan.scale * sector.depth,
        "left_angle": float(np.rad2deg(sector.steer - sector.half_angle)),
        "right_angle": float(np.rad2deg(sector.steer + sector.half_angle)),
        "cut_left": fan.cut[0],
        "cut_right": fan.cut[1],
        "px_per_cm": fan.scale,
        "valve_x": valve[0],
        "valve_y": valve[1],
        **dict(zip(("cusps_x0", "cusps_y0", "cusps_x1", "cusps_y1"), cusps, strict=True)),
        "edge_text": drawn.overlay.edge_text,
        "inside_text": drawn.overlay.inside_text,
        "first_phase": float(drawn.spec.phases[0]),
        "heart_rate": drawn.spec.cycle.heart_rate,
        "septum_cm": anatomy.septum,
        "posterior_wall_cm": anatomy.posterior_wall,
        "lvidd_cm": anatomy.lvidd,
        "valve_area_cm2": anatomy.valve_area,
        "cusp_separation_cm": anatomy.cusp_separation,
        "mass_index": anatomy.mass_index,
    }


def _valve(frame_truths: tuple[FrameTruth, ...]) -> tuple[tuple, tuple]:
    """Mean (x, y) of the valve and the box around its cusps over all frames; Nones where none is shown."""
    if not frame_truths or frame_truths[0].valve is None:
        return _NOWHERE[:2], _NOWHERE
    centre = np.mean([frame_truth.valve for frame_truth in frame_truths], 0)
    boxes = np.array([frame_truth.cusps for frame_truth in frame_truths])
    return tuple(centre.tolist()), (*boxes[:, :2].min(0).tolist(), *boxes[:, 2:].max(0).tolist())


def frame_rows(drawn: ScreenVideo, sop_uid: str) -> list[dict[str, object]]:
    """Rows of TRUTH_FRAMES of one cine loop."""
    return [
        {
            "sop_uid": sop_uid,
            "frame": index,
            "phase": frame_truth.beat.phase,
            "contraction": frame_truth.beat.contraction,
            "aortic_opening": frame_truth.beat.aortic,
            "mitral_opening": frame_truth.beat.mitral,
            "septum_cm": frame_truth.septum,
            "posterior_wall_cm": frame_truth.posterior_wall,
            "valve_x": frame_truth.valve[0] if frame_truth.valve else None,
            "valve_y": frame_truth.valve[1] if frame_truth.valve else None,
        }
        for index, frame_truth in enumerate(drawn.frame_truths)
    ]
