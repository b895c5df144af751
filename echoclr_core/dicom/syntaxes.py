"""Transfer syntaxes that are read, and the family of decoder that each declares."""

from echoclr_core.dicom.outcomes import UnusableFile

_ROOT = "1.2.840.10008.1.2"

CODEC_FAMILIES = {
    _ROOT: "native",
    **{f"{_ROOT}.{end}": "native" for end in ("1", "1.99", "2")},
    f"{_ROOT}.1.98": "encapsulated native",
    **{f"{_ROOT}.4.{end}": "jpeg" for end in (50, 51, 53, 55, 57, 70)},
    **{f"{_ROOT}.4.{end}": "jpeg-ls" for end in (80, 81)},
    **{f"{_ROOT}.4.{end}": "jpeg2000" for end in (90, 91, 92, 93, 201, 202, 203)},
    **{f"{_ROOT}.4.{end}": "jpeg-xl" for end in (110, 111, 112)},
    **{f"{_ROOT}.4.{end}": "mpeg2" for end in ("100", "100.1", "101", "101.1")},
    **{f"{_ROOT}.4.{end}": "h264" for end in range(102, 107)},
    **{f"{_ROOT}.4.{end}.1": "h264" for end in range(102, 107)},
    **{f"{_ROOT}.4.{end}": "hevc" for end in (107, 108)},
    f"{_ROOT}.5": "rle",
}
"""Transfer Syntax UID to family; "jpeg2000" includes HTJ2K."""


def codec_family_of(transfer_syntax: str | None) -> str | None:
    """The family of a declared transfer syntax; None where none is declared (the content decides).

    Raises
    ------
    UnusableFile
        "unsupported_syntax".
    """
    if transfer_syntax is None:
        return None
    if transfer_syntax not in CODEC_FAMILIES:
        raise UnusableFile(
            "unsupported_syntax", "no decoder here reads it", tag="TransferSyntaxUID", value=transfer_syntax
        )
    return CODEC_FAMILIES[transfer_syntax]
