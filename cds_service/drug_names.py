"""Medicines named in free text: which drug classes, and by which ingredient (NAME_MATCHING section 3)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from cds_service import drug_refusals, drug_routes
from cds_service.drug_refusals import DOSES
from cds_service.drug_routes import Reading
from cds_service.names import CLAUSE_END, MOST_LOOKED_AT, Found, Phrases, tokens, word_set

_REMEMBERED = 4_096  # words that are no names as they stand: every record has the same ones
_LONGEST_WORD = 40  # letters; a longer one is no name written a little wrong


class DrugName(NamedTuple):
    """What a name stands for. No *value_set*: a known substance or thing without a class of ours."""

    value_set: str
    ingredient: str
    is_ambiguous: bool  # ordinary words: believed only as the whole product name, with a strength or form


Meanings = tuple[DrugName, ...]

_CATIONS = word_set("""
    sodium potassium calcium magnesium aluminium aluminum iron zinc natrium kalium kalzium eisen calcio
    magnesio potasio potassio
""")
_SALTS = word_set("""
    hydrochloride hcl dihydrochloride hydrobromide sulfate sulphate maleate mesylate mesilate besylate
    besilate tartrate succinate fumarate acetate citrate phosphate hydrate monohydrate dihydrate
    trihydrate hemihydrate bitartrate nitrate arginine erbumine medoxomil cilexetil axetil decanoate
    valerate propionate furoate xinafoate dimesylate pamoate carbonate chloride bromide oxide gluconate
    lactate axetil kamsylate disoproxil anhydrous
""")
_CONNECTORS = word_set("+ and with plus und mit et avec y con e")
_UNITS = word_set("""
    mg mcg ug g kg ng ml l dl mmol meq mval iu unit units unt microgram micrograms milligram milligrams
    gram grams mikrogramm % hr hour hours actuation actuat dose doses act
""")
_FORMS = word_set("""
    tablet tablets tab tabs capsule capsules cap caps caplet caplets oral solution suspension syrup
    elixir drops injection injectable inj infusion vial vials ampoule ampoules pen penfill cartridge
    cartridges kwikpen flexpen solostar suppository suppositories chewable chew effervescent dispersible
    orodispersible odt modified prolonged extended release delayed gastro resistant enteric coated film
    sr xr er la cr mr xl ec pr dr retard forte powder sachet sachets granules lozenge softgel softgels
    liquid pack inhaler nebules prefilled filled pre po iv im sc bid tid qid qd od bd tds qds daily
    nightly once twice three four times a day at night prn every per of tabl tabletten filmtabletten
    kapseln comprimidos comprimes supplement supplements dietary nutritional
""")
_NEUTRAL = _UNITS | _FORMS | _SALTS
_MAKERS = word_set("""
    apo teva sandoz ratio pms novo mylan equate cvs accord actavis aurobindo zydus ranbaxy jamp auro act
    gen nu ntp ran co taro riva mint sivem stada hexal ratiopharm aliud heumann ct betapharm basics
    arrow biogaran zentiva eg cinfa normon kern almus rosemont verla diasporal biolectra
""")

_ALLERGY = word_set("allergy allergies allergic")
_BEFORE_REASON = (("prn",), ("needed",), ("+",), ("and",))
# Abbreviations of the clinic; only with one of the usual strengths in mg right behind
_STRENGTHS = {
    "bendro": word_set("2.5 5 10"),
    "simva": word_set("5 10 20 40 80"),
    "atorva": word_set("10 20 30 40 60 80"),
    "rosuva": word_set("5 10 20 40"),
    "spiro": word_set("12.5 25 50 100"),
    "furo": word_set("20 40 80 125 250 500"),
    "ibu": word_set("200 400 600 800"),
}
_DISCONTINUED = re.compile(r"\bd/c('?d)?\b", re.IGNORECASE)
_MEASURED = word_set("""
    level levels monitoring assay test tests screen toxicity overdose poisoning resistance antibody
    antibodies susceptibility sensitivity sensitivities derivative derivatives derivat derivate like
