"""What a coded or written concept says about cramps of the leg: in the leg, denied, or somewhere else."""

import re
from collections.abc import Iterable, Sequence
from enum import Enum

from cds_service.names import LONGEST, cancelled, dismissed, negated, tokens, word_set
from cds_service.record import Concept
from cds_service.terminology import ValueSets

_CONCEPTS = frozenset({"nocturnal_leg_cramps", "cramp_and_spasm"})

# Beginnings of every cramp word, in a text that nobody has taken apart yet
_STEM = re.compile("cramp|spasm|charl|kr.{1,2}mp|calambr|im?bra", re.IGNORECASE)


def _compounds(sites: str, cramps: str) -> frozenset[str]:
    """ "wadenkrampf", "kuitkrampen": site and cramp in one word."""
    return frozenset(site + cramp for site in sites.split() for cramp in cramps.split())


_LEG_CRAMPS = (
    _compounds("waden bein fuss zehen oberschenkel unterschenkel schenkel", "krampf krampfe krampfen")
    | _compounds("kuit been voet teen tenen bovenbeen onderbeen dij", "kramp krampen")
    | _compounds("vad vads ben bein legg læg laeg fot fod lar ta", "kramp krampe kramper krampen kramperne")
    | {"charley-horse", "le-cramp"}
)
_NIGHT_CRAMPS = _compounds("nacht natt nat", "kramp krampe krampen kramper krampf krampfe")
_SPASM = word_set("spasm spasms")
_PORTUGUESE = word_set("caibra caibras caimbra caimbras")
_CRAMP = (
    word_set("""
        cramp cramps cramping crampy muscle-spasm period-cramp
        krampf krampfe krampfen muskelkrampf muskelkrampfe muskelkrampfen crampe crampes calambre calambres crampo
        crampi kramp krampen krampe kramper krampene
    """)
    | _PORTUGUESE
    | _LEG_CRAMPS
    | _NIGHT_CRAMPS
)
_LEG = _LEG_CRAMPS | word_set("""
    leg legs calf calves foot feet toe toes thigh thighs hamstring hamstrings charley gastrocnemius soleus
    shin shins
    lower-limb
    bein beine beinen wade waden fuss fusse fussen zeh zehe zehen oberschenkel unterschenkel
    jambe jambes mollet mollets pied pieds orteil orteils cuisse cuisses
    pierna piernas pantorrilla pantorrillas gemelo gemelos pie pies muslo muslos
    gamba gambe polpaccio polpacci piede piedi coscia cosce
    perna pernas panturrilha panturrilhas coxa coxas
    benen kuit kuiten voet voeten tenen bovenbeen onderbeen
    vaden vader bena beina leggen leggene føtter fotter
""")
_NIGHT = _NIGHT_CRAMPS | word_set("""
    night nights nightly nighttime nocturnal overnight sleep asleep sleeping bed bedtime
    nachts nacht nachtlich nachtliche nachtlicher nachtlichen nachtliches nuit nocturne nocturnes noche noches
    nocturno
    nocturnos nocturna nocturnas notte notturno notturni notturna notturne noite noturno noturnos noturna noturnas
    nachtelijk nachtelijke natt natten nattlig nattlige nattliga natlige
""")
# DECISIONS, Who and when: what a report must not say ...
_ELSEWHERE = word_set("""
    hand hands finger fingers writer writers musician musicians abdominal abdomen stomach belly bowel
    intestinal biliary
    menstrual menses uterine pelvic dysmenorrhoea dysmenorrhea period-cramp
    bauch magen hande unterleib menstruation ecrivain abdominale abdominales abdominaux estomac ventre mains
    doigts regles
    menstruelles escribiente escritor estomago vientre mano manos menstruales scrivano addominale addominali addome
    stomaco mani menstruali abdominais mao maos escrivao menstruais buik maag handen mage mave
""")
_EXERTION = word_set("""
    exertion exertional exercise exercising walking running claudication
    anstrengung belastung belastungsabhangig gehen laufen effort marche ejercicio caminar esfuerzo sforzo
    cammino esforco
    caminhar inspanning lopen anstrengning
""")
# ... and further sites that night cramps must not have when no leg is named
_OTHER_SITES = word_set("""
    arm arms forearm forearms back neck jaw face chest shoulder period periods bladder vocal rib ribs trunk
    flank tummy
    colic rectal anal proctalgia vaginal labour labor
""")
# A spasm beside a leg is a cramp, unless it is the sign of another disease
_SPASTIC = word_set("""
    spasticity spastic ms sclerosis stroke paraplegia tetraplegia clonus bladder bronchial coronary
    oesophageal esophageal
    carpopedal infantile epileptic hemifacial
""")
_DENYING = word_set("""
    no not denies denied deny without absent negative never none nil kein keine keinen ohne geen zonder ingen
    inga pas sans
    sin sem senza nessun nessuna niega nega
""")
_SOMEBODY_ELSE = word_set("family fh mother father brother sister history")
_LONG_AGO = word_set("long-ago")

