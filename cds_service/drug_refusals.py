"""Words about a medicine that make it none of the patient's: stopped, planned, another's, or no medicine."""

from itertools import pairwise

from cds_service.names import CLAUSE_END, word_set

_REFUSING = word_set("""
    intolerance intolerant hypersensitivity anaphylaxis vaccine vaccination immunisation immunization lead
    contraindicated dressing dressings
""")
_REFUSING_PAIRS = frozenset(
    {
        *(("not", "taking"), ("not", "taken")),
        *(
            ("longer", verb)
            for verb in ("taking", "takes", "taken", "on", "using", "used", "prescribed", "needed")
        ),
        *(("infusion", "pump"), ("infusion", "set"), ("giving", "set"), ("cartridge", "set")),
        *(("blood", "test"), ("adverse", "reaction"), ("or", "placebo"), ("vs", "placebo")),
        *(("never", "again"), ("nie", "wieder"), ("nie", "mehr"), ("jamais", "plus"), ("plus", "jamais")),
        ("fruhere", "medikation"),
        *(
            (before, medicine)
            for before in ("past", "previous", "former", "prior", "old")
            for medicine in ("med", "meds", "medication", "medications", "medicine", "medicines")
        ),
    }
)
# Things, not medicines; beside a dose they only say how it is given or taken.
_THINGS = word_set("""
    strip strips lancet lancets needle needles meter sensor sensors device set dietary syringe syringes
""")
_THING_PAIRS = frozenset({("tonic", "water")})
_GIVEN_WITH = frozenset({("with", "device"), ("filled", "syringe"), ("filled", "syringes")})
# Things that are also given together with the medicine: "inhaler with spacer"
_AIDS = word_set("""
    spacer spacers mask masks chamber tubing battery batteries leaflet leaflets booklet booklets cooler
    coolers case cases pouch wallet aerochamber volumatic machine compressor
""")
_BY_MEANS_OF = word_set("via with through using use by per see read in and + mit avec con")
_JOINED = word_set("and with plus + und mit et avec y con e")
DOSES = word_set("mg mcg ug microgram micrograms mikrogramm unit units unt iu ie meq mmol")
_STOPPED = word_set("""
    stopped discontinued ceased withdrawn held withheld paused suspended dcd dc'd dced
    abgesetzt pausiert gestoppt beendet ausgeschlichen
    arrete arretee stoppe stoppee suspendu suspendue interrompu interrompue
    suspendido suspendida retirado retirada discontinuado discontinuada descontinuado descontinuada
    suspenso suspensa sospeso sospesa interrotto interrotta gestopt gestaakt seponeret seponert utsatt
""")
# as the first and as the last word
_HALTED = word_set("stop hold held holding discontinue cease dc pause paused placebo planned arret stopp")
_HALTED_LAST = word_set("stop hold dc avoid planned geplant pause absetzen")
_NOTHING = word_set("none nil no never nein keine keines aucun aucune ninguno ninguna nessuno nessuna geen")
# before: "until stopped by your doctor", "not held", "hand-held"
_NOT_YET = word_set("until be if when by not nicht no without ohne hand")
_THEN = word_set("then and dann puis")  # before the last word: "for 5 days, then stop"
_NOTHING_ELSE = word_set("refill refills change changes effects")  # before "none"
_REACH = 5  # words in which a condition follows: "held overnight if glucose is low" is advice
_IF = word_set("if when unless si falls wenn")  # "hold if systolic pressure below 100" is advice
_RESTARTED = word_set("restarted resumed recommenced reinstated wiederangesetzt repris reanudado ripreso")
_AT_DISCHARGE = word_set("at on upon until after before post since for pre")
_DISCHARGE = word_set("""
    med meds medication medications medicine medicines rx list summary home on with to drugs
""")
_ORDERING = word_set("""
    prescribe give administer dispense restart order issue supply continue resume reorder start
""")
_TAKING = word_set("take use")
# What follows one of these in the same clause is advice about another medicine or food.
_AGAINST = word_set("not dont avoid avoids avoiding no without separate separately apart instead ohne sans")
_SHUN = word_set("meiden vermeiden eviter evitar evitare vermijden")  # as the last word

_FORMERLY = word_set("previously formerly")
_WAS_TAKING = word_set("on taking took taken used using prescribed received tried")
_RELATIVES = word_set("""
    wife husband spouse partner mother father son daughter brother sister child friend neighbour neighbor
    ehefrau ehemann mutter vater esposa marido madre padre epouse mari mere pere
""")
_TAKES = word_set("takes took uses used on taking nimmt toma prend")
_CONSIDER = word_set("consider considering")
_INTEND = word_set("plan planning planned may might could intend intends")
_BEGIN = word_set("""
    start starting begin beginning add adding initiate initiating commence commencing introduce introducing
    trial try trying
""")
_CHANGING = word_set("""
    stop stopping reduce reducing increase increasing decrease decreasing change changing switch switching
    hold holding taper tapering wean weaning dose titrate titrating lower lowering continue continuing
    discontinue discontinuing taking review reviewing
""")


