import sys

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from echoclr_core.reporting.captions import figure_caption
from echoclr_core.reporting.flow import flow_figure
from echoclr_core.reporting.label_efficiency import (
    FIGURES,
    MIN_GAP,
    figure_of_paper,
    label_efficiency_figure,
    summarise_draws,
    tick_positions,
)
from echoclr_core.reporting.montage import before_after, contact_sheet
from echoclr_core.reporting.published import published_metrics
from echoclr_core.reporting.saliency import saliency_figure
from echoclr_core.reporting.style import INIT_STYLES, init_style, own_initialisations, save_figure
from echoclr_core.reporting.training_curves import finetuning_curves, pretraining_curves
from echoclr_core.reporting.views import calibration_figure, confusion_figure, decisions_by_view

TITLES = {"lvh": "LVH", "severe_as": "Severe AS"}


def texts(figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def lines_of(axis, init) -> list[np.ndarray]:
    """Data of the drawn lines of an initialisation in one panel."""
    colour = INIT_STYLES[init].colour
    return [
        line.get_xydata()
        for line in axis.lines
        if line.get_color() == colour and line.get_linestyle() != "None"
    ]


def test_every_initialisation_has_its_own_look_also_in_grey():
    for field in ("name", "colour", "line"):
        assert len({str(getattr(style, field)) for style in INIT_STYLES.values()}) == len(INIT_STYLES)
    grey = {init: np.dot(to_rgb(style.colour), (0.299, 0.587, 0.114)) for init, style in INIT_STYLES.items()}
    for inits in (("random", "kinetics400", "echoclr"), ("simclr", "mi_simclr", "echoclr")):
        levels = sorted(grey[init] for init in inits)
        assert min(np.diff(levels)) > 0.12, "models of one figure must differ in lightness"


def test_saved_figures_are_equal_byte_by_byte_and_carry_no_date(build_metrics, tmp_path):
    metrics = build_metrics(tasks=("lvh",), ratios=(0.01, 0.05))
    files = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        files.append(save_figure(figure_of_paper("2", metrics, titles=TITLES), tmp_path / name / "figure_2"))
    for one, two in zip(*files, strict=True):
        assert one.read_bytes() == two.read_bytes()
    pdf, png = files[0]
    assert (pdf.suffix, png.suffix) == (".pdf", ".png")
    assert b"CreationDate" not in pdf.read_bytes()
    with Image.open(png) as image:
        assert image.info["dpi"] == pytest.approx((200, 200), abs=0.1)


def test_no_pyplot_state(metrics):
    figure_of_paper("3", metrics, titles=TITLES)
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_panels_show_the_numbers_of_the_table(metrics):
    figure = label_efficiency_figure(metrics, ("random", "kinetics400", "echoclr"), titles=TITLES)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == [
        "LVH, internal test set",
        "LVH, external test set",
        "Severe AS, internal test set",
        "Severe AS, external test set",
    ]
    wanted = metrics[
        (metrics["metric"] == "auroc")
        & (metrics["task"] == "severe_as")
        & (metrics["cohort"] == "external")
        & (metrics["init"] == "echoclr")
    ].sort_values("ratio")
    drawn = lines_of(figure.axes[3], "echoclr")[0]
    np.testing.assert_allclose(drawn[:, 1], wanted["value"].astype(float))
    labels = [label.get_text() for label in figure.axes[3].get_xticklabels()]
    assert labels[0] == "1%\n53"
    assert labels[-1] == "100%\n5,311"
    assert "2,040 studies, 31 cases" in texts(figure)
    assert not lines_of(figure.axes[3], "simclr")


@pytest.mark.parametrize("number", list(FIGURES))
def test_figures_of_the_paper(number, metrics):
    metric, group = FIGURES[number]
    inits = {"transfer": ("random", "kinetics400", "echoclr"), "methods": ("simclr", "mi_simclr", "echoclr")}[
        group
    ]
    figure = figure_of_paper(number, metrics, titles=TITLES)
    assert len(figure.axes) == 4
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [INIT_STYLES[init].name for init in inits]
    assert figure.axes[0].get_ylabel() == {"auroc": "AUROC"}.get(metric, "AUPR (trapezoidal)")


def test_absent_models_are_said(build_metrics):
    figure = figure_of_paper("2", build_metrics(("random", "echoclr")), titles=TITLES)
    assert "Not part of this run: Kinetics-400." in texts(figure)
    with pytest.raises(ValueError, match="no rows"):
        figure_of_paper("2", build_metrics(("simclr",)), titles=TITLES)
    with pytest.raises(ValueError, match="allowed"):
        figure_of_paper("9", build_metrics(), titles=TITLES)


def test_one_task_gives_two_panels(build_metrics):
    assert len(figure_of_paper("2", build_metrics(tasks=("severe_as",)), titles=TITLES).axes) == 2


def test_missing_intervals_and_values_are_said(metrics):
    few = metrics.copy()
    external = few["cohort"] == "external"
    few.loc[external & (few["task"] == "severe_as"), ["ci_low", "ci_high"]] = pd.NA
    few.loc[external & (few["task"] == "lvh"), ["value", "ci_low", "ci_high"]] = pd.NA
    shown = texts(figure_of_paper("2", few, titles=TITLES))
    assert "31 cases: too few for intervals" in shown
    assert "31 cases: one class only, not defined" in shown


def test_several_draws_are_averaged(build_metrics):
    metrics = build_metrics(draws=3)
    part = metrics[
        (metrics["metric"] == "auroc")
        & (metrics["init"] == "echoclr")
        & (metrics["task"] == "lvh")
        & (metrics["cohort"] == "internal")
    ]
    table = summarise_draws(part)
    assert (table["n_draws"] == 3).all()
    assert table["value"][0] == pytest.approx(part.loc[part["ratio"] == 0.01, "value"].mean())
    figure = figure_of_paper("2", metrics, titles=TITLES)
    np.testing.assert_allclose(lines_of(figure.axes[0], "echoclr")[0][:, 1], table["value"])
    assert "mean of 3 repeats" in texts(figure)


def test_ratio_axis_is_logarithmic_where_there_is_room():
    positions = tick_positions([0.01, 0.05, 0.1, 0.5, 0.75, 1])
    gaps = np.diff(positions)
    np.testing.assert_allclose(gaps[[0, 2]], np.log10(5))
    np.testing.assert_allclose(gaps[3:], MIN_GAP)
    assert tick_positions([0.5]).tolist() == [0]


def test_published_values_are_hollow_and_at_their_place(metrics):
    figure = label_efficiency_figure(metrics, ("echoclr",), titles=TITLES, published=published_metrics())
    hollow = [line for line in figure.axes[2].lines if line.get_markerfacecolor() == "none"]
    assert sorted(y for line in hollow for y in line.get_ydata()) == [0.818, 0.934]
    assert "published" in texts(figure)


def test_published_numbers_are_the_papers():
    table = published_metrics().set_index(["task", "ratio", "cohort", "init"])
    assert table.loc[("severe_as", 0.01, "internal", "echoclr"), ["value", "ci_low", "ci_high"]].tolist() == [
        0.818,
        0.793,
        0.840,
    ]
    assert table.loc[("lvh", 1.0, "internal", "kinetics400"), "value"] == 0.807
    assert ((table["ci_low"] < table["value"]) & (table["value"] < table["ci_high"])).all()


def test_captions_take_their_numbers_from_the_table(metrics):
    caption = figure_caption("2", metrics, TITLES)
    row = metrics.query(
        "metric == 'auroc' and task == 'lvh' and cohort == 'internal' and init == 'echoclr'"
    ).iloc[0]
    assert f"EchoCLR {row['value']:.3f} ({row['ci_low']:.3f}–{row['ci_high']:.3f})" in caption
    assert "LVH with 1% of the labels (51 studies)" in caption


def saliency_inputs(models=2, studies=3):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 255, (studies, 20, 24), dtype=np.uint8)
    return frames, rng.random((models, studies, 20, 24)), rng.random((models, studies))