# Two words that are one idea
_LOWER: dict[tuple[str, ...], str] = dict.fromkeys(
    (
        ("lower", "limb"), ("lower", "limbs"), ("lower", "extremity"), ("lower", "extremities"), ("lower", "leg"),
        ("lower", "legs"),
        ("membres", "inferieurs"), ("membre", "inferieur"), ("miembros", "inferiores"), ("miembro", "inferior"),
        ("extremidades", "inferiores"), ("arti", "inferiori"), ("membros", "inferiores"), ("het", "been"),
        ("linker", "been"), ("rechter", "been"),
    ),
    "lower-limb",
)  # fmt: skip
_PAIRS: dict[tuple[str, ...], str] = {
    **_LOWER,
    **{
        (first, second): "charley-horse" for first in ("charley", "charlie") for second in ("horse", "horses")
    },
    **{("muscle", second): "muscle-spasm" for second in ("spasm", "spasms")},
    **{
        (first, second): "period-cramp"
        for first in ("period", "periods")
        for second in ("cramp", "cramps", "cramping", "pain", "pains")
    },
    # the night of something else
    **{
        pair: "-".join(pair)
        for pair in (
            ("night", "sweat"),
            ("night", "sweats"),
            ("night", "shift"),
            ("night", "shifts"),
            ("night", "blindness"),
            ("sleep", "apnoea"),
            ("sleep", "apnea"),
        )
    },
    ("le", "cramp"): "le-cramp",  # lower extremity
    ("le", "cramps"): "le-cramp",
    **dict.fromkeys((("in", "childhood"), ("as", "child"), ("none", "now"), ("not", "now")), "long-ago"),
}


class Told(Enum):
    """What an entry about cramps says of the legs."""

    LEG = "leg"
    DENIED = "denied"  # cramps of the leg are said not to be there
    ELSEWHERE = "elsewhere"  # another site, only on exertion, no stated site, past, or somebody else's


def told(concept: Concept, site: str, value_sets: ValueSets) -> Told | None:
    """
    What a concept says about cramps of the leg or foot; None when it is not about cramps at all.

    A code for cramps of the leg needs no text; a general one needs a leg word in text or body site, or night cramps
    with no other site. Any other code that is known decides against the words beside it.
    """
    if not (_is_listed(concept, value_sets) or _may_mention(concept)):
        return None
    coded = [match for match in value_sets.diagnoses(concept, site) if match.matched_by != "text"]
    cramps = [match.name for match in coded if match.value_set in _CONCEPTS]
    if coded and not cramps:
        return None
    if any(_LEG & set(_words(name)) for name in cramps):
        return Told.LEG
    return _read([*map(_words, (*cramps, *concept.words()))], _words(site))


# --- a quick look, because every entry of a record passes here ------------------------------------------------


def _is_listed(concept: Concept, value_sets: ValueSets) -> bool:
    """Whether a coding is one of a cramp."""
    return any(value_sets.is_coded_as(coding, _CONCEPTS) for coding in concept.coding or ())


def _may_mention(concept: Concept) -> bool:
    """Whether the words hold the beginning of a cramp word, before any text is taken apart."""
    if concept.text and _STEM.search(concept.text[:LONGEST]):
        return True
    for coding in concept.coding or ():  # written out: it runs for every entry
        if coding.display and coding.display != concept.text and _STEM.search(coding.display[:LONGEST]):
            return True
    return False


# --- reading --------------------------------------------------------------------------------------------------


def _words(text: str) -> tuple[str, ...]:
    """The words of *text*, those that are one idea in two made one."""
    words = tokens(text)
    made: list[str] = []
    place = 0
    while place < len(words):
        one = _PAIRS.get(words[place : place + 2])
        made.append(one or words[place])
        place += 2 if one else 1
    return tuple(made)


def _read(texts: Sequence[tuple[str, ...]], site: tuple[str, ...]) -> Told | None:
    """What the words of one entry say; a text that takes its cramps back says nothing about the site."""
    if not any(_mentions(words) for words in texts):
        return None
    taken_back = [words for words in texts if _mentions(words) and not _affirms(words)]
    kept = (*(words for words in texts if words not in taken_back), site)
    every = {word for words in kept for word in words}
    said = {word for words in kept for place, word in enumerate(words) if not negated(words, place)}
    if any(map(_affirms, texts)) and _is_leg(every, said):
        return Told.LEG
    return Told.DENIED if any(_denies(words, site) for words in taken_back) else Told.ELSEWHERE


def _denies(words: tuple[str, ...], site: tuple[str, ...]) -> bool:
    """Whether a text that takes its cramps back says that this patient's legs have none."""
    said = frozenset(words)
    denying = said & _DENYING
    if said & _PORTUGUESE:
        denying -= {"no"}  # "in the"
    around = said.union(site)
    return bool(denying) and not said & _SOMEBODY_ELSE and _is_leg(around, around)


def _affirms(words: tuple[str, ...]) -> bool:
    """Whether cramps are named at least once without being denied, doubted, past or somebody else's."""
    if _LONG_AGO & set(words):
        return False
    return any(not cancelled(words, place) and not dismissed(words, place + 1) for place in _mentions(words))


def _mentions(words: tuple[str, ...]) -> list[int]:
    """The places at which cramps are named."""
    said = frozenset(words)
    is_cramp = bool(said & _LEG) and not said & _SPASTIC
    return [place for place, word in enumerate(words) if word in _CRAMP or (is_cramp and word in _SPASM)]


def _is_leg(every: Iterable[str], said: Iterable[str]) -> bool:
    """Whether words name the leg, or the night and no other site; *said* are those that no word takes back."""
    words, affirmed = frozenset(every), frozenset(said)
    if affirmed & _ELSEWHERE or (affirmed & _EXERTION and not words & _NIGHT):
        return False
    return bool(words & _LEG or (words & _NIGHT and not affirmed & _OTHER_SITES))
