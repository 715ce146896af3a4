"""Medicines named in free text: which drug classes, and by which ingredient (NAME_MATCHING section 3)."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from cds_service import drug_routes
from cds_service.names import CLAUSE_END, Found, Phrases, tokens, word_set


class DrugName(NamedTuple):
    """What a name stands for. No *value_set*: a known substance or thing without a class of ours."""

    value_set: str
    ingredient: str
    is_ambiguous: bool  # ordinary words: believed only as the whole product name, with a strength or form


Reading = tuple[str, str]  # class, ingredient

_CATIONS = word_set("sodium potassium calcium magnesium aluminium aluminum iron zinc natrium kalium eisen")
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
    kapseln comprimidos comprimes supplement supplements
""")
_NEUTRAL = _UNITS | _FORMS | _SALTS
_MAKERS = word_set("""
    apo teva sandoz ratio pms novo mylan equate cvs accord actavis aurobindo zydus ranbaxy jamp auro act
    gen nu ntp ran co taro riva mint sivem stada hexal ratiopharm aliud heumann ct betapharm basics
    arrow biogaran zentiva eg cinfa normon kern almus rosemont
""")

_REFUSING = word_set("""
    allergy allergies allergic intolerance intolerant hypersensitivity anaphylaxis vaccine vaccination
    immunisation immunization strip strips lancet lancets needle needles meter sensor lead level levels
    assay diet dietary monitoring discontinued avoid contraindicated device set
""")
_REFUSING_PAIRS = frozenset(
    {
        ("do", "not"),
        ("not", "taking"),
        ("not", "taken"),
        ("insulin", "pump"),
        ("infusion", "pump"),
        ("insulin", "syringe"),
        ("insulin", "syringes"),
        ("blood", "test"),
        ("function", "test"),
        ("adverse", "reaction"),
    }
)
_MULTIVITAMINS = word_set("""
    multivitamin multivitamins multivit multivits multimineral multivitamine multivitaminico prenatal
    minerals trace
""")
_ANALGESICS = word_set("aspirin acetaminophen paracetamol acetylsalicylic ibuprofen naproxen")

_ALONE = frozenset({"iv_iron", "amphotericin", "aminoglycoside", "pentamidine", "niacin"})
_ALONE_UNLESS_SYSTEMIC = frozenset({"corticosteroid_systemic", "adrenal_replacement"})
_TAKEN_BY = {
    "antacid": frozenset({"calcium_supplement", "magnesium_supplement", "laxative_osmotic"}),
    "bowel_preparation": frozenset(
        {"magnesium_supplement", "potassium_supplement", "laxative_osmotic", "laxative_stimulant"}
    ),
}
_BUFFERS = frozenset({"calcium_supplement", "magnesium_supplement", "antacid"})
_ACID_BINDERS = (frozenset({"calcium carbonate"}), frozenset({"magnesium hydroxide", "magnesium carbonate"}))
_ENDINGS = (
    ("ina", "ine"),
    ("ine", "in"),
    ("in", "ine"),
    ("olo", "ol"),
    ("azol", "azole"),
    ("e", ""),
    ("a", ""),
    ("o", ""),
    ("um", ""),
    ("a", "e"),
    ("o", "e"),
    ("um", "e"),
    ("", "e"),
    ("", "a"),
)
_SPELLINGS = (
    ("f", "ph"),
    ("ph", "f"),
    ("t", "th"),
    ("th", "t"),
    ("i", "y"),
    ("y", "i"),
    ("k", "c"),
    ("c", "k"),
)


def drug_tokens(text: str) -> tuple[str, ...]:
    """Tokens in which "+" stands between the parts of a combination, however they were joined."""
    return tokens(text.replace("/", " + ").replace("&", " + "))


def refuses(words: tuple[str, ...]) -> bool:
    """Whether the text names an allergy, a device, a blood level, or a drug that is not to be taken."""
    return not _REFUSING.isdisjoint(words) or not _REFUSING_PAIRS.isdisjoint(pairwise(words))


