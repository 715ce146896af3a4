"""Diagnoses named in free text, unless denied, doubted, past or somebody else's (NAME_MATCHING section 4)."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cds_service.names import CLAUSE_END, Found, Phrases, dismissed, negated, past, tokens, word_set


class Phrase(NamedTuple):
    """
    A phrase of a concept; *needs_context* when it may mean something else.

    Without a concept it names another disease and keeps its words from being read ("pulmonary hypertension").
    """

    concept: str
    phrase: str
    needs_context: bool


# Concepts for which what happened once still counts (the date decides elsewhere).
_LASTING = frozenset(
    {"kidney_transplant", "malabsorption_bariatric", "parathyroid_or_thyroid_surgery", "thrombocytopenia"}
)
# Events that may lie ahead: "awaiting kidney transplant", "planning pregnancy"
_EVENTS = frozenset(
    {
        "dialysis_dependence",
        "haemodialysis",
        "kidney_transplant",
        "malabsorption_bariatric",
        "parathyroid_or_thyroid_surgery",
        "peritoneal_dialysis",
        "pregnancy",
        "pregnancy_current",
    }
)
_HISTORY = frozenset({"history", "hx"})  # right before the phrase: "Hx: DVT"
_AHEAD = word_set("planned planning awaiting awaits scheduled waiting trying considering before pending")

# "Type 2 diabetes with diabetic retinopathy" is no other diabetes
_TYPED_DIABETES = frozenset({"diabetes_type_1", "diabetes_type_2"})

# Words after a phrase that make it another thing: a diet, a plan, a donor
_NO_DIAGNOSIS = word_set("""
    action advice awareness bath candidate counseling counselling dialysate diet diets donation donor examination food
    foods
    information intake leaflet planning safety waiting
""")
_RELATIVES = word_set(
    "mother father brother sister parent parents wife husband partner newborn fetus foetus mutter vater mere"
    " pere madre"
)

_LEG = "leg legs calf calves foot feet toe toes thigh thighs hamstring hamstrings limb limbs extremity extremities"
_ARTERIAL = (
    f"{_LEG} arterial artery peripheral intermittent abi abpi femoral iliac popliteal fontaine rutherford"
)
_LUMBAR = """
    lumbar lumbosacral sacral lumbal lumbale lumbaler lumbosakral lumbalbereich lws lumbaire lombaire lombare sciatic
    l1 l2 l3 l4 l5 s1 l2l3 l3l4 l4l5 l5s1
"""
_LIVER = "liver hepatic cirrhosis"
_PLATELETS = "platelet platelets purpura thrombocytopenia thrombocytopenic"
_PRESSURE = "hypertension blood pressure essential bp controlled uncontrolled"
_REFLUX = (
    "reflux oesophagitis esophagitis heartburn disease ppi omeprazole lansoprazole pantoprazole esomeprazole"
)
_ISCHAEMIC = f"{_LEG} ischaemia ischemia ischaemic ischemic"
_PREGNANT = """
    pregnant pregnancy gestation antenatal antepartum gestational schwangerschaft schwanger grossesse embarazo
    gravidanza gravidez zwangerschap
"""
_WEEKS = """
    week weeks wk wks trimester gestation edd due confirmed current currently normal intrauterine twin multiple high
    low unplanned unwanted supervision ssw woche semaines semanas
