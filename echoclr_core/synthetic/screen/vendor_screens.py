"""The screens of six invented vendors: where the fan, the text, the bars, the trace and the keys stand."""

from dataclasses import dataclass

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 as shares of width and height


@dataclass(frozen=True, kw_only=True)
class VendorScreen:
    """One vendor's screen; positions are shares of the width and height.

    Parameters
    ----------
    manufacturer, model
        For the header; invented.
    fan
        Box that the fan is fitted into.
    banner
        Height of a filled bar at the top with name, number and date; 0 writes them without a bar.
    institution
        What stands before the date, or nothing.
    text
        Top-left corner of the column of settings.
    bar
        Box of the grey bar; a colour bar stands right below it when the picture is coloured.
    ecg
        Box of the trace, or None.
    sweep
        Whether the trace of the last pass stays, with a gap that runs through it; else it grows.
    keys
        Height of the soft keys at the bottom; 0 for none.
    ticks
        Centimetres as "dots" along the right edge, along "both" edges, as a vertical "ruler", or as a
        "scale" with numbers.
    marker
        What stands beside the transducer: "dot", "letter", or nothing.
    ink, trace
        RGB of text and of the trace.
    background
        Grey value of the empty screen.
    """

    manufacturer: str
    model: str
    fan: Box
    banner: float
    text: tuple[float, float]
    bar: Box
    ecg: Box | None
    keys: float
    ticks: str
    institution: str = ""
    sweep: bool = False
    marker: str = ""
    ink: tuple[int, int, int] = (225, 225, 225)
    trace: tuple[int, int, int] = (60, 220, 90)
    background: int = 0


VENDOR_SCREENS: dict[str, VendorScreen] = {
    "banner": VendorScreen(
        manufacturer="Meridian Imaging",
        model="Orchid 512",
        fan=(0.05, 0.12, 0.80, 0.84),
        banner=0.075,
        text=(0.80, 0.13),
        bar=(0.008, 0.12, 0.028, 0.5),
        ecg=(0.03, 0.85, 0.45, 0.94),
        keys=0.045,
        ticks="both",
        trace=(120, 220, 230),
    ),
    "column": VendorScreen(
        manufacturer="Polaris Medical Systems",
        model="Affirm 7",
        fan=(0.14, 0.09, 0.92, 0.88),
        banner=0.0,
        text=(0.01, 0.12),
        bar=(0.94, 0.12, 0.975, 0.42),
        ecg=(0.02, 0.895, 0.5, 0.985),
        keys=0.0,
        ticks="dots",
        marker="letter",
    ),
    "tablet": VendorScreen(
        manufacturer="HandScan, Inc.",
        model="Slate",
        fan=(0.10, 0.10, 0.90, 0.92),
        banner=0.0,
        text=(0.915, 0.16),
        bar=(0.008, 0.2, 0.024, 0.5),
        ecg=None,
        keys=0.06,
        ticks="ruler",
        marker="dot",
        ink=(200, 200, 200),
        background=4,
    ),
    "classic": VendorScreen(
        manufacturer="Northern Cardiac",
        model="Sonar 4500",
        fan=(0.20, 0.085, 0.92, 0.865),
        banner=0.0,
        text=(0.005, 0.16),
        bar=(0.955, 0.05, 0.985, 0.46),
        ecg=(0.10, 0.875, 0.6, 0.975),
        keys=0.0,
        ticks="dots",
        ink=(210, 210, 190),
        trace=(30, 180, 40),
    ),
    "premium": VendorScreen(
        manufacturer="Polaris Medical Systems",
        model="Summit E9",
        fan=(0.13, 0.105, 0.95, 0.865),
        banner=0.0,
        institution="Adult Echo  TIS0.4 MI 1.4",
        text=(0.01, 0.15),
        bar=(0.965, 0.11, 0.985, 0.4),
        ecg=(0.14, 0.89, 0.90, 0.98),
        sweep=True,
        keys=0.0,
        ticks="both",
        marker="dot",
    ),
    "console": VendorScreen(
        manufacturer="Hudson Digital Imaging",
        model="HD 5",
        fan=(0.17, 0.13, 0.86, 0.855),
        banner=0.085,
        institution="St. Elsewhere Cardiology",
        text=(0.01, 0.16),
        bar=(0.955, 0.16, 0.985, 0.5),
        ecg=(0.2, 0.875, 0.78, 0.985),
        sweep=True,
        keys=0.0,
        ticks="scale",
        ink=(215, 215, 215),
        trace=(200, 230, 200),
        background=2,
    ),
}
