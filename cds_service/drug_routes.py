"""How a medicine is given, read from words, and the class rules: which drug classes survive what."""

from collections.abc import Iterable
from itertools import pairwise

Reading = tuple[str, str]  # class, ingredient

INHALED, INJECTABLE, ORAL, RECTAL, VAGINAL = "inhaled", "injectable", "oral", "rectal", "vaginal"
TOPICAL, OPHTHALMIC, OTIC, NASAL, OROMUCOSAL = "topical", "ophthalmic", "otic", "nasal", "oromucosal"
TRANSDERMAL = "transdermal"

_SAID = {
    INHALED: """
        inhaler inhalers inhalation inhalational inhaled inhale inhal puff puffs neb nebs nebuliser
        nebulizer nebulised nebulized nebules accuhaler turbuhaler turbohaler evohaler easyhaler diskus
        respimat respiclick digihaler hfa mdi dpi respules inhalativ inhalador inhalacion
        inalatore respiratory dosieraerosol
        """,
    TOPICAL: """
        cream ointment lotion topical topically cutaneous skin scalp shampoo foam emollient salbe creme
        crema pommade unguento pomada dermal liniment gel emulgel schmerzgel
        """,
    TRANSDERMAL: "patch patches transdermal pflaster parche transdermico",
    OPHTHALMIC: """
        eye eyes ophthalmic ocular conjunctival intravitreal augentropfen augensalbe collyre colirio
        intraocular
        """,
    OTIC: "ear ears otic auricular aural ohrentropfen",
    NASAL: "nasal intranasal nostril nostrils nose nasenspray",
    OROMUCOSAL: "mouthwash gargle lozenge lozenges paste oromucosal dental",
    VAGINAL: "vaginal vaginally vagina pessary pessaries intravaginal",
    RECTAL: "rectal rectally enema enemas suppository suppositories rectum zapfchen",
    INJECTABLE: """
        injection injections injectable inject iv im sc subcutaneous subcutaneously subcut intravenous
        intravenously prefilled intramuscular intramuscularly infusion infusions vial vials ampoule ampoules
        parenteral intrathecal injektion infusionslosung
        """,
    ORAL: """
        oral orally po mouth tablet tablets tab tabs capsule capsules cap caps caplet caplets chewable
        syrup elixir sachet sachets pill pills tabl tabletten filmtabletten kapseln comprimido
        comprimidos comprime comprimes compresse gelule gelules sublingual
        """,
}
_KIND = {word: kind for kind, words in _SAID.items() for word in words.split()}
WORDS = frozenset(_KIND)
# Parts of the body that may be where a medicine is put or only why it is taken ("for skin itching").
_SITES = frozenset({"eye", "eyes", "ear", "ears", "skin", "scalp", "nose"})
_COMPLAINTS = """
    infection infections inflammation pressure itch itching exam exams examination check checks checkup
    rash rashes pain disease condition conditions problem problems irritation symptom symptoms screening
    clinic surgery operation appointment doctor specialist cancer lesion lesions test tests
    """
_IS_COMPLAINT = frozenset(_COMPLAINTS.split())
_PUT_ON = frozenset(
    {"%", "drop", "drops", "gtt", "ointment", "cream", "gel", "lotion", "spray", "shampoo", "foam"}
)
_SYSTEMIC = frozenset({ORAL, INJECTABLE, TRANSDERMAL})
_LOCAL = frozenset({TOPICAL, OPHTHALMIC, OTIC, NASAL, OROMUCOSAL, VAGINAL})

# class -> routes that take the class away, beside the local ones that take every class away
_LOST_BY = {
    "oral_iron": {INJECTABLE},
    "iv_iron": {ORAL, INHALED, RECTAL},
    "niacin": {INJECTABLE},
    "corticosteroid_systemic": {INHALED, RECTAL},
    "adrenal_replacement": {INHALED, RECTAL},
    "osmotic_diuretic": {ORAL, INHALED, RECTAL},
    "amphotericin": {ORAL, INHALED, RECTAL},
    "aminoglycoside": {ORAL, INHALED, RECTAL},
    "pentamidine": {ORAL, INHALED},
    "bisphosphonate_iv": {ORAL},
    "bisphosphonate_oral": {INJECTABLE},
}
_UNTOUCHED = frozenset({"estrogen_vaginal", "desmopressin"})  # a nasal spray of desmopressin is systemic
_ONLY_WHEN_SAID = {
    "osmotic_diuretic": INJECTABLE
}  # mannitol and urea are excipients or skin products elsewhere
_LOCAL_OESTROGENS = frozenset({"estradiol", "estriol", "estrogens, conjugated"})


def kinds(words: Iterable[str]) -> frozenset[str]:
    """The routes that these normalised words speak of."""
    words = tuple(words)
    is_put_on = not _PUT_ON.isdisjoint(words)
    said = set()
    for place, word in enumerate(words):
        kind = _KIND.get(word)
        if kind and word in _SITES:
            if words[max(0, place - 2) : place] == ("under", "the"):
                kind = INJECTABLE
            elif not is_put_on and not _IS_COMPLAINT.isdisjoint(words[place + 1 : place + 2]):
                kind = None  # why, not where
        if kind:
            said.add(kind)
    if OROMUCOSAL in said:
        said.discard(ORAL)  # "oral paste"
    return frozenset(said)


def is_local(said: frozenset[str]) -> bool:
    """Whether the medicine is only put on, into the eye, ear, nose, mouth or vagina."""
    return not said.isdisjoint(_LOCAL) and said.isdisjoint(_SYSTEMIC)