""")
_LEVEL_OF = (("level", "of"), ("levels", "of"))
_OF_WHAT = word_set("serum blood plasma drug function trough 25 oh hydroxy")
_ELECTROLYTES = _CATIONS | {"electrolyte", "electrolytes"}
_MULTIVITAMINS = word_set("""
    multivitamin multivitamins multivit multivits multimineral multivitamine multivitaminico prenatal
    minerals trace
""")
_SIG = word_set("""
    food meal meals milk water breakfast lunch dinner supper snack bedtime night morning evening
    needed directed plenty full glass before after monitor check levels juice fluid liquid
    for of to the in into by
""")
_ALIKE = (  # letters that languages write differently for the same sound
    ("ph", "f"),
    ("th", "t"),
    ("ch", "c"),
    ("ck", "c"),
    ("k", "c"),
    ("y", "i"),
    ("oe", "e"),
)
_ENDINGS = ("um", "a", "e", "o", "i")
_TWICE = re.compile(r"(.)\1")
_GROWN = (  # salts that German, Dutch and the Nordic languages write in one word with the substance
    *("dihydrochlorid", "hydrochlorid", "hydrobromid", "sulfat", "sulfaat", "succinat", "succinaat"),
    *("tartrat", "tartraat", "fumarat", "fumaraat", "maleat", "maleaat", "mesilat", "mesylat", "besilat"),
    *("besylat", "carbonat", "carbonaat", "karbonat", "citrat", "acetat", "phosphat", "fosfat", "nitrat"),
    *("decanoat", "valerat", "natrium", "kalium", "calcium", "kalzium", "magnesium"),
)
_SALT_ENDINGS = tuple(salt + ending for salt in _GROWN for ending in ("", "e"))


_WITHOUT_SUBSTANCE = _MAKERS | _SIG | drug_routes.WORDS


def drug_tokens(text: str) -> tuple[str, ...]:
    """Tokens in which "+" stands between the parts of a combination, however they were joined."""
    text = _DISCONTINUED.sub(r"dc\1", text)
    return tokens(text.replace("/", " + ").replace("&", " + "))


def refuses(words: tuple[str, ...]) -> bool:
    """Whether the text names an allergy, a thing, or a drug that is not or no longer taken."""
    return drug_refusals.refuses(words) or _is_allergy(words)


def _is_allergy(words: tuple[str, ...]) -> bool:
    """Whether an allergy is what the entry tells, not why a dose is taken ("25 mg for allergies")."""
    for place, word in enumerate(words):
        if word in _ALLERGY:
            before, after = words[place - 1 : place], words[place + 1 : place + 2]
            is_reason = before in _BEFORE_REASON or (before != () and not _is_neutral(before[0]))
            if not is_reason or after == ("to",) or DOSES.isdisjoint(words):
                return True
    return False


def _is_measured(hit: Found["DrugName"], words: tuple[str, ...]) -> bool:
    """Whether it is the blood level of the drug that is named, a test, a poisoning, or another substance."""
    end = hit.end
    while words[end : end + 1] and words[end] in _OF_WHAT:
        end += 1
    before = words[max(0, hit.start - 2) : hit.start]
    return (words[end : end + 1] != () and words[end] in _MEASURED) or before in _LEVEL_OF


class DrugNames:
    """All names of medicines that are known, and how a text is read with them."""

    def __init__(self, rows: Iterable[tuple[str, DrugName]]) -> None:
        listed = [(drug_tokens(name), name, meaning) for name, meaning in rows]
        self._phrases = Phrases((words, meaning) for words, _, meaning in listed)
        self._spoken = _by_sound(
            (words[0], self._phrases.meanings(words))
            for words, name, _ in listed
            if len(words) == 1 and name == name.lower()
        )
        self._respelling = lru_cache(maxsize=_REMEMBERED)(self._meant_by)

    def read(self, text: str, route: str = "") -> frozenset[Reading] | None:
        """
        Classes and ingredients named in *text*; empty when nothing is recognised.

        None when the text refuses: then no other wording of the same entry is to be believed either.
        """
        words = drug_tokens(text)
        if refuses(words):
            return None
        found = self._phrases.find(words)
        found += self._respelled(words, found)
        against, absent = drug_refusals.advised_against(words), drug_refusals.not_taken_now(words)
        believed = [
            hit
            for hit in found
            if hit.start not in against
            and not _is_measured(hit, words)
            and self._is_believed(hit, words, found)
        ]
        if believed and absent.issuperset(hit.start for hit in believed):
            return None
        believed = [hit for hit in believed if hit.start not in absent]
        said = drug_routes.kinds(tokens(route)) or drug_routes.kinds(words)
        readings = {
            (kept, name.ingredient)
            for hit in believed
            for name in hit.meanings
            if name.value_set
            and (kept := drug_routes.class_when(name.value_set, name.ingredient, said))
            and drug_routes.must_be_said(kept) in (None, *said)
        }
        has_others = any(not _is_classed(hit) and words[hit.start] not in _ELECTROLYTES for hit in found)
        return drug_routes.combined(readings, words, said, _substances(words, found), has_others)

    def knows(self, text: str) -> bool:
        """Whether *text* names a substance or product that is listed, be it one without a class of ours."""
        words = drug_tokens(text)
        found = self._phrases.find(words)
        return any(not _is_bare_short_form(hit, words) for hit in found + self._respelled(words, found))

    def may_name(self, text: str) -> bool:
        """Whether `read` could find a class in *text*, whatever the route; False is certain."""
        words = drug_tokens(text)
        found = self._phrases.find(words)
        return any(map(_is_classed, found)) or any(map(_is_classed, self._respelled(words, found)))

    def _respelled(self, words: tuple[str, ...], found: list[Found[DrugName]]) -> list[Found[DrugName]]:
        """Words no phrase used, read with another language's ending or one slip of the keyboard."""
        used = {place for hit in found for place in range(hit.start, hit.end)}
        strange = (
            place
            for place, word in enumerate(words)
            if 6 <= len(word) <= _LONGEST_WORD
            and place not in used
            and word not in _NEUTRAL
            and word.isalpha()
        )
        meant = ((place, self._respelling(words[place])) for place in islice(strange, MOST_LOOKED_AT))
        return [Found(place, place + 1, meanings) for place, meanings in meant if meanings]

    def _meant_by(self, word: str) -> Meanings:
        """What a word means that is no name as it stands; () when nothing, or not one thing."""
        spoken = self._spoken_as(word)
        meanings = spoken or {self._phrases.meanings((name,)) for name in self._phrases.neighbours(word)}
        # several spellings of one drug agree; two drugs are no reading
        return next(iter(meanings)) if len(meanings) == 1 else ()

    def _spoken_as(self, word: str) -> frozenset[Meanings]:
        """What the substances mean that sound like *word*, or like what is left of it without its salt."""
        salts = (
            (each for each in _SALT_ENDINGS if word.endswith(each)) if word.endswith(_SALT_ENDINGS) else ()
        )
        for ending in ("", *salts):
            stem = word.removesuffix(ending)
            if len(stem) >= 6 and stem not in _CATIONS:
                known = self._spoken.get(_sound(stem))
                if known:
                    return known
        return frozenset()

    def _is_believed(
        self, hit: Found[DrugName], words: tuple[str, ...], found: list[Found[DrugName]]
    ) -> bool:
        phrase = words[hit.start : hit.end]
        if phrase[0] in _CATIONS and not _is_mineral(hit, words, found):
            return False
        if _is_bare_short_form(hit, words):
            return False
        if phrase[0] == "mg" and hit.start and words[hit.start - 1][0].isdigit():
            return False  # the unit
        if any(name.is_ambiguous for name in hit.meanings):
            return _head(words) == phrase and _has_strength_or_form(words)
        if len(phrase) == 1 and len(phrase[0]) < 4:
            beside = any(other.start != hit.start and _is_classed(other) for other in found)
            return beside or _has_strength_or_form(words)
        return True


