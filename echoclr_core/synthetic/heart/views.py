"""Which picture a view shows: its scene, its usual depth and width."""

from collections.abc import Callable
from dataclasses import dataclass

from echoclr_core.synthetic.heart.anatomy import Anatomy
from echoclr_core.synthetic.heart.apical import a2c_scene, a4c_scene, subcostal_scene
from echoclr_core.synthetic.heart.motion import Beat
from echoclr_core.synthetic.heart.plax import plax_scene
from echoclr_core.synthetic.heart.scene import Pose, Scene
from echoclr_core.synthetic.heart.short_axis import aortic_scene, mitral_scene, papillary_scene


@dataclass(frozen=True)
class View:
    """One standard view.

    Parameters
    ----------
    scene
        Anatomy, beat, pose and depth (cm) to the scene.
    depths
        Least and greatest depth of the fan, cm.
    half_angles
        Least and greatest half opening, degrees.
    near
        Least and greatest near radius as a share of the depth; (0, 0) for a whole fan.
    steer
        Degrees by which a zoomed window leans to the right.
    """

    scene: Callable[[Anatomy, Beat, Pose, float], Scene]
    depths: tuple[float, float]
    half_angles: tuple[float, float] = (37.0, 46.0)
    near: tuple[float, float] = (0.0, 0.0)
    steer: tuple[float, float] = (0.0, 0.0)


VIEWS: dict[str, View] = {
    "plax": View(plax_scene, (12.5, 16.0)),
    "plax_zoom": View(plax_scene, (10.5, 12.5), (20.0, 26.0), (0.33, 0.42), (7.0, 14.0)),
    "plax_remote": View(plax_scene, (20.0, 25.0)),
    "plax_colour": View(plax_scene, (12.5, 16.0)),
    "a4c": View(a4c_scene, (16.0, 19.5)),
    "a2c": View(a2c_scene, (15.5, 18.5)),
    "psax_papillary": View(papillary_scene, (12.5, 16.0)),
    "psax_mitral": View(mitral_scene, (12.5, 16.0)),
    "psax_aortic": View(aortic_scene, (12.5, 16.0)),
    "subcostal": View(subcostal_scene, (16.5, 20.0)),
}
