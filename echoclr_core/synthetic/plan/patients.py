"""The people of the cohort: names and numbers as they stand in headers, hearts, Table 1's columns."""

from dataclasses import dataclass

import numpy as np

from echoclr_core.common.randomness import generator
from echoclr_core.synthetic.heart.anatomy import Anatomy, draw_anatomy
from echoclr_core.synthetic.plan.settings import SyntheticSettings

# Invented people; the accents are what breaks readers that assume ASCII.
_FAMILY_NAMES = (
    "Ångström-Test", "Phantom", "Núñez Prueba", "Müster", "Østergård", "Specimen", "Dvořák-Zkouška", "Sample",
    "Beispiel", "Lefèvre-Essai", "Szabó", "Testperson", "Ğündüz", "Mockford", "Nobody", "Żółwik",
)  # fmt: skip
_GIVEN_NAMES = {
    "F": ("Ada", "Zoë", "Ingrid", "Mária", "Chloé", "Ruth", "Lena", "Olga"),
    "M": ("Émile", "Jürgen", "Paul", "Søren", "Victor", "José", "Adam", "Igor"),
}
# Alphabetic, ideographic and phonetic groups, as DICOM writes names of East Asia (PS3.5, annexes H to K).
_THREE_GROUPS = {
    "F": (
        "Specimen^Hanako=見本^花子=みほん^はなこ",
        "Mihon^Yuki=見本^雪=みほん^ゆき",
        "Gyeonbon^Jiu=견본^지우=견본^지우",
    ),
    "M": (
        "Specimen^Taro=見本^太郎=みほん^たろう",
        "Yangben^Wei=样本^伟",
        "Gyeonbon^Minjun=견본^민준=견본^민준",
    ),
}
_RACES = ("White", "Black", "Asian", "Other", "Unknown")
_RACE_SHARES = (0.66, 0.14, 0.06, 0.09, 0.05)


@dataclass(frozen=True, kw_only=True)
class Patient:
    """One invented person.

    Parameters
    ----------
    number
        Position in the plan; their generator hangs on it.
    identifier
        PatientID.
    name
        DICOM person name, family^given, some with an ideographic and a phonetic group.
    character_set
        SpecificCharacterSet that the name is written in.
    birth_date
        YYYYMMDD.
    race, hispanic
        For Table 1.
    anatomy
        The heart at the first study.
    """

    number: int
    identifier: str
    name: str
    character_set: str | tuple[str, ...]
    birth_date: str
    race: str
    hispanic: bool
    anatomy: Anatomy

    def age(self, date: str) -> int:
        """Whole years on ``date`` (YYYYMMDD)."""
        before = date[4:] < self.birth_date[4:]
        return int(date[:4]) - int(self.birth_date[:4]) - int(before)


def make_patient(settings: SyntheticSettings, number: int) -> Patient:
    """Patient ``number`` of the archive; a pure function of settings and number."""
    rng = generator(settings.seed, "patient", number)
    anatomy = draw_anatomy(
        rng, severe_share=settings.severe_share, hypertrophy_shares=settings.hypertrophy_shares
    )
    age = np.clip(rng.normal(70, 12), 21, 96)
    birth = f"{int(2018 - age):04d}{rng.integers(1, 13):02d}{rng.integers(1, 29):02d}"
    name = _name(rng, anatomy.sex)
    digits = f"{rng.integers(100, 999)}{number:05d}"
    identifier = (f"MR{digits}", digits, f"{digits[:3]}-{digits[3:]}", f"0{digits}")[int(rng.integers(4))]
    return Patient(
        number=number,
        identifier=identifier,
        name=name,
        character_set=_character_set(rng, name),
        birth_date=birth,
        race=str(rng.choice(_RACES, p=_RACE_SHARES)),
        hispanic=bool(rng.random() < 0.09),
        anatomy=anatomy,
    )


def _name(rng: np.random.Generator, sex: str) -> str:
    if rng.random() < 0.08:
        names = _THREE_GROUPS[sex]
        return names[int(rng.integers(len(names)))]
    given = _GIVEN_NAMES[sex]
    return f"{_FAMILY_NAMES[rng.integers(len(_FAMILY_NAMES))]}^{given[rng.integers(len(given))]}"


def _character_set(rng: np.random.Generator, name: str) -> str | tuple[str, ...]:
    """Unicode, or the older set that holds the name: ISO 8859-1, or ISO 2022 with kanji."""
    older = rng.random() < 0.4
    if older and name.isascii():
        return "ISO_IR 6"
    if older and _fits(name, "latin-1"):
        return "ISO_IR 100"
    if older and "=" in name and _fits(name, "iso2022_jp"):
        return ("", "ISO 2022 IR 87")
    return "ISO_IR 192"


def _fits(name: str, codec: str) -> bool:
    try:
        name.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
