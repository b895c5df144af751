"""What is known of each phantom video because it was made: for tests and montages, never for training."""

import numpy as np

from echoclr_core.common import Column, Table
from echoclr_core.synthetic.cohort import StudyPlan, VideoPlan
from echoclr_core.synthetic.settings import SyntheticSettings
from echoclr_core.synthetic.video import ScreenVideo

TRUTH = Table(
    "truth",
    {
        "sop_uid": Column(kind="str", description="SOPInstanceUID of the cine loop"),
        "study_key": Column(kind="str", description="AccessionNumber"),
        "part": Column(
            kind="str", description="part of the plan", allowed=("development", "external", "views")
        ),
        "view": Column(kind="str", description="view shown"),
        "layout": Column(kind="str", description="vendor's screen"),
        "encoding": Column(kind="str", description="pixel encoding"),
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
        "valve_x": Column(kind="float", nullable=True, description="aortic valve in the first frame, px"),
        "valve_y": Column(kind="float", nullable=True, description="aortic valve in the first frame, px"),
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


def truth_row(
    settings: SyntheticSettings, plan: StudyPlan, video: VideoPlan, drawn: ScreenVideo, sop_uid: str
) -> dict[str, object]:
    """One row of TRUTH."""
    fan, anatomy = drawn.fan, drawn.take.anatomy
    sector = fan.sector
    valve = drawn.take.scene(0).valve
    on_screen = (None, None) if valve is None else tuple(fan.apex[i] + fan.scale * valve[i] for i in (0, 1))
    return {
        "sop_uid": sop_uid,
        "study_key": plan.accession,
        "part": plan.part,
        "view": video.view,
        "layout": plan.layout,
        "encoding": video.encoding,
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
        "valve_x": on_screen[0],
        "valve_y": on_screen[1],
        "first_phase": float(drawn.take.phases[0]),
        "heart_rate": drawn.take.cycle.heart_rate,
        "septum_cm": anatomy.septum,
        "posterior_wall_cm": anatomy.posterior_wall,
        "lvidd_cm": anatomy.lvidd,
        "valve_area_cm2": anatomy.valve_area,
        "cusp_separation_cm": anatomy.cusp_separation,
        "mass_index": anatomy.mass_index,
    }