def _is_classed(hit: Found[DrugName]) -> bool:
    return any(name.value_set for name in hit.meanings)


def _sound(word: str) -> str:
    """What languages leave of the name of a substance: "idroclorotiazide" and "hydrochlorothiazide" agree."""
    for letters, other in _ALIKE:
        word = word.replace(letters, other)
    word = _TWICE.sub(r"\1", word)
    if word[0] == "h" or word[:3] in ("esp", "est"):
        word = word[1:]
    return next((word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)), word)


def _by_sound(rows: Iterable[tuple[str, Meanings]]) -> dict[str, frozenset[Meanings]]:
    found: dict[str, frozenset[Meanings]] = {}
    for word, meanings in rows:
        if len(word) >= 6:
            sound = _sound(word)
            found[sound] = found.get(sound, frozenset()) | {meanings}
    return found


def _is_neutral(word: str) -> bool:
    return word in _NEUTRAL or word in _CONNECTORS or word == CLAUSE_END or word[0].isdigit()


def _is_mineral(hit: Found[DrugName], words: tuple[str, ...], found: list[Found[DrugName]]) -> bool:
    """
    Whether a name that begins with a metal is the medicine itself and not the salt of another one.

    "potassium bicarbonate" and "calcium 500 mg" are, "diclofenac potassium" and "calcium dobesilate" are
    not; nor is a mineral within a multivitamin.
    """
    before = words[: hit.start]
    starts_a_part = not before or before[-1] in _CONNECTORS or before[-1] == CLAUSE_END
    if not starts_a_part and not all(word in _MAKERS or _is_neutral(word) for word in before):
        return False
    if not _MULTIVITAMINS.isdisjoint(words):
        return False
    if hit.end - hit.start > 1 or hit.end == len(words):
        return True
    following = words[hit.end]
    if following in _MAKERS:
        return True
    return (
        (_is_neutral(following) and following not in _SALTS)
        or following in _FORMS
        or any(other.start == hit.end for other in found)
    )


