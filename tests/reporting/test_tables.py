import io

import numpy as np
import pandas as pd
import pytest

from echoclr_core.reporting.escaping import csv_cell, latex, markdown
from echoclr_core.reporting.performance import (
    format_interval,
    format_p,
    performance_caption,
    performance_table,
    reference_of,
)
from echoclr_core.reporting.published import published_metrics
from echoclr_core.reporting.style import INIT_STYLES, own_initialisations
from echoclr_core.reporting.tables import EXACT, printed, to_csv, to_latex, to_markdown, write_table


def test_one_row_a_ratio_and_initialisation(metrics, comparisons):
    table = performance_table(metrics, comparisons, "severe_as")
    assert len(table) == 6 * len(INIT_STYLES)
    assert list(printed(table).columns) == [
        "Training studies",
        "Initialisation",
        "Internal AUROC",
        "Internal AUPR",
        "Internal P, raw",
        "Internal P, Holm",
        "External AUROC",
        "External AUPR",
        "External P, raw",
        "External P, Holm",
    ]
    assert table["Training studies"].drop_duplicates().tolist() == [
        "1% (53)",
        "5% (265)",
        "10% (531)",
        "25% (1,327)",
        "50% (2,655)",
        "100% (5,311)",
    ]
    assert table["Initialisation"][:5].tolist() == [
        "Random",
        "Kinetics-400",
        "SimCLR",
        "MI-SimCLR",
        "EchoCLR",
    ]
    row = metrics.query(
        "metric == 'auroc' and task == 'severe_as' and cohort == 'external' and init == 'simclr'"
    ).iloc[0]
    assert table["External AUROC"][2] == f"{row['value']:.3f} ({row['ci_low']:.3f}–{row['ci_high']:.3f})"
    assert table["External AUROC ci_low" + EXACT][2] == row["ci_low"]


def test_the_second_interval_stands_in_the_csv(metrics, comparisons):
    rows = metrics[metrics["metric"] == "auroc"].assign(metric="auroc_delong_logit", n_resamples=pd.NA)
    rows["ci_high"] += 0.001
    table = performance_table(pd.concat([metrics, rows], ignore_index=True), comparisons, "lvh")
    difference = (
        table["External AUROC logit DeLong ci_high" + EXACT] - table["External AUROC ci_high" + EXACT]
    )
    np.testing.assert_allclose(difference, 0.001)
    assert (
        performance_table(metrics, comparisons, "lvh")["External AUROC logit DeLong ci_low" + EXACT]
        .isna()
        .all()
    )


def test_p_is_printed_short_and_kept_exact(metrics, comparisons):
    table = performance_table(metrics, comparisons, "lvh")
    assert table["Internal P, raw"][:5].tolist() == ["<0.001", "0.020", "n.e.", "0.774", "–"]
    assert table["Internal P, Holm"][:5].tolist() == ["0.002", "0.082", "n.e.", "1.000", "–"]
    assert table["Internal P" + EXACT][0] == 0.0004
    assert table["Internal P Holm" + EXACT][0] == pytest.approx(0.0016)
    assert np.isnan(table["Internal P" + EXACT][4])


def test_published_column_stands_beside_and_is_marked(metrics, comparisons):
    table = performance_table(metrics, comparisons, "severe_as", published=published_metrics())
    assert table["Internal AUROC, published"][4] == "0.818 (0.793–0.840)"
    assert table["Internal AUROC, published"][5] == "–"
    assert "published" not in " ".join(performance_table(metrics, comparisons, "severe_as").columns)


def test_workshop_numbers_are_another_source():
    workshop = published_metrics("workshop").set_index(["ratio", "init"])["value"]
    assert workshop[(0.05, "mi_simclr")] == 0.853
    with pytest.raises(ValueError, match="workshop"):
        published_metrics("preprint")


def test_caption_gives_the_case_counts(metrics):
    caption = performance_caption(metrics, "severe_as", title="Severe AS")
    assert "external test set 2,040 studies, 31 cases" in caption
    assert "10,000 resamples" in caption


def test_several_draws_get_a_column(build_metrics, comparisons):
    table = performance_table(build_metrics(draws=2), comparisons, "lvh")
    assert table["Draw"].unique().tolist() == ["1", "2"]
    assert len(table) == 2 * 6 * len(INIT_STYLES)


def test_missing_values_and_unknown_task(metrics, comparisons):
    metrics.loc[metrics["cohort"] == "external", ["ci_low", "ci_high"]] = pd.NA
    table = performance_table(metrics[metrics["init"] != "simclr"], comparisons, "lvh")
    assert table["External AUROC"].str.endswith("(–)").all()
    assert "SimCLR" not in set(table["Initialisation"])
    with pytest.raises(ValueError, match="stroke"):
        performance_table(metrics, comparisons, "stroke")


@pytest.mark.parametrize(
    ("p", "text"), [(0.00099, "<0.001"), (0.001, "0.001"), (0.8181, "0.818"), (1.0, "1.000"), (np.nan, "–")]
)
def test_format_p(p, text):
    assert format_p(p) == text


def test_format_interval():
    assert format_interval(0.8181, 0.7931, 0.84) == "0.818 (0.793–0.840)"
    assert format_interval(0.8181, np.nan, np.nan) == "0.818 (–)"
    assert format_interval(np.nan, np.nan, np.nan) == "–"


