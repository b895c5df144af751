import base64
from html.parser import HTMLParser

import cv2
import numpy as np
import pandas as pd
import pytest

from echoclr_core.reporting.report import (
    LARGE_PNG,
    DataTable,
    KeyNumbers,
    Picture,
    Section,
    Text,
    build_report,
    embed,
)
from echoclr_core.reporting.style import save_figure
from echoclr_core.reporting.tables import EXACT
from echoclr_core.reporting.views import confusion_figure

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """What a browser would make of the page: elements, balance, text."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def figure():
    return confusion_figure(np.eye(2, dtype=int), ["PLAX", "other"])


def page_of(tmp_path, sections, **arguments) -> tuple[Page, str]:
    path = build_report(
        tmp_path / "report.html",
        title="One <run> & its results",
        lead="What *came* out.",
        sections=sections,
        **arguments,
    )
    html = path.read_text(encoding="utf-8")
    return Page(html), html


def full(figure, tmp_path):
    png = save_figure(figure, tmp_path / "matrix")[1]
    frame = pd.DataFrame(
        {"Set": ["train", "train", "test"], "Studies": [5311, 1, 2], "Share": [0.75, np.nan, 0.1]}
    )
    frame["P" + EXACT] = 1e-9
    return [
        Section(
            title="Cohort",
            blocks=[
                KeyNumbers(items=[("7,082", "studies"), ("<0.001", "P")]),
                Text(rst="A list:\n\n* one\n* `two <https://example.org>`_"),
                DataTable(frame=frame, title="Table 1", caption="*n*", group=True),
            ],
            sections=[
                Section(title="Cohort", blocks=[Picture(source=png, title="Figure 1", alt="A matrix")])
            ],
        ),
        Section(
            title="Results", blocks=[Picture(source=figure, title="Figure 2", alt="As above", caption="Yes.")]
        ),
    ]


def test_the_page_loads_nothing(figure, tmp_path):
    page, html = page_of(tmp_path, full(figure, tmp_path), facts=[("Version", "0.1.0")], footer="The end.")
    assert not page.open, "every element is closed"
    loading = {"src", "srcset", "poster", "data", "background"}
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert name not in loading or value.startswith("data:image/"), f"{tag} {name}"
    assert not page.all("link")
    assert not page.all("script")
    assert "@import" not in html
    assert "url(" not in html
    assert "<run>" not in html
    assert "One &lt;run&gt; &amp; its results" in html


def test_images_are_whole_and_described(figure, tmp_path):
    page, _ = page_of(tmp_path, full(figure, tmp_path))
    images = page.all("img")
    assert len(images) == 2
    for image in images:
        assert image["alt"]
        assert int(image["width"]) > 100
        data = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
        assert data == (tmp_path / "matrix.png").read_bytes()


def test_headings_are_in_order_and_contents_lead_to_them(figure, tmp_path):
    page, _ = page_of(tmp_path, full(figure, tmp_path))
    headings = [tag for tag, _ in page.elements if tag in {"h1", "h2", "h3", "h4"}]
    assert headings == ["h1", "h2", "h3", "h2"]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [a["href"] for a in page.all("a") if a["href"].startswith("#")]
    assert {target[1:] for target in targets} <= set(ids)
    assert {"#cohort", "#cohort-2", "#results"} <= set(targets)
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("meta")[1]["name"] == "viewport"


def test_tables_show_cells_once_and_hide_what_is_for_machines(figure, tmp_path):
    page, html = page_of(tmp_path, full(figure, tmp_path))
    assert EXACT not in html
    assert "5,311" in page.text
    assert "0.750" in page.text
    assert [th.get("rowspan") for th in page.all("th") if th["scope"] != "col"] == ["2", None]
    assert html.count("<tr") == 4


def test_columns_of_one_test_set_share_a_heading(tmp_path):
    frame = pd.DataFrame(
        [["5%", "0.8", "0.7", "0.9"]], columns=["Ratio", "Internal AUROC", "Internal P", "External P"]
    )
    table = DataTable(frame=frame, title="Table S2", spans=("Internal", "External"))
    page, _ = page_of(tmp_path, [Section(title="S", blocks=[table])])
    assert [(th.get("colspan"), th.get("rowspan"), th["scope"]) for th in page.all("th")] == [
        (None, "2", "col"),
        ("2", None, "colgroup"),
        ("1", None, "colgroup"),
        *[(None, None, "col")] * 3,
        (None, None, "row"),
    ]


def test_equal_input_gives_equal_bytes(figure, tmp_path):
    assert page_of(tmp_path, full(figure, tmp_path))[1] == page_of(tmp_path, full(figure, tmp_path))[1]


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (Text(rst="an *open emphasis"), "faulty reStructuredText"),
        (Text(rst=".. raw:: html\n\n   <script>x</script>"), "faulty reStructuredText"),
        (Text(rst=".. include:: /etc/hostname"), "faulty reStructuredText"),
        (Text(rst=".. image:: https://example.org/x.png"), "must not embed"),
        (Picture(source="nowhere.png", title="F", alt="a"), "does not exist"),
        (Picture(source="figure.pdf", title="F", alt="a"), "allowed are"),
        (Picture(source="figure.png", title="Figure 7", alt=" "), "'Figure 7' has no alternative text"),
    ],
)
def test_faulty_blocks_are_named(block, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        build_report(tmp_path / "r.html", title="T", lead="L", sections=[Section(title="S", blocks=[block])])
    assert not (tmp_path / "r.html").exists()


def test_sections_are_needed(tmp_path):
    with pytest.raises(ValueError, match="no sections"):
        build_report(tmp_path / "r.html", title="T", lead="L", sections=[])
    with pytest.raises(ValueError, match="without a title"):
        build_report(tmp_path / "r.html", title="T", lead="L", sections=[Section(title=" ")])


def test_large_pictures_of_frames_are_embedded_as_jpeg_and_drawings_are_not(tmp_path):
    rng = np.random.default_rng(0)
    smooth = cv2.GaussianBlur(rng.integers(0, 255, (700, 900)).astype(np.uint8), (0, 0), 2)
    cv2.imwrite(str(tmp_path / "frames.png"), smooth)
    lines = np.full((700, 900), 255, np.uint8)
    cv2.line(lines, (0, 0), (899, 699), 0, 2)
    cv2.imwrite(str(tmp_path / "lines.png"), lines)
    uri, width, height = embed(tmp_path / "frames.png")
    assert (tmp_path / "frames.png").stat().st_size > LARGE_PNG
    assert uri.startswith("data:image/jpeg")
    assert len(uri) < (tmp_path / "frames.png").stat().st_size / 2 * 4 / 3 + 30
    assert (width, height) == (540, 420)
    assert embed(tmp_path / "lines.png")[0].startswith("data:image/png")