def test_saliency_has_one_scale_for_all_maps():
    frames, maps, probabilities = saliency_inputs()
    maps[0] /= 10
    figure = saliency_figure(frames, maps, probabilities, ["kinetics400", "echoclr"], ["s_a", "s_b", "s_c"])
    heat = [
        image for axis in figure.axes for image in axis.get_images() if image.get_cmap().name == "inferno"
    ]
    assert len(heat) == 6
    assert {image.norm.vmax for image in heat} == {maps.max()}
    # A weak map stays faint: its opacity is its share of the figure's scale.
    assert heat[0].get_alpha().max() < 0.1
    shown = texts(figure)
    assert all(name in shown for name in ("Kinetics-400", "EchoCLR", "First frame", "s_b"))
    assert f"p = {probabilities[1, 2]:.2f}" in shown


def test_saliency_without_any_evidence_is_drawn_not_divided():
    frames, maps, probabilities = saliency_inputs()
    figure = saliency_figure(frames, 0 * maps, probabilities, ["a", "b"], ["x", "y", "z"], show_frames=False)
    figure.canvas.draw()
    assert len([axis for axis in figure.axes if axis.get_images()]) == 6


@pytest.mark.parametrize("fault", ["shape", "negative", "nan"])
def test_saliency_refuses_maps_that_do_not_fit(fault):
    frames, maps, probabilities = saliency_inputs()
    if fault == "shape":
        maps = maps[:, :2]
    else:
        maps[0, 0, 0, 0] = -1 if fault == "negative" else np.nan
    with pytest.raises(ValueError, match="saliency figure"):
        saliency_figure(frames, maps, probabilities, ["kinetics400", "echoclr"], ["a", "b", "c"])


