"""Which column of the user's label table holds what, and what its cells may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SEX_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {"f": "female", "female": "female", "w": "female", "woman": "female"}
    | {"m": "male", "male": "male", "man": "male"}
    | {"o": "", "other": "", "u": "", "unknown": ""}
)
"""Accepted spellings (case does not count) to "female", "male" or "" (recorded, but the mass-index
thresholds are defined for women and men only, so it counts as missing). "0" and "1" are not here, since
tables disagree on which is which: name them in ``LabelColumns.sex_spellings``."""

WALLS = ("ivsd", "lvidd", "pwtd")
BODY = ("height", "weight")
MEASUREMENTS = (*WALLS, *BODY)

LIMITS: Mapping[str, tuple[float, float, str]] = MappingProxyType(
    {
        "lv_mass_index": (5, 600, "g/m2"),
        "ivsd": (0.2, 6, "cm"),
        "lvidd": (1, 15, "cm"),
        "pwtd": (0.2, 6, "cm"),
        "height": (30, 260, "cm"),
        "weight": (2, 400, "kg"),
    }
)
"""Lowest and highest believable value with its unit: wide enough for any patient, narrow enough to catch
millimetres for centimetres, metres for centimetres, and typing errors."""

IDENTIFYING = ("study_key", "patient_key", "study_id", "patient_id", "study_date")
LABELLED = ("study_year", "sex", "as_severity", "lv_mass_index", "lv_mass_index_from")
RESERVED = frozenset([*IDENTIFYING, *LABELLED, "set", "provided_set", "n_videos", "wall_thickness"])
"""Names the cohort's own tables use; an extra column may not take one."""


@dataclass(frozen=True, kw_only=True)
class LabelColumns:
    """Names of the label table's columns; None where the table has no such column.

    Parameters
    ----------
    study_key
        The study key, the same text as the DICOM keyword that ``input.study_key`` names.
    patient_key
        The patient; needed for a split by patient unless the DICOM files carry it.
    study_date, study_year
        At least one. A date is YYYY-MM-DD, YYYYMMDD, YYYY.MM.DD or YYYY/MM/DD.
    sex, as_severity, lv_mass_index
        Sex, grade of aortic stenosis as reported (any text), left-ventricular mass index in g/m2.
    ivsd, lvidd, pwtd, height, weight
        Septum, cavity and posterior wall at end-diastole and height in cm, weight in kg: all five, the first
        three, or none. All five give the mass index of the rows where it is missing.
    extra
        Further columns for Table 1 (age, race, …).
    age
        Which of ``extra`` is the age in years; its cells must be numbers. None: none.
    max_age
        Limit above which ages are one category; None: no limit.
    released
        Columns that may leave whatever their texts look like: their user has seen that they name no patient.
    undated
        Whether the table names neither dates nor years, and all studies are of one period.
    several_patients
        Whether a study key may stand in several rows, each of another patient.
    sex_spellings
        Spelling (any case) to "female", "male" or "" (counts as missing).

    Raises
    ------
    ValueError
        For a combination that cannot be read; the message names the field.
    """

    study_key: str = "study_key"
    patient_key: str | None = "patient_key"
    study_date: str | None = "study_date"
    study_year: str | None = None
    sex: str | None = "sex"
    as_severity: str | None = "as_severity"
    lv_mass_index: str | None = "lv_mass_index"
    ivsd: str | None = None
    lvidd: str | None = None
    pwtd: str | None = None
    height: str | None = None
    weight: str | None = None
    extra: tuple[str, ...] = ()
    age: str | None = None
    max_age: float | None = 90
    released: tuple[str, ...] = ()
    undated: bool = False
    several_patients: bool = False
    sex_spellings: Mapping[str, str] = field(default_factory=lambda: SEX_SPELLINGS)

    def __post_init__(self):
        # A list or dict from a config file is taken as well as a tuple.
        object.__setattr__(self, "extra", tuple(self.extra))
        object.__setattr__(self, "released", tuple(self.released))
        spellings = {str(text).strip().casefold(): sex for text, sex in self.sex_spellings.items()}
        object.__setattr__(self, "sex_spellings", MappingProxyType(spellings))
        if not self.study_key:
            raise ValueError("label columns: study_key must be the name of a column")
        if self.study_date is None and self.study_year is None and not self.undated:
            raise ValueError("label columns: name a column for study_date or for study_year")
        named = [name for name in MEASUREMENTS if getattr(self, name)]
        if named and named not in (list(MEASUREMENTS), list(WALLS)):
            lacking = [name for name in MEASUREMENTS if name not in named]
            raise ValueError(
                f"label columns: {named} are named, {lacking} are not; name all five, or "
                f"{', '.join(WALLS)}, or none"
            )
        wrong = sorted(set(spellings.values()) - {"female", "male", ""})
        if wrong:
            raise ValueError(
                f"label columns: sex_spellings lead to {wrong}; allowed are 'female', 'male', ''"
            )
        names = list(self.named().values())
        twice = sorted({name for name in names if names.count(name) > 1})
        twice += sorted({name for name in self.extra if self.extra.count(name) > 1})
        if twice:
            raise ValueError(f"label columns: {twice} are named more than once; each may be named once")
        # A measurement may be described in Table 1 as well; a key or a date may not leave that way.
        taken = RESERVED | {name for key, name in self.named().items() if key not in MEASUREMENTS}
        if taken & set(self.extra):
            wrong = sorted(taken & set(self.extra))
            raise ValueError(f"label columns: extra holds {wrong}; allowed are columns with no other meaning")

    def named(self) -> dict[str, str]:
        """Field to column name, for the fields that have one (``extra`` left out)."""
        fields = (
            "study_key",
            "patient_key",
            "study_date",
            "study_year",
            "sex",
            "as_severity",
            "lv_mass_index",
        )
        values = {name: getattr(self, name) for name in (*fields, *MEASUREMENTS)}
        return {name: column for name, column in values.items() if column}
