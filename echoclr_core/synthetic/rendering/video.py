"""One cine loop: scene by scene, frame by frame, onto the vendor's screen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.heart.anatomy import Anatomy
from echoclr_core.synthetic.heart.motion import Beat, Cycle
from echoclr_core.synthetic.heart.scene import Scene
from echoclr_core.synthetic.heart.views import VIEWS
from echoclr_core.synthetic.plan.acquisition import Acquisition, draw_acquisition
from echoclr_core.synthetic.plan.cohort import StudyPlan, VideoPlan
from echoclr_core.synthetic.plan.patients import Patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.colour_flow import ColourFlow
from echoclr_core.synthetic.rendering.render import Renderer, ScanConverter, Sector, uneven
from echoclr_core.synthetic.screen.overlay import Overlay, draw_overlay
from echoclr_core.synthetic.screen.screens import Caption, Screen, screen_font
from echoclr_core.synthetic.screen.vendor_screens import VENDOR_SCREENS


@dataclass(frozen=True, kw_only=True)
class Fan:
    """Where the sector stands on a screen, in pixels.

    Parameters
    ----------
    sector
        In cm and radians.
    apex
        (x, y) of the transducer.
    scale
        Pixels a cm.
    cut
        (left, right) columns that limit the fan.
    """

    sector: Sector
    apex: tuple[float, float]
    scale: float
    cut: tuple[float, float]

    def edge(self, side: int) -> np.ndarray:
        """(N, 2) pixels on one flank, side -1 left or +1 right: one a centimetre from the near radius on."""
        angle = self.sector.steer + side * self.sector.half_angle
        radii = np.arange(np.ceil(self.sector.near), self.sector.depth) * self.scale
        return np.stack((self.apex[0] + radii * np.sin(angle), self.apex[1] + radii * np.cos(angle)), 1)

    def at(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) points in cm to pixels."""
        return np.asarray(self.apex) + self.scale * np.asarray(points)


def place_fan(sector: Sector, box: tuple[float, float, float, float], cut: float = 0.0) -> Fan:
    """The largest fan of this shape in a pixel box (x0, y0, x1, y1): centred, at the top.

    Parameters
    ----------
    cut
        Share of the fan's width that is cut off at its right.
    """
    angles = sector.steer + np.linspace(-sector.half_angle, sector.half_angle, 65)
    arcs = [r * np.stack((np.sin(angles), np.cos(angles)), 1) for r in (sector.near, sector.depth)]
    low, high = np.concatenate(arcs).min(0), np.concatenate(arcs).max(0)
    scale = min((box[2] - box[0]) / (high[0] - low[0]), (box[3] - box[1]) / (high[1] - low[1]))
    apex_x = (box[0] + box[2]) / 2 - scale * (low[0] + high[0]) / 2
    left, right = apex_x + scale * low[0], apex_x + scale * high[0]
    return Fan(
        sector=sector,
        apex=(float(apex_x), float(box[1] - scale * low[1])),
        scale=float(scale),
        cut=(float(left), float(right - cut * (right - left))),
    )


@dataclass(frozen=True, kw_only=True)
class VideoSpec:
    """One video before it is drawn: heart, cycle, acquisition and the phase of each frame.

    Parameters
    ----------
    view
        Name of the view.
    anatomy, cycle, acquisition
        What is seen and how.
    phases
        (T,) phase of each frame.
    rng
        The generator for speckle.
    """

    view: str
    anatomy: Anatomy
    cycle: Cycle
    acquisition: Acquisition
    phases: np.ndarray
    rng: np.random.Generator

    def scene(self, index: int) -> Scene:
        """What frame ``index`` shows."""
        beat = self.cycle.at(self.phases[index])
        acquisition = self.acquisition
        return VIEWS[self.view].scene(self.anatomy, beat, acquisition.pose, acquisition.sector.depth)

    def polar(self) -> Iterator[tuple[Scene, np.ndarray]]:
        """Scene and (R, B) uint8 polar picture of each frame in turn."""
        renderer = Renderer(
            self.acquisition.sector, self.acquisition.acoustics, self.rng, self.anatomy.unevenness
        )
        for index, phase in enumerate(self.phases):
            scene = self.scene(index)
            yield scene, renderer.frame(scene, phase)


def make_video_spec(
    settings: SyntheticSettings,
    anatomy: Anatomy,
    study: int,
    number: int,
    view: str,
    frames: int,
    frame_rate: float,
) -> VideoSpec:
    """Video ``number`` of study ``study``; a pure function of its arguments."""
    rng = generator(settings.seed, "video", study, number)
    acquisition = draw_acquisition(
        rng, VIEWS[view], penetration=anatomy.penetration, difficulty=settings.difficulty
    )
    cycle = Cycle(anatomy.heart_rate * acquisition.heart_rate_factor)
    phases = cycle.phases(acquisition.first_phase, frames, frame_rate)
    return VideoSpec(view=view, anatomy=anatomy, cycle=cycle, acquisition=acquisition, phases=phases, rng=rng)


def fan_video(spec: VideoSpec, size: int = 112) -> np.ndarray:
    """The bare fan, as it looks after masking and resizing: (T, size, size) uint8."""
    fan = place_fan(spec.acquisition.sector, (0, 0, size, size), spec.acquisition.cut)
    convert = ScanConverter(fan.sector, fan.apex, fan.scale, (size, size), fan.cut)
    return np.stack([convert(polar) for _, polar in spec.polar()])