FLOW = [
    ("file", "archive", "kept", 260, 812, True),
    ("file", "deidentification", "corrupt", 1, 5, False),
    ("file", "deidentification", "not_dicom", 0, 1, False),
    ("file", "deidentification", "kept", 259, 806, True),
    ("study", "view_classifier", "kept", 259, 806, True),
    ("video", "views", "another_view", 12, 301, False),
    ("video", "views", "kept", 247, 505, True),
    ("study", "split", "train", 120, 240, True),
    ("study", "split", "external", 127, 265, True),
]


def flow_table(rows=FLOW) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["level", "stage", "reason", "studies", "videos", "kept"])
    return table.assign(order=range(len(table)))


def test_flow_shows_every_count_and_leaves_empty_steps_out():
    figure = flow_figure(flow_table())
    shown = texts(figure).replace("\u00a0", " ")
    for line in (
        "260 studies, 812 files",
        "Corrupt: 5 files (1 study)",
        "Not DICOM: 1 file",
        "Left out (301 videos, 12 studies)",
        "247 studies, 505 videos",
        "External test",
        "127 studies",
    ):
        assert line in shown
    assert "view classifier" not in shown


def test_flow_has_no_box_for_a_set_that_the_study_does_not_have():
    rows = [*FLOW[:-1], ("study", "split", "external", 0, 0, True)]
    shown = texts(flow_figure(flow_table(rows)))
    assert "External test" not in shown
    assert "Training" in shown


def test_flow_text_stays_inside_its_box():
    long = [*FLOW[:5], ("video", "views", "a_reason_that_" + "goes_on_" * 12, 12, 301, False), *FLOW[6:]]
    figure = flow_figure(flow_table(long))
    figure.canvas.draw()
    boxes = [patch.get_window_extent() for patch in figure.axes[0].patches]
    written = [text for text in figure.axes[0].texts if text.get_text()]
    assert len(written) > 15
    for text in written:
        extent = text.get_window_extent()
        assert any(
            b.x0 <= extent.x0 and extent.x1 <= b.x1 and b.y0 <= extent.y0 and extent.y1 <= b.y1 for b in boxes
        )


def test_small_counts_of_the_flow_are_hidden():
    rows = [*FLOW[:5], ("video", "views", "unreadable", 2, 3, False), *FLOW[5:]]
    shown = texts(flow_figure(flow_table(rows), least_cell=13)).replace("\u00a0", " ")
    assert "<13 videos (<13 studies)" in shown
    assert "3 videos (2 studies)" not in shown
    full = texts(flow_figure(flow_table(rows))).replace("\u00a0", " ")
    assert "3 videos (2 studies)" in full


def test_flow_must_begin_with_what_was_there():
    with pytest.raises(ValueError, match="must begin"):
        flow_figure(flow_table(FLOW[1:]))


def pretraining_history(*, order: bool) -> pd.DataFrame:
    step = np.arange(1, 21)
    table = pd.DataFrame({"step": step, "loss": 1 / step, "contrastive_loss": 1 / step})
    table["contrastive_accuracy"] = step / 40
    return table.assign(order_loss=0.5, order_accuracy=0.1) if order else table