def test_three_files(metrics, comparisons, tmp_path):
    table = performance_table(metrics, comparisons, "lvh")
    csv, md, tex = write_table(table, tmp_path / "table_s2", caption="Table S2. P & 95% intervals")
    read = pd.read_csv(csv)
    assert list(read.columns) == list(table.columns)
    assert read["Internal AUROC value" + EXACT][0] == table["Internal AUROC value" + EXACT][0]
    assert EXACT not in md.read_text() + tex.read_text()
    assert md.read_text().startswith("Table S2. P & 95% intervals\n\n| Training studies |")
    assert r"\caption{Table S2. P \& 95\% intervals}" in tex.read_text()
    rows = [line for line in tex.read_text().splitlines() if line.endswith(r"\\")]
    assert len(rows) == 1 + len(table)
    assert {line.count(" & ") for line in rows} == {9}


def test_escapes():
    assert latex(r"50% of a_b & {c} #1 $2 ~ ^ \x <3") == (
        r"50\% of a\_b \& \{c\} \#1 \$2 \textasciitilde{} \textasciicircum{} \textbackslash{}x $<$3"
    )
    text = to_markdown(pd.DataFrame({"a|b": ["x|y", None], "n": [1, 2]}))
    assert text.splitlines()[0] == r"| a\|b | n |"
    assert text.splitlines()[1] == "| --- | ---: |"
    assert text.splitlines()[2] == r"| x\|y | 1 |"
    assert text.splitlines()[3] == "| – | 2 |"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "@SUM(A1)",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "\t=1",
        '=HYPERLINK("http://x")',
        " =1",
        "＝1+1",
        "\u200b=1",
        "\ufeff@x",
        "\xa0+cmd",
        "﹦1",
        "\u22121+cmd",
    ],
)
def test_a_formula_is_text_in_a_spreadsheet(text):
    assert csv_cell(text) == f"'{text}"
    frame = pd.DataFrame({"level": [text, "mild"], text: [1, 2]})
    lines = to_csv(frame).splitlines()
    assert not any(line.lstrip('"').startswith(tuple("=+-@\t")) for line in lines)
    assert pd.read_csv(io.StringIO(to_csv(frame))).iloc[0, 0] == f"'{text}"


@pytest.mark.parametrize(
    "value",
    [
        -1.5,
        3,
        None,
        "-1.5",
        "+3",
        "-0.012 (-0.020 to -0.004)",
        "-0.1 (-0.2–0.0)",
        "-3e-05",
        "mild",
        "–",
        "<0.001",
        "mild; -0.3 (difference)",
        "A=B",
    ],
)
def test_numbers_stay_numbers(value):
    assert csv_cell(value) == value
    frame = pd.DataFrame({"a": [value, value]})
    assert "'" not in to_csv(frame)


def test_a_semicolon_begins_no_cell():
    text = to_csv(pd.DataFrame({"group": ["a;=1+1", "b"], "n": [1, -2]}))
    assert text.splitlines() == ['"group","n"', '"a;=1+1",1', '"b",-2']


@pytest.mark.parametrize(
    ("typed", "escaped"),
    [
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("*a* [x](http://y)", r"\*a\* \[x\](http://y)"),
        ("$z$ `c` ~~d~~ _e_", r"\$z\$ \`c\` \~\~d\~\~ \_e\_"),
        ("a_b & c\r\nd", "a_b & c<br>d"),
        ("&lt;script&#62;", "&amp;lt;script&amp;#62;"),
        ("<0.001", "&lt;0.001"),
        (r"\|", r"\\\|"),
    ],
)
def test_markdown_shows_what_was_typed(typed, escaped):
    assert markdown(typed) == escaped
    text = to_markdown(pd.DataFrame({typed: [typed]}), caption=typed)
    assert text.splitlines()[0] == escaped
    assert text.splitlines()[-1] == f"| {escaped} |"


def test_latex_rows_begin_no_argument():
    text = to_latex(pd.DataFrame({"x": ["[2cm]", "*"], "$y$": ['"a|b`\x00', "c"]}))
    body = text.split(r"\midrule")[1]
    assert "{[}2cm{]}" in body
    assert "\n[" not in text
    assert "\n*" not in body
    assert "\x00" not in text
    assert r"\$y\$" in text


def test_p_values_are_those_of_the_comparisons_asked_for(metrics, comparisons):
    renamed = {"echoclr": "simclr", "simclr": "panecho"}
    for column in ("init_a", "init_b"):
        comparisons[column] = comparisons[column].replace(renamed)
    metrics["init"] = metrics["init"].replace(renamed)
    with own_initialisations([("panecho", "PanEcho")]):
        table = performance_table(metrics, comparisons, "lvh")
        caption = performance_caption(metrics, "lvh", title="LVH", reference=reference_of(comparisons, "lvh"))
    assert table["Initialisation"][:5].tolist() == [
        "Random",
        "Kinetics-400",
        "PanEcho",
        "SimCLR",
        "MI-SimCLR",
    ]
    assert table["Internal P, raw"][:5].tolist() == ["<0.001", "0.020", "n.e.", "–", "0.774"]
    assert "test that SimCLR has the greater AUROC" in caption
    assert reference_of(comparisons.iloc[:0], "lvh") == ""
