"""What a coded or written concept says about cramps of the leg: in the leg, denied, or somewhere else."""

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import islice, pairwise

from cds_service.names import (
    CLAUSE_END,
    LONGEST,
    MOST_LOOKED_AT,
    cancelled,
    clause_after,
    clause_before,
    dismissed,
    folded,
    negated,
    tokens,
    word_set,
)
from cds_service.record import Concept
from cds_service.terminology import ValueSets

_CONCEPTS = frozenset({"nocturnal_leg_cramps", "cramp_and_spasm"})

# Beginnings of every cramp word, in a casefolded text that nobody has taken apart yet: to ignore case takes five times
# as long, and every entry of a record is asked.
_STEM = re.compile("cramp|spasm|charl|kr.{1,2}mp|calambr|im?bra")
# What is written as several words and means one thing: that they go on, of late, once, absent
_LASTING = "ongoing"
_LATELY = "lately"
_IDIOMS = (
    (
        re.compile(
            r"\b(?:no|not|never|without)(?: (?:much|real|any|significant|major|great|yet|fully|completely|been))?"
            r" (?:better|resolved|resolving|changed?|improv(?:ed|ing|ement)|gone|relief|relieved|controlled|different"
            r"|settled|severe pain)\b"
            r"|\b(?:nicht|keine?) (?:besser|besserung|weg|verschwunden)\b|\bpas mieux\b|\bsin (?:mejoria|cambios?)\b"
        ),
        f" {_LASTING} ",
    ),
    (
        re.compile(r"\b(?:past|last|previous) (?:\S{1,20} )?(?:day|night|week|fortnight|month|year)s?\b"),
        f" {_LATELY} ",
    ),
    (re.compile(r"\b(?:as|when) an? (?:child|boy|girl|kid|teenager|youth)\b"), " in childhood "),
    (re.compile(r"\(-\)"), " absent "),
)


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
_MUSCLE_SPASM = "muscle-spasm"
_PORTUGUESE = word_set("caibra caibras caimbra caimbras")
_CRAMP = (
    word_set("""
    cramp cramps cramping crampy period-cramp krampf krampfe krampfen muskelkrampf muskelkrampfe
    muskelkrampfen crampe crampes calambre calambres crampo crampi kramp krampen krampe kramper krampene
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
    night nights nightly nighttime nocturnal overnight sleep asleep sleeping bed bedtime nachts nacht
    nachtlich nachtliche nachtlicher nachtlichen nachtliches nuit nocturne nocturnes noche noches nocturno
    nocturnos nocturna nocturnas notte notturno notturni notturna notturne noite noturno noturnos noturna
    noturnas nachtelijk nachtelijke natt natten nattlig nattlige nattliga natlige
""")
# DECISIONS, Who and when: what a report must not say ...
_ELSEWHERE = word_set("""
    hand hands finger fingers writer writers musician musicians abdominal abdomen stomach belly bowel
    intestinal biliary gi gastrointestinal abdo menstrual menses uterine pelvic dysmenorrhoea dysmenorrhea
    period-cramp bauch magen hande unterleib menstruation ecrivain abdominale abdominales abdominaux
    estomac ventre mains doigts regles menstruelles escribiente escritor estomago vientre mano manos
    menstruales scrivano addominale addominali addome stomaco mani menstruali abdominais mao maos escrivao
    menstruais buik maag handen mage mave
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
    arterial artery arteries vasospasm spinal cord myelopathy paraplegic tetraplegic quadriplegia
""")
_DENYING = word_set("""
    no not denies denied deny without absent negative never none nil verneint kein keine keinen ohne geen zonder ingen
    inga pas sans
    sin sem senza nessun nessuna niega nega
""")
_KIN = word_set(
    "mother father brother sister son daughter wife husband partner spouse relative relatives sibling siblings"
)
_WHOSE = word_set("patients in of her his my their")
_ANYBODY_ELSE = word_set("relatives siblings")  # before the cramps; the others are cancelling words
_SOMEBODY_ELSE = word_set("family fh mother father brother sister history relatives siblings")
# "leg cramps improved, now gone"
_GONE = word_set("gone subsided disappeared ceased abated")
# before the cramps: what is said in general, not of this patient
_IN_GENERAL = frozenset(
    (first, second)
    for first in ("may", "can", "could", "might")
    for second in ("cause", "causes", "get", "give")
) | {
    ("advised", "about"),
    ("warned", "about"),
    ("counselled", "about"),
    ("counseled", "about"),
}
_LONG_AGO = word_set("long-ago")
# Words of a question that asks whether there are leg cramps, how often and when, and nothing else
_PLAIN = word_set("""
    do does did have has had you your yours the a an any at in on of or and during while from with is are
    there been be how often many times get gets getting experience experiences experienced suffer suffers
    suffering ever currently now still present presence lately since per day days daily week weeks weekly
    month months monthly year frequency frequent recurrent muscle muscles muscular related rest resting
    associated finding disorder symptom symptoms complaint patient report reports lower both left right
    bilateral side which when what this these it to he she they haben sie hatten den der die das wie oft
    leiden unter avez vous des les la le aux souvent tiene tienen usted los las ha hai heeft u har du
""")
# Words of a question that a "yes" answers without saying that there are leg cramps now
_ABOUT = word_set("""
    relieved relieve relieves relief treated treat treats treatment treatments therapy medication
    medications medicine medicines drug drugs tablet tablets quinine magnesium prevent prevents prevention
    helped help helps better gone improved improving stopped resolved cured settled subsided ceased side
    effect effects adverse reaction allergy allergic intolerance cause causes caused past previously
    advised counselled counseled informed information education leaflet relatives relative family ever used
    taken take takes discussed discuss heard worried score scale controlled free
""")
# Words of a question whose answer "leg cramps" is no complaint of today
_NOT_A_COMPLAINT = word_set("""
    not dont doesnt never no none without denies denied negative negatives absent adverse reaction
    reactions allergy allergies allergic intolerance intolerances side effect effects family relative
    relatives mother father sibling siblings parents past previous previously prior former resolved
    childhood ever education advice advised counselling counseling leaflet information discussed risk
    warning
""")

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
    **dict.fromkeys(
        (
            ("the", "past"),
            ("in", "past"),
            ("long", "ago"),
            ("in", "childhood"),
            ("as", "child"),
            ("none", "now"),
            ("not", "now"),
        ),
        "long-ago",
    ),
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
    if not may_be_about(concept, value_sets):
        return None
    coded = [match for match in value_sets.diagnoses(concept, site) if match.matched_by != "text"]
    cramps = [match.name for match in coded if match.value_set in _CONCEPTS]
    if coded and not cramps:
        return None
    if any(_LEG & set(_words(name)) for name in cramps):
        return Told.LEG
    return _read([*map(_words, (*cramps, *concept.words()))], _words(site))


def may_be_about(concept: Concept, value_sets: ValueSets) -> bool:
    """Whether `told` could say anything of a concept; False is certain. A quick look, for most entries end here."""
    text = concept.text
    if text and _STEM.search(
        text[:LONGEST].casefold()
    ):  # the beginning of a cramp word, before any text is taken apart
        return True
    for coding in concept.coding or ():
        shown = coding.display
        if shown and shown != text and _STEM.search(shown[:LONGEST].casefold()):
            return True
        if value_sets.is_coded_as(coding, _CONCEPTS):
            return True
    return False


# --- questions ------------------------------------------------------------------------------------------------


def asks_only_whether(concept: Concept) -> bool:
    """Whether a question about leg cramps asks nothing but whether, where and when there are any."""
    said = _asked(concept)
    return said <= (_PLAIN | _CRAMP | _SPASM | _LEG | _NIGHT | {_MUSCLE_SPASM})


def implies_cramps(concept: Concept) -> bool:
    """Whether "yes" to a question that names leg cramps says that there are some now."""
    said = _asked(concept)
    about = _ABOUT - {"ever"} if _LATELY in said else _ABOUT
    return about.isdisjoint(said)


def asks_for_complaints(concept: Concept) -> bool:
    """Whether "leg cramps" as the answer to a question that names none says that there are some now."""
    said = _asked(concept)
    if "history" in said and not {"present", "presenting"} & said:
        return False
    return _NOT_A_COMPLAINT.isdisjoint(said)


def is_site_or_time(text: str) -> bool:
    """Whether a text names the leg or the night: "both calves", "at night"."""
    return not (_LEG | _NIGHT).isdisjoint(_words(text))


def _asked(concept: Concept) -> frozenset[str]:
    """The words of a question: as somebody wrote it, else as its codings are displayed."""
    texts = (concept.text,) if concept.text else concept.words()
    return frozenset(word for text in texts for word in _words(text)) - {"?", CLAUSE_END}


def written_out(text: str) -> tuple[str, ...]:
    """The tokens of *text*, idioms first made one word: "no better" is "ongoing", "past 4 weeks" is "lately"."""
    low = folded(text)
    for idiom, meaning in _IDIOMS:
        low = idiom.sub(meaning, low)
    return tokens(low)


# --- reading --------------------------------------------------------------------------------------------------


def _words(text: str) -> tuple[str, ...]:
    """The words of *text*, those that are one idea in two made one."""
    words = written_out(text)
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
    return any(_is_affirmed(words, place) for place in _mentions(words))


def _is_affirmed(words: tuple[str, ...], place: int) -> bool:
    """Whether no word around takes these cramps back."""
    if cancelled(words, place) or dismissed(words, place + 1):
        return False
    left, right = clause_before(words, place), clause_after(words, place + 1)
    if not _ANYBODY_ELSE.isdisjoint(left) or not _IN_GENERAL.isdisjoint(pairwise(left)):
        return False
    return not _is_gone(right) and not _is_of_kin(right)


def _is_gone(right: tuple[str, ...]) -> bool:
    """ "improved, now gone", but not "gone in the morning"."""
    return any(
        word in _GONE and after not in ("in", "by", "after") for word, after in pairwise((*right, CLAUSE_END))
    )


def _is_of_kin(right: tuple[str, ...]) -> bool:
    """ "- patient's daughter", but not "in bed with her husband"."""
    *before, whose, kin = ("", "", *right)
    return kin in _KIN and whose in _WHOSE and "with" not in before


def _mentions(words: tuple[str, ...]) -> list[int]:
    """The places at which cramps are named, the first twenty: whoever names them more often says nothing new."""
    said = frozenset(words)
    is_cramp = not said & _SPASTIC
    spasms = _SPASM if said & _LEG else frozenset[str]()
    found = (
        place
        for place, word in enumerate(words)
        if word in _CRAMP or (is_cramp and (word in spasms or word == _MUSCLE_SPASM))
    )
    return list(islice(found, MOST_LOOKED_AT))


def _is_leg(every: Iterable[str], said: Iterable[str]) -> bool:
    """Whether words name the leg, or the night and no other site; *said* are those that no word takes back."""
    words, affirmed = frozenset(every), frozenset(said)
    if affirmed & _ELSEWHERE or (affirmed & _EXERTION and not words & _NIGHT):
        return False
    return bool(words & _LEG or (words & _NIGHT and not affirmed & _OTHER_SITES))
