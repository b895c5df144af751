"""One look for every figure: names, colours, markers, line styles, fonts, and how figures are saved.

An initialisation keeps its colour, marker and line style in every figure. The colours differ in lightness as
well as in hue, so that they can be distinguished with any colour vision and in grey; markers and line styles
differ too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from itertools import cycle
from pathlib import Path
from typing import ParamSpec, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from echoclr_core.common.files import atomic_path

P = ParamSpec("P")
R = TypeVar("R")

INK = "#1b1f24"
MUTED = "#5d6670"
RULE = "#c9ced4"
DPI = 200
COLUMN = 3.5  # inches: one column of a journal page
PAGE = 7.2  # inches: the whole page

RC = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "grid.color": "#e6e9ec",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    "figure.facecolor": "white",
    "pdf.fonttype": 42,  # TrueType: journals ask for text that can be edited
    "svg.hashsalt": "echoclr",
    "text.parse_math": False,  # names of views and groups may hold a $
    "text.usetex": False,
}


@dataclass(frozen=True, kw_only=True)
class InitStyle:
    """How one initialisation is named and drawn; ``pretrained``: by a method of the study."""

    name: str
    colour: str
    marker: str
    line: str | tuple
    pretrained: bool = False


INIT_STYLES = {
    "random": InitStyle(name="Random", colour="#9a9da1", marker="o", line=":"),
    "kinetics400": InitStyle(name="Kinetics-400", colour="#c96a12", marker="s", line="--"),
    "simclr": InitStyle(name="SimCLR", colour="#6fb1e0", marker="^", line="-.", pretrained=True),
    "mi_simclr": InitStyle(name="MI-SimCLR", colour="#1f8f7a", marker="D", line=(0, (6, 2)), pretrained=True),
    "echoclr": InitStyle(name="EchoCLR", colour="#0b2f66", marker="o", line="-", pretrained=True),
}
ELSEWHERE = ("random", "kinetics400")
"""Initial weights that no pretraining of the study makes."""

_FURTHER_LOOKS = (
    ("#8a4fb0", "v", (0, (3, 1, 1, 1))),
    ("#b3202c", "P", (0, (5, 1))),
    ("#6b4a1e", "X", (0, (1, 1))),
    ("#d67fb2", "<", (0, (4, 1, 1, 1, 1, 1))),
    ("#8f9120", ">", (0, (8, 2))),
    ("#3c3f44", "*", (0, (2, 2))),
)
"""Colour, marker and line of the initialisations that a study defines, in the order of its configuration."""

_OWN: ContextVar[Mapping[str, InitStyle] | None] = ContextVar("own initialisations", default=None)

COHORT_NAMES = {"internal": "internal test set", "external": "external test set"}
METRIC_LABELS = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "aupr_trapezoid": "AUPR (trapezoidal)",
    "brier": "Brier score",
}


@contextmanager
def own_initialisations(titles: Iterable[Sequence[str]]) -> Iterator[None]:
    """Inside, the initialisations that a study defines have a name and a look as the built-in ones do.

    Parameters
    ----------
    titles
        (name, title) of each, in the order of the configuration; looks repeat after six. A method that the
        study pretrains has "method" as a third item: figures show it among the methods.
    """
    styles = {
        name: InitStyle(name=title, colour=colour, marker=marker, line=line, pretrained="method" in kind)
        for (name, title, *kind), (colour, marker, line) in zip(titles, cycle(_FURTHER_LOOKS), strict=False)
    }
    token = _OWN.set(styles)
    try:
        yield
    finally:
        _OWN.reset(token)


def init_styles() -> dict[str, InitStyle]:
    """Every initialisation in the order of figures and tables: weights from elsewhere, then the methods."""
    elsewhere = {name: INIT_STYLES[name] for name in ELSEWHERE}
    return elsewhere | dict(_OWN.get() or {}) | INIT_STYLES


def own_names() -> list[str]:
    """The initialisations of :func:`own_initialisations` that the study does not pretrain, in their order."""
    return [name for name, style in (_OWN.get() or {}).items() if not style.pretrained]


def init_name(init: str) -> str:
    """Display name of an initialisation; ValueError for an unknown one."""
    return init_style(init).name


def init_style(init: str) -> InitStyle:
    """Name, colour, marker and line style of an initialisation; ValueError for an unknown one."""
    styles = init_styles()
    if init not in styles:
        raise ValueError(f"initialisation: received {init!r}; allowed is one of {list(styles)}")
    return styles[init]


def init_label(model: str) -> str:
    """Display name of an initialisation; of anything else, the name itself."""
    styles = init_styles()
    return styles[model].name if model in styles else model


def init_look(model: str) -> dict:
    """Keywords of ``plot`` for an initialisation's line; plain ink for anything else."""
    styles = init_styles()
    if model not in styles:
        return {"color": INK, "marker": "o", "linestyle": "-"}
    style = styles[model]
    return {"color": style.colour, "marker": style.marker, "linestyle": style.line}


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Run a drawing function with the project's settings, leaving the caller's alone."""

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context(RC):
            return function(*args, **kwargs)

    return inner


def panel_letter(axes: Axes, letter: str) -> None:
    """A bold capital letter at the upper left outside ``axes``."""
    axes.annotate(
        letter,
        xy=(0, 1),
        xycoords="axes fraction",
        xytext=(-26, 7),
        textcoords="offset points",
        fontsize=11,
        fontweight="bold",
        va="bottom",
    )


def footnote(figure: Figure, notes: Iterable[str]) -> None:
    """Small grey lines under the figure; nothing for no notes."""
    text = "\n".join(note for note in notes if note)
    if text:
        figure.supxlabel(text, fontsize=6.8, color=MUTED, x=0.01, ha="left")


def settle_layout(figure: Figure) -> None:
    """Lay ``figure`` out once and keep that: laid out anew at every drawing, its parts would creep."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


@styled
def save_figure(figure: Figure, stem: str | Path) -> tuple[Path, Path]:
    """Write ``figure`` to ``stem``.pdf and ``stem``.png (200 dpi); return both paths.

    Files carry no date and no program name, so that equal figures give equal bytes.
    """
    stem = Path(stem)
    settle_layout(figure)
    written = []
    for suffix, metadata in (
        (".pdf", {"CreationDate": None, "Producer": None}),
        (".png", {"Software": None}),
    ):
        path = stem.with_name(stem.name + suffix)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=DPI, metadata=metadata)
        written.append(path)
    return written[0], written[1]
