"""Diagnoses named in free text, unless denied, doubted, past or somebody else's (NAME_MATCHING section 4)."""

from collections.abc import Iterable
from typing import NamedTuple

from cds_service.names import Found, Phrases, dismissed, negated, past, tokens, word_set


class Phrase(NamedTuple):
    """A phrase of a concept; *needs_context* when it may mean something else."""

    concept: str
    phrase: str
    needs_context: bool


# Concepts for which what happened once still counts (the date decides elsewhere).
_LASTING = frozenset(
    {"kidney_transplant", "malabsorption_bariatric", "parathyroid_or_thyroid_surgery", "thrombocytopenia"}
)

_LEG = "leg legs calf calves foot feet toe toes thigh thighs hamstring hamstrings limb limbs extremity"
_ARTERIAL = (
    f"{_LEG} arterial artery peripheral intermittent abi abpi femoral iliac popliteal fontaine rutherford"
)

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
    "af": "atrial fibrillation paroxysmal persistent permanent anticoagulated anticoagulation",
    "svt": "supraventricular tachycardia paroxysmal ablation",
    "vt": "ventricular tachycardia sustained nonsustained icd",
    "htn": "hypertension blood pressure essential bp controlled uncontrolled",
    "hbp": "hypertension blood pressure essential bp controlled uncontrolled",
    "gerd": "reflux oesophagitis esophagitis heartburn disease",
    "gord": "reflux oesophagitis esophagitis heartburn disease",
    "itp": "platelet platelets purpura thrombocytopenia thrombocytopenic immune",
    "ttp": "platelet platelets purpura thrombocytopenia thrombocytopenic thrombotic",
    "on hd": "dialysis haemodialysis hemodialysis fistula esrd eskd renal kidney",
    "esld": "liver hepatic cirrhosis",
    "clti": f"{_LEG} ischaemia ischemia ischaemic ischemic",
    "cli": f"{_LEG} ischaemia ischemia ischaemic ischemic",
    "rest pain": f"{_LEG} ischaemic ischemic arterial",
    "dvt": "acute new",
    "deep vein thrombosis": "acute new",
}
_SETTLING = {tokens(phrase): frozenset(words.split()) for phrase, words in _SETTLED_BY.items()}

# word before or after a phrase -> another disease
_OTHER_BEFORE = {
    "hypertension": word_set("pulmonary intracranial ocular portal white"),
    "arrhythmia": frozenset({"sinus"}),
    "asthma": frozenset({"cardiac"}),
    "claudication": word_set("jaw neurogenic venous"),
    "diabetes": frozenset({"gestational"}),
}
_ELSEWHERE = {
    "claudication": word_set("jaw neurogenic spinal"),
    "muscle spasm": word_set("bladder coronary neck back"),
    "pad": word_set("device monitoring heating incontinence"),
}

# ICD codes without a site: words of which one must stand in the text, the display or the body site
_CODE_SETTLED_BY = {
    "lumbar_radiculopathy_stenosis": word_set(
        "lumbar lumbosacral sacral lumbal lumbosakral leg legs sciatic l1 l2 l3 l4 l5 s1 l1-s1"
    ),
    "long_qt": word_set("qt qtc"),
    "pregnancy": word_set("pregnant pregnancy gestation antenatal antepartum gestational"),
}
_CODE_REFUSED_BY = {
    "lumbar_radiculopathy_stenosis": word_set("cervical thoracic neck"),
    "pregnancy": word_set("childbirth puerperium postpartum delivered delivery postnatal puerperal"),
}


def read(text: str, site: str, phrases: Phrases[Phrase]) -> frozenset[tuple[str, str]]:
    """Concepts that *text* affirms, each with the phrase that says so; *site* may settle a short form."""
    words = tokens(text)
    around = frozenset((*words, *tokens(site)))
    found = phrases.find(words)
    return frozenset(
        (meaning.concept, meaning.phrase)
        for hit in (*found, *phrases.misspelt(words, found))
        if not negated(words, hit.start) and not dismissed(words, hit.end) and not _is_another(hit, words)
        for meaning in hit.meanings
        if (meaning.concept in _LASTING or not past(words, hit.start))
        and (not meaning.needs_context or _is_settled(words[hit.start : hit.end], around))
    )


def _is_another(hit: Found[Phrase], words: tuple[str, ...]) -> bool:
    previous = words[hit.start - 1] if hit.start else ""
    return previous in _OTHER_BEFORE.get(words[hit.start], ())


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
