"""The flow of studies and videos as a CONSORT-style figure."""

import itertools
import textwrap
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from echoclr_core.cohort.flow import REASONS, STAGES
from echoclr_core.common.small_counts import hide_counts
from echoclr_core.reporting.style import INK, MUTED, PAGE, RULE, styled

LINE = 0.155  # inches a line of text
PADDING = 0.13
GAP = 0.24  # inches between two boxes
TRUNK = (0.2, 3.2)  # left and right edge of the boxes that go on, inches
SIDE = (3.7, 7.0)  # of the boxes that leave
SETS = ("train", "val", "test", "external")
WIDTH = 52  # characters of a line in a box
OUTCOME_WORDS = {"not_dicom": "not DICOM", "fps_below_limit": "frame rate below the limit"}
OUTCOME_WORDS |= {
    "spectral_doppler_or_mmode": "spectral Doppler or M-mode",
    "no_study_key": "no study number",
}
OUTCOME_WORDS |= {"no_sector": "no ultrasound sector found", "no_pixels": "no pixel data"}


@dataclass(frozen=True, kw_only=True)
class Box:
    """Text lines (the first ``bold`` ones bold) between two edges, top at ``top`` inches."""

    lines: tuple[str, ...]
    left: float
    right: float
    top: float
    colour: str = "#f4f6f9"
    bold: int = 1

    @property
    def height(self) -> float:
        return LINE * len(self.lines) + 2 * PADDING

    @property
    def bottom(self) -> float:
        return self.top - self.height

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@styled
def flow_figure(flow: pd.DataFrame, *, kept: str = "", least_cell: int = 0) -> Figure:
    """Boxes of what goes on, top to bottom, what leaves at the right with reasons, the sets at the foot.

    Parameters
    ----------
    flow
        Schema FLOW of the cohort room: order, level, stage, reason, studies, videos, kept. Stages without
        any exclusion are left out, except the first.
    kept
        The kept views in words; "" calls them "Kept view".
    least_cell
        Counts below stand as "<5" (say), and those from which one would follow within a box as "n.r."; 0
        shows all. What goes on is shown in full, since each box is the sum of the next ones.

    Raises
    ------
    ValueError
        If the flow is empty or does not begin with a row that is kept.
    """
    if flow.empty or not bool(flow.sort_values("order")["kept"].iloc[0]):
        raise ValueError("flow figure: the flow must begin with a row of what was there (kept)")
    trunk, sides, sets = _layout(
        _with_texts(flow.sort_values("order", kind="stable"), least_cell), least_cell, kept
    )
    foot = min(box.bottom for box in (*trunk, *(s for s in sides if s), *sets))
    figure = Figure(figsize=(PAGE, 0.1 - foot + 0.1))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set_xlim(0, PAGE)
    axis.set_ylim(foot - 0.1, 0.1)
    axis.axis("off")
    for before, box in itertools.pairwise(trunk):
        _arrow(axis, (before.middle, before.bottom), (box.middle, box.top))
    for before, box, side in zip(trunk, trunk[1:], sides[1:], strict=False):
        if side:
            height = (side.top + side.bottom) / 2
            assert box.top < height < before.bottom, "an exclusion leaves between two boxes"
            _arrow(axis, (before.middle, height), (side.left, height))
    for box in sets:
        _branch(axis, trunk[-1], box)
    for box in (*trunk, *(s for s in sides if s), *sets):
        _box(axis, box)
    return figure


def _with_texts(flow: pd.DataFrame, least: int) -> pd.DataFrame:
    """The flow with columns studies_text and videos_text: what stands in place of a count, "" for itself."""
    texts = pd.DataFrame("", index=flow.index, columns=["studies_text", "videos_text"], dtype="object")
    for _, rows in flow[~flow["kept"]].groupby("stage"):
        for name in ("studies", "videos"):
            texts.loc[rows.index, f"{name}_text"] = hide_counts(rows[[name]].astype(int), least)[name]
    return flow.join(texts)