class DrugNames:
    """All names of medicines that are known, and how a text is read with them."""

    def __init__(self, rows: Iterable[tuple[str, DrugName]]) -> None:
        listed = [(" ".join(drug_tokens(name)), name, meaning) for name, meaning in rows]
        self._phrases = Phrases((words, meaning) for words, _, meaning in listed)
        self._generic = frozenset(
            words for words, name, _ in listed if name == name.lower() and " " not in words
        )

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
        believed = [hit for hit in found if self._is_believed(hit, words, found)]
        said = drug_routes.kinds(tokens(route)) or drug_routes.kinds(words)
        readings = {
            (kept, name.ingredient)
            for hit in believed
            for name in hit.meanings
            if name.value_set
            and (kept := drug_routes.class_when(name.value_set, name.ingredient, said))
            and drug_routes.must_be_said(kept) in (None, *said)
        }
        return _combined(readings, words, said, _substances(words, found))

    def knows(self, text: str) -> bool:
        """Whether *text* names a substance or product that is listed, be it one without a class of ours."""
        words = drug_tokens(text)
        found = self._phrases.find(words)
        return bool(found or self._respelled(words, found))

    def _respelled(self, words: tuple[str, ...], found: list[Found[DrugName]]) -> list[Found[DrugName]]:
        """Words no phrase used, read with another language's ending or one slip of the keyboard."""
        used = {place for hit in found for place in range(hit.start, hit.end)}
        more = []
        for place, word in enumerate(words):
            if place in used or len(word) < 6 or word in _NEUTRAL or not word.isalpha():
                continue
            spelt = [name for name in _respellings(word) if name in self._generic]
            meanings = {self._phrases.meanings((name,)) for name in spelt or self._phrases.neighbours(word)}
            if len(meanings) == 1:  # several spellings of one drug agree; two drugs are no reading
                more.append(Found(place, place + 1, meanings.pop()))
        return more

    def _is_believed(
        self, hit: Found[DrugName], words: tuple[str, ...], found: list[Found[DrugName]]
    ) -> bool:
        phrase = words[hit.start : hit.end]
        if phrase[0] in _CATIONS and not _is_mineral(hit, words, found):
            return False
        if any(name.is_ambiguous for name in hit.meanings):
            return _head(words) == phrase and _has_strength_or_form(words)
        if len(phrase) == 1 and len(phrase[0]) < 4:
            return _has_strength_or_form(words)
        return True


def _respellings(word: str) -> Iterator[str]:
    for ending, other in _ENDINGS:
        if word.endswith(ending):
            yield word[: len(word) - len(ending)] + other
    for letters, others in _SPELLINGS:
        if letters in word:
            yield word.replace(letters, others)


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
    return (
        (_is_neutral(following) and following not in _SALTS)
        or following in _FORMS
        or any(other.start == hit.end for other in found)
    )


def _has_strength_or_form(words: tuple[str, ...]) -> bool:
    return any(word in _FORMS for word in words) or any(
        number[0].isdigit() and unit in _UNITS for number, unit in pairwise(words)
    )


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
        elif place in named or not (_is_neutral(word) or word in _MAKERS or word in drug_routes.WORDS):
            here = True
    return parts + here


def _combined(
    readings: set[Reading], words: tuple[str, ...], said: frozenset[str], substances: int
) -> frozenset[Reading]:
    """The rules for several ingredients in one product (class_rules of the terminology)."""
    ingredients = {ingredient for _, ingredient in readings}
    if all(ingredients & binders for binders in _ACID_BINDERS):
        readings.add(("antacid", min(ingredients & _ACID_BINDERS[0])))
    classes = {value_set for value_set, _ in readings}
    lost = {other for value_set in classes for other in _TAKEN_BY.get(value_set, ())}
    if not _ANALGESICS.isdisjoint(words):
        lost |= _BUFFERS
    if "magnesium citrate" in ingredients and "solution" in words:
        lost.add("magnesium_supplement")
    if max(substances, len(ingredients)) > 1:
        lost |= _ALONE - ({"niacin"} if "statin" in classes else set())
        if said.isdisjoint({drug_routes.ORAL, drug_routes.INJECTABLE}):
            lost |= _ALONE_UNLESS_SYSTEMIC
    return frozenset(reading for reading in readings if reading[0] not in lost)
