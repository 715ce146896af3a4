"""How a medicine is given, read from words, and which drug classes survive it (class rules)."""

from collections.abc import Iterable

INHALED, INJECTABLE, ORAL, RECTAL, VAGINAL = "inhaled", "injectable", "oral", "rectal", "vaginal"
TOPICAL, OPHTHALMIC, OTIC, NASAL, OROMUCOSAL = "topical", "ophthalmic", "otic", "nasal", "oromucosal"
TRANSDERMAL = "transdermal"

_SAID = {
    INHALED: """
        inhaler inhalers inhalation inhalational inhaled inhale inhal puff puffs neb nebs nebuliser
        nebulizer nebulised nebulized nebules accuhaler turbuhaler turbohaler evohaler easyhaler diskus
        respimat hfa mdi dpi respules inhalativ inhalador inhalacion inalatore respiratory dosieraerosol
        """,
    TOPICAL: """
        cream ointment lotion topical topically cutaneous skin scalp shampoo foam emollient salbe creme
        crema pommade unguento pomada dermal liniment gel
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
        intravenously intramuscular intramuscularly infusion infusions vial vials ampoule ampoules
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
_UNTOUCHED = frozenset({"estrogen_vaginal"})
_ONLY_WHEN_SAID = {
    "osmotic_diuretic": INJECTABLE
}  # mannitol and urea are excipients or skin products elsewhere
_LOCAL_OESTROGENS = frozenset({"estradiol", "estriol", "estrogens, conjugated"})


def kinds(words: Iterable[str]) -> frozenset[str]:
    """The routes that these normalised words speak of."""
    said = {_KIND[word] for word in words if word in _KIND}
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