@dataclass(frozen=True, kw_only=True)
class FrameTruth:
    """Ground truth of one frame: its beat, its walls in cm, and the position of the valve in pixels.

    Parameters
    ----------
    beat
        The heart.
    septum, posterior_wall
        Thickness as drawn, cm.
    valve
        (x, y) of the aortic valve's centre, None where the view has none.
    cusps
        Box (x0, y0, x1, y1) around its cusps, None likewise.
    """

    beat: Beat
    septum: float
    posterior_wall: float
    valve: tuple[float, float] | None
    cusps: tuple[float, float, float, float] | None


@dataclass(frozen=True, kw_only=True)
class ScreenVideo:
    """A drawn cine loop and the truth about it.

    Parameters
    ----------
    frames
        (T, H, W, 3) uint8 RGB.
    mask
        (H, W) bool, the fan.
    fan
        Its geometry.
    spec
        What was drawn.
    frame_truths
        One a frame; none where no heart was drawn.
    overlay
        Text over the picture.
    """

    frames: np.ndarray
    mask: np.ndarray
    fan: Fan
    spec: VideoSpec
    frame_truths: tuple[FrameTruth, ...]
    overlay: Overlay


def screen_video(
    settings: SyntheticSettings, plan: StudyPlan, video: VideoPlan, patient: Patient, anatomy: Anatomy
) -> ScreenVideo:
    """Draw one planned video on its study's screen; a few grey pixels where the settings say so."""
    spec = make_video_spec(
        settings, anatomy, plan.number, video.number, video.view, video.frames, video.frame_rate
    )
    if settings.pictures == "tiny":
        return _tiny_video(plan, video, spec)
    height, width = plan.screen
    vendor_screen = VENDOR_SCREENS[plan.vendor_screen]
    x0, y0, x1, y1 = vendor_screen.fan
    fan = place_fan(
        spec.acquisition.sector, (x0 * width, y0 * height, x1 * width, y1 * height), spec.acquisition.cut
    )
    convert = ScanConverter(fan.sector, fan.apex, fan.scale, plan.screen, fan.cut)
    mask = convert.mask.astype(np.uint8)
    caption = _caption(plan, video, patient, spec)
    overlay = draw_overlay(
        generator(settings.seed, "overlay", plan.number, video.number),
        convert.mask,
        screen_font(plan.screen),
        (caption.name, caption.identifier, f"{caption.name} {caption.date}"),
        edge_text_share=settings.edge_text_share,
        inside_text_share=settings.inside_text_share,
        transient_text_share=settings.transient_text_share,
    )
    coloured = video.view == "plax_colour"
    edges = (fan.edge(-1), fan.edge(1))
    shown = [overlay.shown(index, video.frames) for index in range(video.frames)]
    screens = {
        items: Screen(vendor_screen, plan.screen, caption, edges, items, coloured)
        for items in dict.fromkeys(shown)
    }
    traces = screens[shown[0]].ecg(spec.phases)
    flow = ColourFlow(spec.acquisition.sector, spec.rng) if coloured else None
    frames = np.empty((video.frames, height, width, 3), np.uint8)
    frame_truths = []
    for index, (scene, polar) in enumerate(spec.polar()):
        beat = spec.cycle.at(spec.phases[index])
        picture = polar if flow is None else flow.paint(polar, scene, beat)
        frames[index] = screens[shown[index]].compose(convert(picture), mask, traces[index])
        frame_truths.append(_frame_truth(fan, anatomy, scene, beat))
    return ScreenVideo(
        frames=frames,
        mask=convert.mask,
        fan=fan,
        spec=spec,
        frame_truths=tuple(frame_truths),
        overlay=overlay,
    )


def _tiny_video(plan: StudyPlan, video: VideoPlan, spec: VideoSpec) -> ScreenVideo:
    """A grey wedge that moves a little, in the place of a heart."""
    height, width = plan.screen
    wedge = np.add.outer(np.arange(height), np.arange(width))
    frames = np.stack([(40 + 4 * wedge + 9 * (i % 5)).astype(np.uint8) for i in range(video.frames)])
    return ScreenVideo(
        frames=np.repeat(frames[..., None], 3, -1),
        mask=np.ones(plan.screen, bool),
        fan=place_fan(spec.acquisition.sector, (0, 0, width, height)),
        spec=spec,
        frame_truths=(),
        overlay=Overlay(edge_text=None, inside_text=None, items=()),
    )


def _frame_truth(fan: Fan, anatomy: Anatomy, scene: Scene, beat: Beat) -> FrameTruth:
    """The truth about one frame."""
    valve = cusps = None
    if scene.valve is not None:
        valve = tuple(fan.at(uneven(np.array([scene.valve]), anatomy.unevenness))[0].tolist())
        outlines = [shape.points for shape in scene.shapes if shape.name == "aortic cusp"]
        if outlines:
            points = fan.at(uneven(np.concatenate(outlines), anatomy.unevenness))
            cusps = (*points.min(0).tolist(), *points.max(0).tolist())
    return FrameTruth(
        beat=beat, septum=scene.septum, posterior_wall=scene.posterior_wall, valve=valve, cusps=cusps
    )


def _caption(plan: StudyPlan, video: VideoPlan, patient: Patient, spec: VideoSpec) -> Caption:
    depth = spec.acquisition.sector.depth
    lines = (
        f"{video.frame_rate:.0f} Hz",
        f"{depth:.0f} cm",
        "2D",
        f"{60 + round(spec.acquisition.acoustics.gain)}%",
    )
    lines += (f"C {spec.acquisition.acoustics.dynamic_range:.0f}", "P Low", "HGen")
    return Caption(
        name=patient.name.split("=")[0].replace("^", ", "),
        identifier=patient.identifier,
        date=f"{plan.date[6:]}/{plan.date[4:6]}/{plan.date[:4]}",
        settings=lines,
        bpm=round(spec.cycle.heart_rate),
    )