def _has_strength_or_form(words: tuple[str, ...]) -> bool:
    return any(word in _FORMS for word in words) or any(
        number[0].isdigit() and unit in _UNITS for number, unit in pairwise(words)
    )


def _is_bare_short_form(hit: Found[DrugName], words: tuple[str, ...]) -> bool:
    """Whether it is an abbreviation that isn't the first word, or has no usual strength of that drug behind."""
    strengths = _STRENGTHS.get(words[hit.start])
    if strengths is None or hit.end - hit.start > 1:
        return False
    strength, unit, after = (*words[hit.end : hit.end + 3], "", "", "")[:3]
    return hit.start > 0 or unit != "mg" or strength not in strengths or after == "+"


def _head(words: tuple[str, ...]) -> tuple[str, ...]:
    """The product's name: what comes before strength, form and schedule."""
    for place, word in enumerate(words):
        if place and (word[0].isdigit() or word in _UNITS or word in _FORMS):
            return words[:place]
    return words


def _substances(words: tuple[str, ...], found: list[Found[DrugName]]) -> int:
    """How many parts of a combination name a substance, known or not."""
    named = {place for hit in found for place in range(hit.start, hit.end)}
    parts, here = 0, False
    for place, word in enumerate(words):
        if place not in named and (word in _CONNECTORS or word == CLAUSE_END):
            parts, here = parts + here, False
        elif place in named or not (_is_neutral(word) or word in _WITHOUT_SUBSTANCE):
            here = True
    return parts + here
