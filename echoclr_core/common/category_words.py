"""Words of which categories are made: grades, views, groups of race and ethnicity, yes and no.

A text of these words alone names nobody, however few studies have it.
"""

import re

from echoclr_core.common.date_words import fold

_WORDS = """
yes no y n true false none not any other others unknown missing uncertain indeterminate declined refused
na nan nil null
absent present positive negative normal abnormal borderline suspected possible probable definite known
trace trivial minimal mild mildly moderate moderately severe severely very extremely critical massive low
high lower higher
increased decreased reduced preserved to or and than less more least at of with without w o the a an in
for by both
paradoxical classical flow gradient grade grades class stage type group category level degree score nyha
ccs asa killip
aortic mitral tricuspid pulmonary pulmonic valve valvular stenosis sclerosis regurgitation insufficiency
calcified
calcification thickened bicuspid tricuspidal unicuspid prosthesis prosthetic mechanical bioprosthetic
bioprosthesis
tavr tavi savr native repair status post as ar ai mr ms tr ts pr ps av mv tv pv lv rv la ra lvot rvot ivc
svc lvh
left right ventricle ventricular atrium atrial systolic diastolic function dysfunction hypertrophy
concentric eccentric
remodeling remodelling geometry fibrillation flutter sinus rhythm paced hypertension diabetes smoker
former current never
i ii iii iv v vi vii viii ix x female male f m woman women man men sex
white black african american asian hispanic latino latina latinx non caucasian native indian alaska
alaskan hawaiian
pacific islander middle eastern north mixed multiple multiracial two races race ethnicity european
oriental arab
inpatient outpatient emergency elective urgent routine research clinical hospital clinic centre center
site ward
plax psax pla psa lax sax apical parasternal subcostal suprasternal subxiphoid long short axis view views
chamber chambers
two three four five a2c a3c a4c a5c ap2 ap3 ap4 ap5 ch inflow outflow arch doppler colour color pw cw
spectral continuous
wave pulsed tissue tdi mode zoom zoomed focused base basal mid apex level papillary muscle bubble
contrast bicaval
philips ge siemens toshiba canon samsung mindray esaote hitachi acuson epiq affiniti vivid
keine kein ohne leicht leichte leichtgradig leichtgradige mittel mittelgradig mittelgradige schwer
schwere hochgradig
hochgradige mässig mäßig ja nein unbekannt weiblich männlich w
aucune aucun léger légère modéré modérée sévère oui non inconnu femme homme
ninguna ninguno leve moderada moderado severa severo grave sí desconocido mujer hombre
nessuna lieve moderata si sconosciuto donna uomo geen licht matig ernstig nee onbekend
geringgradig geringgradige ingen let middelsvær svær lett middels alvorlig lindrig måttlig uttalad brak
łagodna umiarkowana ciężka
"""
CATEGORY_WORDS = frozenset(fold(word) for word in _WORDS.split())
_TOKEN = re.compile(r"[^\W_]+")
_PART = re.compile(r"[^\W\d_]+|\d+")
MAX_PARTS = 3  # of letters and of digits in one token: a4c; 0a1b2c3d is a code


def is_category(text: str) -> bool:
    """Whether a text holds nothing but words of categories, single letters, and numbers of up to 3 digits."""
    tokens = [_PART.findall(token) for token in _TOKEN.findall(fold(text))]
    return all(len(parts) <= MAX_PARTS and all(map(_is_word, parts)) for parts in tokens)


def _is_word(part: str) -> bool:
    return len(part) == 1 or part in CATEGORY_WORDS or (part.isdigit() and len(part) <= 3)
