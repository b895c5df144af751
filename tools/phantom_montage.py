"""Every view of the synthetic cohort at end-diastole, at end-systole and with the mitral valve open.

python -m tools.phantom_montage docs/images/synthetic_views.jpg
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from echoclr_core.common.files import atomic_path
from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.heart.views import VIEWS
from echoclr_core.synthetic.plan.cohort import StudyPlan, VideoPlan
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import VENDOR_SCREENS, SyntheticSettings
from echoclr_core.synthetic.rendering.stills import m_mode, spectral_doppler
from echoclr_core.synthetic.rendering.video import make_video_spec, screen_video

TILE = (216, 288)  # height and width of one picture, px
FRAMES, RATE = 20, 15.0


def moments(settings: SyntheticSettings, number: int, view: str) -> list[np.ndarray]:
    """Three frames of one view on a vendor's screen: (H, W, 3) uint8 RGB each."""
    video = VideoPlan(
        number=1, view=view, frames=FRAMES, frame_rate=RATE, encoding="rgb", rate_tag="time", quirk="none"
    )
    plan = StudyPlan(
        number=number,
        part="views",
        patient=number,
        years=0.0,
        date="20190304",
        accession="E1",
        screen=(480, 640),
        vendor_screen=VENDOR_SCREENS[number % len(VENDOR_SCREENS)],
        videos=(video,),
    )
    patient = make_patient(settings, number)
    drawn = screen_video(settings, plan, video, patient, patient.anatomy)
    beats = [truth.beat for truth in drawn.frame_truths]
    chosen = (
        np.argmin([beat.contraction for beat in beats]),
        np.argmax([beat.contraction for beat in beats]),
        np.argmax([beat.mitral for beat in beats]),
    )
    return [drawn.frames[index] for index in chosen]


def stills(settings: SyntheticSettings) -> list[np.ndarray]:
    """M-mode and two spectra, of a mild and of a severe stenosis: (H, W) uint8 each."""
    people = sorted((make_patient(settings, number).anatomy for number in range(12)), key=_area)
    spec = make_video_spec(settings, people[0], 0, 9, "plax", 64, 25.0)
    spectra = [
        spectral_doppler(anatomy, TILE, generator(0, "montage")) for anatomy in (people[-1], people[0])
    ]
    return [m_mode(spec, TILE), *spectra]


def _area(anatomy) -> float:
    return anatomy.valve_area


def tile(picture: np.ndarray, name: str) -> np.ndarray:
    """The picture at the size of a tile, with its name: (H, W, 3) uint8 RGB."""
    colour = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    small = cv2.resize(colour, TILE[::-1], interpolation=cv2.INTER_AREA)
    cv2.putText(small, name, (4, TILE[0] - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 210, 90), 1, cv2.LINE_AA)
    return small


def montage(settings: SyntheticSettings) -> np.ndarray:
    """Two views a row, three moments each; the stills below: (H, W, 3) uint8 RGB."""
    strips = [
        np.concatenate([tile(picture, view) for picture in moments(settings, number + 2, view)], 1)
        for number, view in enumerate(VIEWS)
    ]
    names = ("M-mode", "aortic jet, wide valve", "aortic jet, narrow valve")
    strips.append(np.concatenate([tile(p, n) for p, n in zip(stills(settings), names, strict=True)], 1))
    strips += [np.zeros_like(strips[0])] * (len(strips) % 2)
    rows = [np.concatenate(strips[i : i + 2], 1) for i in range(0, len(strips), 2)]
    return np.concatenate(rows)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    shown = montage(SyntheticSettings(edge_text_share=0.0, inside_text_share=0.0))
    done, data = cv2.imencode(".jpg", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert done
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.tobytes())
    print(f"{path}: {len(VIEWS)} views, {data.nbytes / 1000:.0f} kB")