def test_pretraining_curves_tolerate_methods_without_order_head():
    simclr, echoclr = pretraining_history(order=False), pretraining_history(order=True)
    histories = {"simclr": [simclr], "echoclr": [echoclr, echoclr]}  # two pretrainings of one method
    figure = pretraining_curves(histories, chance={"order_accuracy": 1 / 24})
    visible = [axis for axis in figure.axes if axis.get_visible()]
    assert len(visible) == 4
    watched = pretraining_curves({"simclr": [simclr.assign(alignment=1.2, uniformity=-3.1)]})
    titles = [axis.get_title(loc="left") for axis in watched.axes if axis.get_visible()]
    assert titles[-2:] == ["Squared distance of partners (0: equal)", "Uniformity (0: collapsed)"]
    assert [len(lines_of(axis, "simclr")) for axis in visible] == [1, 1, 0, 0]
    assert [len(lines_of(axis, "echoclr")) for axis in visible] == [2, 2, 2, 2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["SimCLR", "EchoCLR"]
    only = pretraining_curves({"simclr": [simclr.assign(order_loss=pd.NA)]})
    assert len([axis for axis in only.axes if axis.get_visible()]) == 2
    with pytest.raises(ValueError, match="lacks"):
        pretraining_curves({"simclr": [simclr.drop(columns="loss")]})
    with pytest.raises(ValueError, match="no history"):
        pretraining_curves({})


def test_finetuning_curves_mark_the_epoch_that_is_kept():
    epoch = np.arange(1, 8)
    run = pd.DataFrame({"task": "lvh", "init": "echoclr", "ratio": 0.1, "draw": 0, "epoch": epoch})
    figure = finetuning_curves(run.assign(validation_loss=(epoch - 3.0) ** 2), titles=TITLES)
    (mark,) = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert mark.get_xydata().tolist() == [[3, 0]]
    with pytest.raises(ValueError, match="validation_loss"):
        finetuning_curves(run, titles=TITLES)


def test_confusion_matrix():
    figure = confusion_figure(np.array([[120, 3], [0, 80]]), ["PLAX", "other"])
    np.testing.assert_allclose(figure.axes[0].get_images()[0].get_array(), [[120 / 123, 3 / 123], [0, 1]])
    assert "120" in texts(figure)
    with pytest.raises(ValueError, match="confusion"):
        confusion_figure(np.ones((2, 3)), ["a", "b"])


def test_calibration_shows_the_bins_that_hold_videos():
    empty = {"low": 0.0, "high": 0.5, "n": 0, "confidence": None, "accuracy": None}
    full = {"low": 0.5, "high": 1.0, "n": 1200, "confidence": 0.8, "accuracy": 0.75}
    figure = calibration_figure([empty, full], 0.05)
    points = figure.axes[0].get_lines()[1].get_xydata()
    np.testing.assert_allclose(points, [[0.8, 0.75]])
    assert [text.get_text() for text in figure.axes[1].texts] == ["1,200"]
    assert figure.axes[0].get_title(loc="left") == "Expected calibration error 0.050"
    with pytest.raises(ValueError, match="no bin"):
        calibration_figure([empty], 0.0)


def test_montages_show_every_frame_in_its_shape():
    before = [np.zeros((30, 40), np.uint8)] * 7
    after = [np.zeros((20, 20), np.uint8)] * 7
    figure = before_after(before, after, [f"v_{i}" for i in range(7)], columns=3)
    assert [axis.get_images()[0].get_array().shape for axis in figure.axes[:2]] == [(30, 40), (20, 20)]
    assert len(figure.axes) == 14
    assert "v_6" in texts(figure)
    assert len(contact_sheet(before, [f"v_{i}" for i in range(7)]).axes) == 7
    with pytest.raises(ValueError, match="montage"):
        before_after(before, after[:1], ["v_0"])
    with pytest.raises(ValueError, match="contact sheet"):
        contact_sheet([], [])


def test_close_decisions_are_counted_view_by_view():
    frame = pd.DataFrame(
        {
            "view": ["plax", "plax", "plax", "a4c", None],
            "margin": [0.9, 0.1, 0.15, 0.5, None],
            "runner_up": ["a4c", "zoom", "zoom", "plax", None],
        }
    )
    found = decisions_by_view(frame, doubtful=0.2)
    assert found["view"].tolist() == ["plax", "a4c"]
    assert found["videos"].tolist() == [3, 1]
    assert found["doubtful"].tolist() == [2, 0]
    assert found["median_margin"].tolist() == [0.15, 0.5]
    assert found["runner_up"].fillna("-").tolist() == ["zoom", "-"]
    assert decisions_by_view(frame[:0]).empty


def test_a_dollar_in_a_name_is_a_dollar(tmp_path):
    names = ["a$x^$", "$\\frac{1", "plax"]
    figure = confusion_figure(np.eye(3, dtype=int), names)
    drawn = [text for text in figure.findobj(Text) if text.get_text() in names]
    assert len(drawn) >= 6
    assert not any(text.get_parse_math() or text.get_usetex() for text in drawn)
    save_figure(figure, tmp_path / "views")


def test_own_initialisations_have_their_name_and_look(build_metrics):
    metrics = build_metrics(("random", "echoclr"))
    own = metrics[metrics["init"] == "random"].assign(init="panecho")
    metrics = pd.concat([metrics, own], ignore_index=True)
    with own_initialisations([("panecho", "PanEcho"), ("other", "Other")]):
        figure = figure_of_paper("2", metrics, titles=TITLES)
        looks = [init_style(init) for init in (*INIT_STYLES, "panecho", "other")]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["Random", "PanEcho", "EchoCLR"]
    assert len({look.colour for look in looks}) == len(looks)
    assert len({str(look.line) for look in looks}) == len(looks)
    with pytest.raises(ValueError, match="panecho"):
        init_style("panecho")