"""

# phrase -> words of which one must stand elsewhere in the text or the body site
_SETTLED_BY = {
    "pad": _ARTERIAL,
    "pvd": _ARTERIAL,
    "claudication": f"{_LEG} intermittent vascular arterial",
    "muscle spasm": _LEG,
    "tetany": "calcium hypocalcaemia hypocalcemia hypocalcaemic hypocalcemic parathyroid",
    "rls": "restless leg legs syndrome",
    "plmd": "limb leg legs periodic sleep",
    "immobility": "bed bedbound wheelchair prolonged hospital syndrome",
    "als": "amyotrophic motor neuron neurone riluzole",
    "af": """
        atrial fibrillation paroxysmal persistent permanent anticoagulated anticoagulation anticoagulant rvr doac noac
        apixaban rivaroxaban edoxaban dabigatran warfarin cardioversion
    """,
    "svt": "supraventricular tachycardia paroxysmal ablation",
    "vt": "ventricular tachycardia sustained nonsustained icd",
    "htn": _PRESSURE,
    "hbp": _PRESSURE,
    "gerd": _REFLUX,
    "gord": _REFLUX,
    "itp": f"{_PLATELETS} immune",
    "ttp": f"{_PLATELETS} thrombotic",
    "on hd": "dialysis haemodialysis hemodialysis fistula esrd esrf eskd renal kidney",
    "esld": _LIVER,
    "nash": f"{_LIVER} steatohepatitis nonalcoholic alcoholic",
    "clti": _ISCHAEMIC,
    "cli": _ISCHAEMIC,
    "rest pain": f"{_LEG} ischaemic ischemic arterial",
    "dvt": "acute new",
    "deep vein thrombosis": "acute new",
    "deep venous thrombosis": "acute new",
    "radiculopathy": f"{_LUMBAR} leg legs lower",
    "spinal stenosis": f"{_LUMBAR} leg legs",
    "foraminal stenosis": _LUMBAR,
    "canal stenosis": _LUMBAR,
    "spinalkanalstenose": _LUMBAR,
    "pregnancy": _WEEKS,
    "schwangerschaft": _WEEKS,
    "grossesse": _WEEKS,
    "embarazo": _WEEKS,
    "cvi": "beidseits bds bein beine beinen unterschenkel venose venous varizen varikosis widmer ceap leg legs",
    "neuropathy": "diabetes diabetic diabetics dm dm1 dm2 t1dm t2dm niddm iddm",
    "ccf": "heart cardiac nyha ejection ef",
}
_SETTLING = {tokens(phrase): word_set(words) for phrase, words in _SETTLED_BY.items()}

_SPINE_ABOVE = "cervical thoracic neck upper arm arms c4 c5 c6 c7 c8"
_ELSEWHERE = {
    "claudication": word_set("jaw neurogenic spinal"),
    "muscle spasm": word_set("bladder coronary neck back"),
    "neuropathy": word_set("""
        optic ulnar median radial entrapment compressive autonomic alcoholic alcohol chemotherapy hereditary b12 cranial
        facial laryngeal
    """),
    "pad": word_set("device monitoring heating incontinence"),
    "radiculopathy": word_set(_SPINE_ABOVE),
    "spinal stenosis": word_set(_SPINE_ABOVE),
}
# concept -> words of other sites, wherever they stand, unless a leg is named too; and of after the birth
_LEG_WORDS = word_set("leg legs calf thigh lower femoral popliteal iliac")
_ARM = word_set("arm arms upper brachial axillary subclavian jugular")
_AFTER_BIRTH = word_set("childbirth puerperium postpartum delivered postnatal puerperal")
_PREGNANCY = frozenset({"pregnancy", "pregnancy_current"})
# somewhere in the entry: a pregnancy that is hoped for, feared, kept off or over
_NOT_PREGNANT = word_set("""
    want wants wanting wish wishes wishing desire desires hopes hoping fear fears tokophobia avoid
    avoidance avoiding contraception contraceptive abortive wunsch kinderwunsch
