# ruff: noqa: E501 (one language a line)
"""Words of dates: the months in the languages of the hospitals that export label tables, and fillers.

All words are compared as :func:`fold` writes them: without case, accents and compatibility forms.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

_FULL = """
january february march april may june july august september october november december
januar februar maerz april mai juni juli august september oktober november dezember
jaenner feber märz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart april mei juni juli augustus september oktober november december
januari februari mars april maj juni juli augusti september oktober november december
januar februar marts april maj juni juli august september oktober november december
tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu
tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta joulukuuta
styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
leden únor březen duben květen červen červenec srpen září říjen listopad prosinec
ledna února března dubna května června července srpna září října listopadu prosince
január február marec apríl máj jún júl august september október november december
január február március április május június július augusztus szeptember október november december
ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
siječanj veljača ožujak travanj svibanj lipanj srpanj kolovoz rujan listopad studeni prosinac
siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada studenoga prosinca
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень
січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
ιανουάριος φεβρουάριος μάρτιος απρίλιος μάιος ιούνιος ιούλιος αύγουστος σεπτέμβριος οκτώβριος νοέμβριος δεκέμβριος
ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου
jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember
janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris
janvārī februārī martā aprīlī maijā jūnijā jūlijā augustā septembrī oktobrī novembrī decembrī
sausis vasaris kovas balandis gegužė birželis liepa rugpjūtis rugsėjis spalis lapkritis gruodis
sausio vasario kovo balandžio gegužės birželio liepos rugpjūčio rugsėjo spalio lapkričio gruodžio
janúar febrúar mars apríl maí júní júlí ágúst september október nóvember desember
януари февруари март април май юни юли август септември октомври ноември декември
јануар фебруар март април мај јун јул август септембар октобар новембар децембар
gener febrer març abril maig juny juliol agost setembre octubre novembre desembre
januari februari mac april mei juni julai ogos september oktober november disember
januari februari maret april mei juni juli agustus september oktober november desember
januar februar mars april mai juni juli august september oktober november desember
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
كانون شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين تشرين كانون
جانفي فيفري مارس أفريل ماي جوان جويلية أوت سبتمبر أكتوبر نوفمبر ديسمبر
ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر
ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר
जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर
มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม
"""

_SHORT = """
jan feb mar apr may jun jul aug sep oct nov dec
jan feb mrz apr mai jun jul aug sept okt nov dez
janv fevr mars avr mai juin juil aout sept oct nov dec
ene febr marz abr mayo junio julio ago set oct nov dic
gen febb mar apr mag giu lug ago sett ott nov dic
jan fev mar abr mai jun jul ago set out nov dez
jan feb mrt apr mei jun jul aug sep okt nov dec
sty lut mar kwi maj cze lip sie wrz paz lis gru
led uno bre dub kve cvn cvc srp zar rij lis pro
jan febr marc apr maj jun jul aug szept okt nov dec
oca sub mar nis may haz tem agu eyl eki kas ara
янв фев мар апр май июн июл авг сен окт ноя дек
янв февр март апр мая июня июля авг сент окт нояб дек
ιαν φεβ μαρ απρ μαι ιουν ιουλ αυγ σεπ οκτ νοε δεκ
"""

_FILLERS = """
st nd rd th er re o a e eme ter ten of the de den der del di d le la el van vom am og ja
년 월 일 年 月 日 号 г год года р року v
الأول الثاني thang nam
"""


_NUMBER_MARKS = "thang nam de of the 년 월 일 年 月 日 号 th st nd rd"

_ROMAN = "i ii iii iv v vi vii viii ix x xi xii"


def fold(text: str) -> str:
    """``text`` without case, accents and compatibility forms, every script's digits as 0 to 9."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(
        _digit(character)
        for character in plain
        if not unicodedata.category(character).startswith("M") and unicodedata.category(character) != "Cf"
    )


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _numbered(lists: str) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for line in lists.strip().splitlines():
        for number, word in enumerate(line.split(), start=1):
            found.setdefault(fold(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


MONTHS: Mapping[str, frozenset[int]] = MappingProxyType(_numbered(_SHORT + _FULL))
"""Full names and abbreviations to 1 … 12; "listopad" is November in Czech and October in Croatian,
and of two Arabic names the first word stands for two months."""

_OTHER_WORDS = frozenset(["mars", "mart", "marc"])  # names of people and trials

MONTH_NAMES = frozenset(
    word for word in _numbered(_FULL) if not word.isascii() or (len(word) > 3 and word not in _OTHER_WORDS)
)
"""Full names, which are hardly words of another meaning: with a day alone they are a date."""

ROMAN: Mapping[str, frozenset[int]] = MappingProxyType(
    {word: frozenset([number]) for number, word in enumerate(_ROMAN.split(), start=1)}
)
"""Months as Roman numerals (17.III.2019)."""

FILLERS = frozenset(fold(word) for word in _FILLERS.split())
"""Words within a date that are no part of its numbers (17th of March, 2019年3月17日)."""

NUMBER_MARKS = frozenset(fold(word) for word in _NUMBER_MARKS.split())
"""Those of them that stand between numbers alone."""

_CJK_DIGITS = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
_CJK_NUMBER = re.compile("[〇零一二三四五六七八九十]+(?=[年月日号])")


def cjk_numbers_to_digits(text: str) -> str:
    """``text`` with the Chinese and Japanese numerals before 年, 月, 日 as digits: 十七日 becomes 17日."""
    return _CJK_NUMBER.sub(lambda match: _cjk_number(match[0]), text)


def _cjk_number(numeral: str) -> str:
    if "十" not in numeral:
        return "".join(_CJK_DIGITS[character] for character in numeral)
    tens, _, ones = numeral.partition("十")
    return (_CJK_DIGITS.get(tens, "1") if tens else "1") + (_CJK_DIGITS.get(ones, "0") if ones else "0")