def refuses(words: tuple[str, ...]) -> bool:
    """Whether the text names a thing, a food, a reaction, or a drug that is not or no longer taken."""
    if not words or not _REFUSING.isdisjoint(words) or not _REFUSING_PAIRS.isdisjoint(pairwise(words)):
        return True
    if DOSES.isdisjoint(words) and _names_a_thing(words):
        return True
    return _is_stopped(words) or _is_shunned(words) or _is_forbidden(words)


def _names_a_thing(words: tuple[str, ...]) -> bool:
    """Whether a device, a drink, a diet or a placebo is named, not the medicine that it is for."""
    if not _THINGS.isdisjoint(words) and not _is_filled(words):
        return True
    if not _THING_PAIRS.isdisjoint(pairwise(words)) or _is_diet(words):
        return True
    return any(
        word in _AIDS and _BY_MEANS_OF.isdisjoint(words[max(0, place - 3) : place])
        for place, word in enumerate(words)
    )


def _is_filled(words: tuple[str, ...]) -> bool:
    """Whether the thing comes with the medicine in it: "pre-filled syringe", "blisters with device"."""
    return "prefilled" in words or not _GIVEN_WITH.isdisjoint(pairwise(words))


def _is_diet(words: tuple[str, ...]) -> bool:
    """Whether a diet is what the entry tells; in "metformin and diet" it only stands beside the medicine."""
    return any(
        word == "diet" and _JOINED.isdisjoint(words[max(0, place - 1) : place + 2])
        for place, word in enumerate(words)
    )


def _is_stopped(words: tuple[str, ...]) -> bool:
    """Whether it is stopped, held or only planned, and not restarted afterwards."""
    if _is_halted(words):
        return True
    restarted = max((place for place, word in enumerate(words) if word in _RESTARTED), default=-1)
    return any(
        (word in _STOPPED or (before, word) == ("on", "hold") or (word, after) == ("hold", "until"))
        and before not in _NOT_YET
        and _IF.isdisjoint(words[place + 1 : place + 1 + _REACH])
        and place > restarted
        for place, (before, word, after) in enumerate(
            zip(("", *words), words, (*words[1:], CLAUSE_END), strict=False)
        )
    )


def _is_halted(words: tuple[str, ...]) -> bool:
    """Whether "hold", "D/C" or the like begins or ends the text, or nothing is what it says is taken."""
    if words[0] in _HALTED:
        return words[0] != "dc" or words[1:2] == () or words[1] not in _DISCHARGE
    before, last = _last_two(words)
    if last in _HALTED_LAST and before not in _NOT_YET | _THEN:
        return last != "dc" or before not in _AT_DISCHARGE
    return last in _NOTHING and before not in _NOTHING_ELSE and not _has_number(words)


def _is_shunned(words: tuple[str, ...]) -> bool:
    """Whether it is to be avoided; behind a dose such a word is about food or another medicine."""
    return _last_two(words)[1] in _SHUN and not _has_number(words)


def _last_two(words: tuple[str, ...]) -> tuple[str, ...]:
    return ("", "", *(word for word in words if word != CLAUSE_END))[-2:]


def _has_number(words: tuple[str, ...]) -> bool:
    return any(word[0].isdigit() for word in words)


def _is_forbidden(words: tuple[str, ...]) -> bool:
    """Whether it says "do not prescribe"; "do not crush" or "do not take with milk" is advice on taking it."""
    for place, word in enumerate(words):
        if word == "dont" or (word == "not" and words[place - 1 : place] == ("do",)):
            verb, *after = (*words[place + 1 : place + 3], CLAUSE_END)
            if verb in _ORDERING or (verb in _TAKING and after[0] == CLAUSE_END):
                return True
    return False


def advised_against(words: tuple[str, ...]) -> frozenset[int]:
    """The places after "avoid", "not with" or "separate from", up to the end of the clause."""
    return _behind(words, {place for place, word in enumerate(words) if word in _AGAINST})


def not_taken_now(words: tuple[str, ...]) -> frozenset[int]:
    """The places after "previously on", "consider starting" or "wife takes", up to the end of the clause."""
    beginnings = set()
    for place, word in enumerate(words):
        after, second = (*words[place + 1 : place + 3], "", "")[:2]
        if (
            (word in _FORMERLY and after in _WAS_TAKING)
            or (word in _RELATIVES and (after in _TAKES or (after == "is" and second in _TAKES)))
            or (word in _CONSIDER and after not in _CHANGING)
            or (word in _INTEND and (after in _BEGIN or (after == "to" and second in _BEGIN)))
        ):
            beginnings.add(place)
    return _behind(words, beginnings)


def _behind(words: tuple[str, ...], beginnings: set[int]) -> frozenset[int]:
    places, is_behind = set(), False
    for place, word in enumerate(words):
        is_behind = word != CLAUSE_END and (is_behind or place in beginnings)
        if is_behind:
            places.add(place)
    return frozenset(places)
