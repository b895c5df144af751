"""Dates in cells: every rendering of a date is found, and nothing that is none."""

import datetime
import random

import pytest

from echoclr_core.common.date_search import find_dates
from echoclr_core.common.date_words import MONTHS, fold
from echoclr_core.common.known_dates import EPOCHS, holds_known_date, is_known_date

DAY = datetime.date(2019, 3, 17)
TWO_MONTHS = ["listopad", "listopada", fold("كانون"), fold("تشرين")]  # Arabic adds "first" or "second"
WRITTEN = [
    *(
        "17-Mar-2019",
        "03/17/19",
        "17.3.19",
        "2019_03_17",
        "20190317101112",
        "２０１９／０３／１７",
        "17032019",
    ),
    *("2019-03-17T10:11:12Z", "17 mars 2019", "17. März 2019", "17 de marzo de 2019", "17th of March, 2019"),
    *("March 17, 2019", "mar 17, 19", "17mar2019", "17MAR19", "2019年3月17日", "二〇一九年三月十七日"),
    *("2019년 3월 17일", "17.III.2019", "17/3-2019", "2019 03 17", "2019. 03. 17.", "17 . 03 . 2019"),
    *("٢٠١٩-٠٣-١٧", "१७ मार्च २०१९", "17 มีนาคม 2019", "17 марта 2019 г.", "17 Μαρτίου 2019"),
    *("١٧ آذار ٢٠١٩", "17 tháng 3 năm 2019", "17 tháng 3 2019", "17;03;2019", "17=03=2019", "17。03。2019"),
    *("2 0 1 9 - 0 3 - 1 7", "1 7 0 3 2 0 1 9", "۱۷ مارس ۲۰۱۹", "17. Mrz. 2019", "le 17 mars 2019"),
    *("2019-W11-7", "2019 0317", "17\u201003\u20102019", "17\u200b.03.2019", "2019%2F03%2F17"),
    *("2019&#47;03&#47;17", "17 Mar '19", "17,03,2019", "19-03-17", "Sunday, 17 March 2019", "(17/03/2019)"),
    *(
        "seen20190317",
        "17|03|2019",
        "17\\03\\2019",
        "2019/17/03",
        "17-mrt-2019",
        "17. bře 2019",
        "17 Mart 2019",
    ),
]
NO_DATES = [
    *(
        "Severe (1.0 cm2, 2019)",
        "3.20190501",
        "MRN-47112",
        "2019",
        "March 2019",
        "1-2+",
        "3/6",
        "II/VI systolic",
    ),
    *(
        "NYHA II",
        "120/80",
        "AVA 1.0, Vmax 4.2, MG 40",
        "10.5 / 12.5",
        "55 %",
        "94",
        "2018-2019",
        "grade 2 2019",
    ),
    *(
        "may be severe",
        "sep 12 mm",
        "sep 12 10 mm",
        "EF 25, 10/2019",
        "1 2 3 4",
        "MARS 2",
        "EF 55; LVEDD 48; 2019",
        "A4C",
        "12:30",
        "10:11:12",
        "2 x 3 x 4",
    ),
    *(
        "45/12/100",
        "moderate (2-3)",
        "20 - 30 mmHg 2019",
        "1.10 2.20",
        "2019 Q1",
        "I-II 2019",
        "12 to 13, 2019",
    ),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_full_date_is_found(text):
    assert any((date.month, date.day) == (3, 17) and date.year % 100 == 19 for date in find_dates(text))


@pytest.mark.parametrize("text", ["3月17日", "17 March", "March 17th", "17. marzo", "17. März", "4 July"])
def test_a_day_with_the_name_of_its_month_is_a_date(text):
    assert find_dates(text)


@pytest.mark.parametrize("text", NO_DATES)
def test_years_ages_and_measurements_are_no_dates(text):
    assert find_dates(text) == ()


def random_dates(seed, count=60):
    rng = random.Random(seed)
    first = datetime.date(1925, 1, 1).toordinal()
    return [datetime.date.fromordinal(first + rng.randrange(36_000)) for _ in range(count)]


def renderings(date):
    """A date as programs and people write it, from their parts alone."""
    y, m, d = f"{date.year}", f"{date.month:02d}", f"{date.day:02d}"
    names = [word for word, numbers in MONTHS.items() if date.month in numbers]
    for order in ((y, m, d), (d, m, y), (m, d, y), (d, m, y[2:]), (m, d, y[2:])):
        for separator in "-./_":
            yield separator.join(order)
            yield separator.join(part.lstrip("0") or "0" for part in order[:2]) + separator + order[2]
    yield from ("".join(order) for order in ((y, m, d), (d, m, y), (m, d, y)))
    yield from (f"{y}{m}{d}{time}" for time in ("10", "1011", "101112", "101112345"))
    for name in names[::7]:
        yield from (f"{d} {name} {y}", f"{d}-{name}-{y[2:]}", f"{y} {name} {d}", f"{name} {d}, {y}")


@pytest.mark.parametrize("date", random_dates(0), ids=str)
def test_every_rendering_is_found_wherever_it_stands(date):
    for text in renderings(date):
        for cell in (text, f"severe ({text})", f"seen {text} again", text.upper()):
            found = find_dates(cell)
            assert any((f.month, f.day) in ((date.month, date.day), (date.day, date.month)) for f in found), (
                cell
            )
            assert holds_known_date(cell, [date]), cell
    wide = str.maketrans("0123456789-./", "０１２３４５６７８９－．／")
    assert find_dates(date.isoformat().translate(wide))


@pytest.mark.parametrize("date", random_dates(1), ids=str)
def test_the_row_s_own_date_is_found_in_what_is_no_date_by_itself(date):
    of_year = date.timetuple().tm_yday
    texts = [
        *(str((date - epoch).days) for epoch in EPOCHS.values() if (date - epoch).days > 10_000),
        f"{date.year}-{of_year:03d}",
        f"{date:%y%m%d}",
        f"{date:%d%m%y}",
        f"{date.year + 543}/{date.month}/{date.day}",
        f"day {date.day} of month {date.month}, year {date.year}",
        " ".join(f"{date:%Y%m%d}"),
        f"{date:%Y %m%d}",
        f"{int(f'{date:%Y%m%d}'):.7E}",
        *(
            f"{days:,}".replace(",", sign)
            for sign in ",.' "
            if (days := (date - EPOCHS["Excel, 1900"]).days) > 10_000
        ),
    ]
    for text in texts:
        assert holds_known_date(text, [date]), text
        assert not holds_known_date(text, []), text
    seconds = int((date - datetime.date(1970, 1, 1)).days) * 86400 + 43_200
    numbers = [date.year + (of_year - 0.5) / (366 if date.year % 4 == 0 else 365)]
    numbers += [(date - EPOCHS["Excel, 1900"]).days + 0.42, float(f"{date:%Y%m%d}")]
    numbers += [seconds, seconds * 1000.0] if abs(seconds) > 10 * 86400 else []
    assert [number for number in numbers if not is_known_date(number, [date])] == []


@pytest.mark.parametrize(
    "text", ["2019", "March 2019", "17 mm", "EF 17, 2019", "3.20190317", "43542", "2019-03"]
)
def test_the_year_and_other_numbers_are_not_the_row_s_date(text):
    assert not holds_known_date(text, [DAY])


def test_measurements_are_not_the_row_s_date():
    assert not any(is_known_date(number, [DAY]) for number in (17, 3.17, 55, 2019, 2019.9, 0.0, 1234.5))


def test_a_roman_month_counts_before_day_and_year_alone():
    assert datetime.date(2019, 4, 21) in find_dates("IV-21-2019")
    assert find_dates("IV 21 mm") == find_dates("stage IV 2019") == ()


def test_one_month_has_one_number_in_nearly_all_languages():
    assert [word for word, numbers in MONTHS.items() if len(numbers) > 1] == TWO_MONTHS
    assert fold("MÄRZ") == fold("März") == "marz"