def _layout(flow: pd.DataFrame, least: int, views: str) -> tuple[list[Box], list[Box | None], list[Box]]:
    """Boxes of the trunk, the exclusion box before each of them (None for none), and the sets."""
    trunk: list[Box] = []
    sides: list[Box | None] = []
    top = 0.0
    for stage, rows in flow[~flow["reason"].isin(SETS)].groupby("stage", sort=False):
        out, kept = rows[~rows["kept"]], rows[rows["kept"]]
        if kept.empty or (out.empty and trunk):
            continue
        side = None
        if len(out):
            left_lines = [
                line
                for row in out.itertuples()
                for line in textwrap.wrap(
                    f"{_words(OUTCOME_WORDS | REASONS, row.reason)}: {_left(row)}",
                    WIDTH,
                    subsequent_indent="   ",
                )
            ]
            side = Box(
                lines=(f"Left out ({_total(out, least)})", *left_lines),
                left=SIDE[0],
                right=SIDE[1],
                top=top - GAP / 2,
                colour="white",
            )
            top = side.bottom - GAP / 2
        elif trunk:
            top -= GAP
        title = (views if stage == "views" else "") or STAGES.get(stage, ("", _words({}, stage)))[1]
        title_lines = textwrap.wrap(title, WIDTH - 12)
        lines = (*title_lines, _counts(kept.iloc[-1]))
        box = Box(lines=lines, left=TRUNK[0], right=TRUNK[1], top=top, bold=len(title_lines))
        trunk.append(box)
        sides.append(side)
        top = box.bottom
    # a study without external years has no such set
    named = flow[flow["reason"].isin(SETS) & flow["kept"] & (flow["studies"] > 0)]
    space = 0.15
    width = (PAGE - 0.4 + space) / max(len(named), 1) - space
    sets = [
        Box(
            lines=(
                _words(REASONS, row.reason).capitalize(),
                f"<{least} studies" if 0 < row.studies < least else f"{row.studies:,} studies",
                f"<{least} videos" if 0 < row.videos < least else f"{row.videos:,} videos",
            ),
            left=0.2 + k * (width + space),
            right=0.2 + k * (width + space) + width,
            top=top - 1.5 * GAP,
            colour="#e6eef7",
        )
        for k, row in enumerate(named.itertuples())
    ]
    return trunk, sides, sets


def _words(table: dict[str, str], key: str) -> str:
    text = table.get(key, key.replace("_", " "))
    return text[:1].upper() + text[1:]


def _counts(row: pd.Series) -> str:
    return f"{_many(row['studies'], 'study')}, {_many(row['videos'], _unit(row['level']))}"


def _left(row) -> str:
    studies = f" ({_many(row.studies, 'study', row.studies_text)})" if row.studies else ""
    # Spaces that do not break: a count stays with its unit.
    return (_many(row.videos, _unit(row.level), row.videos_text) + studies).replace(" ", "\u00a0")


def _total(out: pd.DataFrame, least: int) -> str:
    studies, videos = out["studies"].sum(), out["videos"].sum()
    texts = [f"<{least}" if 0 < count < least else "" for count in (studies, videos)]
    shown = _many(videos, _unit(out["level"].iloc[0]), texts[1])
    return shown + (f", {_many(studies, 'study', texts[0])}" if studies else "")


def _unit(level: str) -> str:
    return "file" if level == "file" else "video"


def _many(count: int, unit: str, hidden: str = "") -> str:
    """ "1 study", "2,040 studies"; "<5 studies" where the count is hidden."""
    plural = {"study": "studies"}.get(unit, f"{unit}s")
    if hidden:
        return f"{hidden} {plural}"
    return f"{int(count):,} {unit if count == 1 else plural}"


def _box(axis: Axes, box: Box) -> None:
    patch = FancyBboxPatch(
        (box.left, box.bottom),
        box.right - box.left,
        box.height,
        boxstyle="round,pad=0,rounding_size=0.05",
        linewidth=0.8,
        edgecolor=MUTED if box.colour != "white" else RULE,
        facecolor=box.colour,
        zorder=2,
    )
    axis.add_patch(patch)
    for k, line in enumerate(box.lines):
        axis.text(
            box.left + PADDING,
            box.top - PADDING - LINE * (k + 0.5),
            line,
            va="center",
            fontsize=7.6,
            fontweight="bold" if k < box.bold else "normal",
            color=INK,
            zorder=3,
        )


def _arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>,head_width=0.18,head_length=0.35", "color": MUTED, "linewidth": 0.9}
    axis.annotate("", xy=end, xytext=start, arrowprops=style | {"shrinkA": 0, "shrinkB": 0}, zorder=1)


def _branch(axis: Axes, trunk: Box, box: Box) -> None:
    elbow = trunk.bottom - 0.6 * GAP
    axis.plot(
        [trunk.middle, trunk.middle, box.middle],
        [trunk.bottom, elbow, elbow],
        color=MUTED,
        linewidth=0.9,
        zorder=1,
    )
    _arrow(axis, (box.middle, elbow), (box.middle, box.top))