def _survives(value_set: str, said: frozenset[str]) -> bool:
    if is_local(said):
        return value_set == "estrogen" and TOPICAL in said  # skin gels are systemic
    lost_by = _LOST_BY.get(value_set, set())
    if INHALED in lost_by and INHALED in said:
        return False  # "oral inhalation" is inhaled
    return not (said & lost_by) or bool(said & (_SYSTEMIC - lost_by))


def must_be_said(value_set: str) -> str | None:
    """The route without which *value_set* is not believed; None for nearly all."""
    return _ONLY_WHEN_SAID.get(value_set)


def class_when(value_set: str, ingredient: str, said: frozenset[str]) -> str | None:
    """The class that remains for *ingredient* given by the routes *said*; None when none does."""
    if not said or value_set in _UNTOUCHED:
        return value_set
    if value_set == "estrogen" and VAGINAL in said:
        return "estrogen_vaginal" if ingredient in _LOCAL_OESTROGENS else value_set  # contraceptive rings
    return value_set if _survives(value_set, said) else None


_ANALGESICS = frozenset(
    {"aspirin", "acetaminophen", "paracetamol", "acetylsalicylic", "ibuprofen", "naproxen"}
)
_BUFFERS = frozenset({"calcium_supplement", "magnesium_supplement", "antacid"})
_ALONE = frozenset({"iv_iron", "amphotericin", "aminoglycoside", "pentamidine", "niacin"})
_ALONE_UNLESS_SYSTEMIC = frozenset({"corticosteroid_systemic", "adrenal_replacement"})
_EXCIPIENTS = frozenset({"sodium phosphate", "sorbitol", "polyethylene glycol 3350"})
_LAXATIVE_ALONE = frozenset({"magnesium citrate"})  # a mineral supplement with others
_TAKEN_BY = {
    "antacid": frozenset({"calcium_supplement", "magnesium_supplement", "laxative_osmotic"}),
    "bowel_preparation": frozenset(
        {"magnesium_supplement", "potassium_supplement", "laxative_osmotic", "laxative_stimulant"}
    ),
}
_ACID_BINDERS = (frozenset({"calcium carbonate"}), frozenset({"magnesium hydroxide", "magnesium carbonate"}))
_ACID_BINDER = frozenset().union(*_ACID_BINDERS)
_ANTIFOAMS = frozenset({"simethicone", "simeticone", "dimeticone", "dimethicone"})
_WITH_D = frozenset((joined, vitamin) for joined in ("+", "with", "plus", "and") for vitamin in ("d", "d3"))
_MACROGOL = "polyethylene glycol 3350"
_SMALL_DOSE = frozenset({"sachet", "sachets", "13.1", "13.125", "13.7", "13.8", "6.9"})  # grams, a laxative


def combined(
    readings: set[Reading], words: tuple[str, ...], said: frozenset[str], substances: int, has_others: bool
) -> frozenset[Reading]:
    """
    What is left by the rules for several ingredients in one product.

    *substances* counts what the words name, known or not; *has_others* says that a known substance without
    class is among them.
    """
    readings = readings | _joined_in(readings, words, said)
    ingredients = {ingredient for _, ingredient in readings}
    beside = (_EXCIPIENTS if has_others else set()) | (_LAXATIVE_ALONE if len(ingredients) > 1 else set())
    classes = {value_set for value_set, _ in readings}
    lost = {other for value_set in classes for other in _TAKEN_BY.get(value_set, ())}
    if not _ANALGESICS.isdisjoint(words):
        lost |= _BUFFERS
    if "magnesium citrate" in ingredients and "solution" in words:
        lost.add("magnesium_supplement")
    if max(substances, len(ingredients)) > 1:
        lost |= _ALONE - ({"niacin"} if "statin" in classes else set())
        if said.isdisjoint({ORAL, INJECTABLE}):
            lost |= _ALONE_UNLESS_SYSTEMIC
    return frozenset(
        (value_set, ingredient)
        for value_set, ingredient in readings
        if value_set not in lost
        and not (value_set == "laxative_osmotic" and ingredient in beside)
        and not _is_said_closer(value_set, ingredient, readings)
    )


def _is_said_closer(value_set: str, ingredient: str, readings: set[Reading]) -> bool:
    """Whether another name says the same more exactly: "insulin glargine" beside "insulin"."""
    return any(other == value_set and name.startswith(f"{ingredient} ") for other, name in readings)


def _joined_in(readings: set[Reading], words: tuple[str, ...], said: frozenset[str]) -> set[Reading]:
    """Classes that the product has beside those of its names."""
    more = set()
    ingredients = {ingredient for _, ingredient in readings}
    if all(ingredients & binders for binders in _ACID_BINDERS) or not _ANTIFOAMS.isdisjoint(words):
        more = {("antacid", ingredient) for ingredient in ingredients & _ACID_BINDER}
    for value_set, ingredient in readings:
        if value_set == "bisphosphonate" and ORAL in said:
            more.add(("bisphosphonate_oral", ingredient))
        if value_set == "bisphosphonate" and INJECTABLE in said:
            more.add(("bisphosphonate_iv", ingredient))
        if value_set == "calcium_supplement" and not _WITH_D.isdisjoint(pairwise(words)):
            more.add(("vitamin_d", "cholecalciferol"))
        if ingredient == _MACROGOL and _SMALL_DOSE.isdisjoint(words) and _has_electrolytes(readings, words):
            more.add(("bowel_preparation", ingredient))
    return more


def _has_electrolytes(readings: set[Reading], words: tuple[str, ...]) -> bool:
    return not {"electrolyte", "electrolytes"}.isdisjoint(words) or any(
        value_set == "potassium_supplement" for value_set, _ in readings
    )