""")
_EARLIER = frozenset({"prior", "earlier"})  # right before the phrase
_OTHER_SITE = {
    "acute_dvt": _ARM,
    "chronic_deep_vein_thrombosis": _ARM,
    "deep_vein_thrombosis": _ARM,
    "varicose_veins_venous_insufficiency": word_set(
        "vulva vulval perineum genitalia scrotum pelvic oesophageal"
    ),
}

# ICD codes without a site: words of which one must stand in the text, the display or the body site
_CODE_SETTLED_BY = {
    "lumbar_radiculopathy_stenosis": word_set(f"{_LUMBAR} leg legs"),
    "long_qt": word_set("qt qtc"),
    "pregnancy": word_set(_PREGNANT),
}
_CODE_REFUSED_BY = {
    "lumbar_radiculopathy_stenosis": word_set("cervical thoracic neck"),
    "pregnancy": word_set(
        "childbirth puerperium postpartum delivered delivery postnatal puerperal wochenbett geburt"
    ),
}

_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5"}
_NUMBERED = word_set("type typ tipo stage stadium grade class ckd dm")
_KIDNEY_STAGE = re.compile(r"g([1-5])[ab]?(?:a[1-3])?")  # "G4", "G3b", "G4A2" (KDIGO)
_STAGED = word_set("ckd disease stage")
_GLUED = re.compile(r"(ckd|dm)([1-5])[ab]?")


def words_of(text: str) -> tuple[str, ...]:
    """The tokens of *text*, numbers of types and stages written one way: "CKD G4A2", "CKD4", "type II"."""
    words = tokens(text)
    return tuple(_renumbered(words))


def _renumbered(words: tuple[str, ...]) -> Iterator[str]:
    previous = ""
    for word in words:
        glued = _GLUED.fullmatch(word)
        stage = _KIDNEY_STAGE.fullmatch(word) if previous in _STAGED else None
        if glued:
            yield glued[1]
            yield glued[2]
        elif stage:
            yield stage[1]
        else:
            yield _ROMAN.get(word, word) if previous in _NUMBERED else word
        previous = word


def read(text: str, site: str, phrases: Phrases[Phrase]) -> frozenset[tuple[str, str]]:
    """Concepts that *text* affirms, each with the phrase that says so; *site* may settle a short form."""
    words = words_of(text)
    around = frozenset((*words, *tokens(site)))
    found = phrases.find(words)
    said = frozenset(
        (meaning.concept, meaning.phrase)
        for hit in (*found, *_slips(words, found, phrases))
        if _is_affirmed(hit, words)
        for meaning in hit.meanings
        if meaning.concept and _is_meant(meaning, hit, words, around)
    )
    if any(concept in _TYPED_DIABETES for concept, _ in said):
        return frozenset(each for each in said if each[0] != "diabetes_other")
    return said


def may_name(text: str, phrases: Phrases[Phrase]) -> bool:
    """Whether `read` could find anything in *text*, whatever the site; False is certain."""
    words = words_of(text)
    found = phrases.find(words)
    return bool(found) or any(_slips(words, found, phrases))


def _slips(
    words: tuple[str, ...], found: list[Found[Phrase]], phrases: Phrases[Phrase]
) -> Iterator[Found[Phrase]]:
    """
    Misspelt names.

    No slips are another first letter, which makes another prefix ("rehydration"), and an adjective ("oral
    hypoglycaemic drugs").
    """
    for hit in phrases.misspelt(words, found):
        word = words[hit.start]
        if not word.endswith("ic"):
            meanings = tuple(each for each in hit.meanings if tokens(each.phrase)[0][0] == word[0])
            yield hit._replace(meanings=meanings)


def _is_affirmed(hit: Found[Phrase], words: tuple[str, ...]) -> bool:
    """Whether no word around takes the phrase back, doubts it or makes it a diet, a plan or a donor."""
    if negated(words, hit.start) or dismissed(words, hit.end):
        return False
    after = words[hit.end : hit.end + 2]
    if not after:
        return True
    if after[0] == "?":
        return len(after) > 1 and after[1] != CLAUSE_END  # "hypokalaemia ?cause"
    return after[0] not in _NO_DIAGNOSIS and not _is_of_another(after)


def _is_of_another(after: tuple[str, ...]) -> bool:
    """ "hypothyroid mother", "diabetes in father"."""
    return after[0] in _RELATIVES or (after[0] in ("in", "of") and not _RELATIVES.isdisjoint(after))


def _is_meant(meaning: Phrase, hit: Found[Phrase], words: tuple[str, ...], around: frozenset[str]) -> bool:
    concept = meaning.concept
    if concept not in _LASTING and (past(words, hit.start) or words[max(0, hit.start - 1)] in _HISTORY):
        return False
    if concept in _EVENTS and not _AHEAD.isdisjoint(words[max(0, hit.start - 3) : hit.start]):
        return False
    if not _OTHER_SITE.get(concept, frozenset()).isdisjoint(around) and _LEG_WORDS.isdisjoint(around):
        return False
    if concept in _PREGNANCY and _is_no_pregnancy(hit, words, around):
        return False
    return not meaning.needs_context or _is_settled(words[hit.start : hit.end], around)


def _is_no_pregnancy(hit: Found[Phrase], words: tuple[str, ...], around: frozenset[str]) -> bool:
    """Whether the words around say that it is over, was another one, or is only hoped for or feared."""
    if not _AFTER_BIRTH.isdisjoint(around) or not _NOT_PREGNANT.isdisjoint(around):
        return True
    return not _EARLIER.isdisjoint(words[max(0, hit.start - 1) : hit.start])


def _is_settled(phrase: tuple[str, ...], around: frozenset[str]) -> bool:
    """Whether other words than the phrase's own say what a short form means."""
    settling = _SETTLING.get(phrase, frozenset()) - frozenset(phrase)
    refusing = _ELSEWHERE.get(" ".join(phrase), frozenset())
    return not settling.isdisjoint(around) and refusing.isdisjoint(around)


def code_is_settled(concept: str, icd9: str, around: Iterable[str]) -> bool:
    """
    Whether a code that is wider than *concept* means it here; *around* are the words of the entry and its
    site.

    An ICD-9-CM code (*icd9*, else "") of the obstetric chapter says it itself: a fifth digit 3 is
    antepartum.
    """
    digits = icd9.replace(".", "")
    if digits and concept == "pregnancy":
        return len(digits) == 5 and digits.endswith("3")
    said = frozenset(around)
    refused = _CODE_REFUSED_BY.get(concept, frozenset())
    return refused.isdisjoint(said) and not _CODE_SETTLED_BY.get(concept, frozenset()).isdisjoint(said)
