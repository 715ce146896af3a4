"""Front matter in plain words: each word of the vocabulary as a clause, what is not known as `key: value`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Raw = Any  # text, a list or a mapping of the like: front matter as it was read


@dataclass(frozen=True, slots=True)
class Said:
    """One bullet, and the bullets below it."""

    text: str
    items: tuple["Said", ...] = ()


TIMES: Mapping[str, str] = {
    "strong": "begun, or its dose raised, 0 to 90 days before the cramps",
    "plausible": "begun, or its dose raised, 91 to 365 days before the cramps",
    "weak": "unchanged for more than 365 days before the cramps",
    "unknown": "of unknown start, or dated too coarsely to tell which came first",
    "recently-stopped": "stopped before the cramps, within the washout",
    "stopped-since": "stopped after the cramps began, in the last 90 days",
    "stop-not-recorded": "no longer current, without a recorded end",
    "outlasted": "stopped more than 90 days ago while the cramps went on",
    "stopped": "stopped before the cramps, beyond the washout",
    "after": "begun after the cramps",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What ids read as: value sets, analytes, rows and chains (*plain*), and the time classes of a drug."""

    plain: Mapping[str, str]
    times: Mapping[str, str] = field(default_factory=lambda: TIMES)

    def of(self, name: str) -> str:
        """An id as a reader would call it; any other text as it is."""
        return self.plain.get(name, name)

    def any_of(self, raw: Raw, last: str = " or ") -> str:
        """One name or several: "a thiazide or a loop diuretic"."""
        return listed([self.of(each) for each in members(raw)], last)


def members(raw: Raw) -> list[Any]:
    """A list as it is, anything else as a list of one."""
    return raw if isinstance(raw, list) else [raw]


def listed(texts: Sequence[str], last: str = " or ") -> str:
    """Several texts in one clause: "a, b or c"; "a; b, adjusted or c" where one holds a comma."""
    between = "; " if any("," in each for each in texts) else ", "
    last = between if last == ", " else last
    return last.join([between.join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)


def spelt(name: str) -> str:
    """A value set's name as words: "loop diuretic", "ACE inhibitor"."""
    if name in _WHOLE:
        return _WHOLE[name]
    return " ".join(_SPELT.get(word, word) for word in name.split("_"))


_WHOLE = {
    "egfr": "eGFR",
    "hba1c": "HbA1c",
    "potassium_sparing_diuretic_mra": "potassium-sparing diuretic or mineralocorticoid antagonist",
    "beta_blocker_isa": "beta blocker with intrinsic activity",
    "bone_antiresorptive_mab": "bone antibody (denosumab)",
    "statin_interacting": "drug that raises statin levels",
    "vitamin_d_25oh": "25-OH vitamin D",
    "z_drug": "Z-drug",
    "alcohol_dependence_or_harmful_use_active": "active alcohol dependence or harmful use",
    "ckd_advanced": "advanced CKD",
    "diabetes_other": "other diabetes",
    "end_stage_renal_disease": "end-stage renal disease",
    "muscle_strain_overexertion": "muscle strain or overexertion",
    "physical_inactivity_immobility": "inactivity or immobility",
    "vitamin_d": "vitamin D",
    "vitamin_k_antagonist": "vitamin K antagonist",
    "antipsychotic_first_gen": "first-generation antipsychotic",
    "antipsychotic_second_gen": "second-generation antipsychotic",
    "bisphosphonate_iv": "bisphosphonate infusion",
    "bisphosphonate_oral": "bisphosphonate by mouth",
    "corticosteroid_systemic": "systemic corticosteroid",
    "estrogen": "oestrogen",
    "estrogen_vaginal": "vaginal oestrogen",
    "laxative_osmotic": "osmotic laxative",
    "laxative_stimulant": "stimulant laxative",
    "limb_ischaemia_rest_pain_or_tissue_loss": "rest pain or tissue loss of a limb",
    "malabsorption_bariatric": "malabsorption or bariatric surgery",
    "oedema_peripheral": "peripheral oedema",
    "qt_prolonging": "QT-prolonging drug",
    "taxane_vinca_platinum": "taxane, vinca or platinum drug",
}
_SPELT = {
    "ace": "ACE", "alt": "ALT", "als": "ALS", "arb": "angiotensin receptor blocker", "ast": "AST", "av": "AV",
    "bmi": "BMI", "bun": "urea nitrogen", "ccb": "calcium channel blocker", "ckd": "CKD",
    "copd": "COPD", "dhp": "dihydropyridine", "dvt": "DVT", "egfr": "EGFR", "g6pd": "G6PD", "isa": "ISA", "iv": "IV",
    "laba": "long-acting beta2 agonist", "mra": "mineralocorticoid antagonist", "nsaid": "NSAID",
    "ppi": "proton pump inhibitor", "parkinsons": "Parkinson's", "pth": "PTH", "qt": "QT", "qtc": "QTc",
    "rls": "restless legs", "saba": "short-acting beta2 agonist", "serm": "SERM", "sglt2": "SGLT2",
    "snri": "SNRI", "ssri": "SSRI", "tca": "tricyclic antidepressant", "tki": "tyrosine kinase inhibitor",
    "tsh": "TSH",
}  # fmt: skip


# --- amounts ------------------------------------------------------------------------------------------------------

_UNITS = (
    ("{1.73_m2}", "1.73 m²"),
    ("10*9/L", "× 10⁹/L"),
    ("meq/L", "mEq/L"),
    ("umol", "µmol"),
    ("ug/", "µg/"),
)


def amount(raw: Raw) -> str:
    """A limit with its unit; for several units "0.70 mmol/L (1.7 mg/dL; 1.4 mEq/L)"."""
    first, *others = (_one_amount(each) for each in members(raw))
    return f"{first} ({'; '.join(others)})" if others else first


def _one_amount(text: str) -> str:
    number, _, written = str(text).partition(" ")
    if written == "ULN":
        times = "" if number == "1" else f"{number} times "
        return f"{times}the laboratory's upper limit"
    return number if written.startswith("{") else f"{number} {unit(written)}".strip()


def unit(text: str) -> str:
    """A UCUM unit as it is printed."""
    for written, read in _UNITS:
        text = text.replace(written, read)
    return text.strip("{}")


# --- criteria -----------------------------------------------------------------------------------------------------

# Words that say more about the entry beside them: "arrhythmia recorded, at most 90 days old".
Clause = Callable[[Raw, Names], str]
LIMITS: Mapping[str, str] = {
    "below": "below {}",
    "at_most": "at or below {}",
    "above": "above {}",
    "at_least": "at or above {}",
    "measured_below": "below {} as it was measured, before any correction",
    "measured_above": "above {} as it was measured, before any correction",
    "measured_at_least": "at or above {} as it was measured, before any correction",
    "low": "below the laboratory's own lower limit (below {} where it gives none)",
    "high": "above the laboratory's own upper limit (above {} where it gives none)",
}
_YES: Mapping[str, str] = {
    "without_range": "reported without the laboratory's own limit",
    "at_night": "taken at night (23:00 to 06:00)",
    "undated": "without a date",
    "recorded": "recorded, whatever its date",
    "confirmed": "not just as suspected",
    "since_start": "since the drug was started",
    "since_change": "since the drug was last changed or given, or since the diagnosis",
    "when_taken": "begun before the result was taken",
    "before_onset": "begun before the cramps",
    "running": "taken now",
}


def _limit(text: str) -> Clause:
    return lambda raw, _: text.format(amount(raw))


def _fixed(text: str) -> Clause:
    return lambda _, __: text


_CLAUSES: Mapping[str, Clause] = {
    **{key: _limit(text) for key, text in LIMITS.items()},
    **{key: _fixed(text) for key, text in _YES.items()},
    "within": lambda raw, _: f"at most {raw} old",
    "rose": lambda raw, _: (
        f"at least {raw.get('times')} times the lowest earlier value of {raw.get('within')}"
    ),
    "after": lambda raw, _: f"more than {raw} ago",
    "unmeasured": lambda raw, names: f"with no {names.any_of(raw)} since",
    "before_result": lambda raw, _: f"at most {raw} before the result was taken",
    "one_sided": lambda raw, _: "on one side" if raw == "yes" else "on both sides, or no side named",
    "dose_above": lambda raw, _: f"more than {amount(raw)} a day",
    "ingredients": lambda raw, _: f"only {listed(members(raw))}",
    "is": lambda raw, _: listed(members(raw)),
    "exposed": lambda raw, _: f"one that had been taken for at least {raw} when the cramps began",
    "prescribed_for": lambda raw, _: f"prescribed for {listed(members(raw))}, by the recorded words",
}

_RESULT = (*LIMITS, "within", "without_range", "at_night", "rose")
_DIAGNOSIS = ("within", "undated", "recorded", "confirmed", "since_start", "before_result", "one_sided")
_HEADS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "changed": ("{} begun or its dose changed", ("after", "unmeasured")),  # takes `unmeasured` along
    "latest": ("latest {}", _RESULT),
    "same_day": ("{} of the same day", _RESULT),
    "diagnosed": ("{} recorded", _DIAGNOSIS),
    "unmeasured": ("no usable {}", ("within", "since_change")),
    "given": ("{} given in the {within} before", ("ingredients",)),
    "taking": ("taking {}", ("ingredients", "dose_above", "when_taken", "before_onset")),
    "on_order": ("{} on order", ()),
    "gestation_below": ("gestational age below {}", ()),
}
_JOINED: Mapping[str, str] = {
    "all": "all of these hold:",
    "any": "any of these holds:",
    "not": "not:",
    "unless": "not known to hold:",
}
_OTHER_RESULT = "the other result of the same sample"
VOCABULARY = frozenset({*_CLAUSES, *_HEADS, *_JOINED, "began", "of", "same_sample"})


def criteria(raw: Mapping[str, Raw], names: Names, about: str) -> tuple[Said, ...]:
    """
    What must hold, one bullet each; words without a head of their own are about *about* ("latest potassium").

    A word that is not known is told as it is written.
    """
    left = dict(raw)
    of = names.of(left.pop("of", ""))
    present = sorted((key for key in raw if key in _HEADS), key=lambda key: key != "changed")
    heads = [_head(key, left, names) for key in present if key in left]
    own = _about(left, [key for key in raw if key in _CLAUSES], names)
    said = [Said(f"{of or about} is {own}")] if own else [Said(f"what was measured is {of}")] if of else []
    return (*said, *heads, *(_joined(key, left[key], names, of or about) for key in raw if key in left))


def under(head: str, said: Sequence[Said]) -> Said:
    """A head and what must hold for it, without a level of bullets that is not needed."""
    if len(said) == 1:
        return Said(f"{head} {said[0].text}", said[0].items)
    return Said(f"{head} all of these hold:", tuple(said))


def one(raw: Mapping[str, Raw], names: Names, about: str) -> Said:
    """The same as one bullet."""
    said = criteria(raw, names, about)
    if len(said) == 1:
        return said[0]
    if any(each.items for each in said):
        return Said(_JOINED["all"], said)
    return Said("; and ".join(each.text for each in said))


def _head(key: str, left: dict[str, Raw], names: Names) -> Said:
    """Takes the head and the words about it out of *left*."""
    words, beside = _HEADS[key]
    within = left.pop("within") if "{within}" in words and "within" in left else "time"
    text = words.format(names.any_of(left.pop(key)), within=within)
    return Said(f"{text} {_about(left, beside, names)}".strip())


def _about(left: dict[str, Raw], keys: Iterable[str], names: Names) -> str:
    """Takes the words out of *left*: "below 3.0 mmol/L, at most 90 days old", limits first."""
    there = sorted((key for key in keys if key in left), key=lambda key: key not in LIMITS)
    said = {key: _CLAUSES[key](left.pop(key), names) for key in there}
    limits = " and ".join(text for key, text in said.items() if key in LIMITS)
    return ", ".join(filter(None, (limits, *(text for key, text in said.items() if key not in LIMITS))))


def _joined(key: str, raw: Raw, names: Names, about: str) -> Said:
    if key == "began":
        times = tuple(Said(names.times.get(each, each)) for each in members(raw))
        return Said(f"{about} was:", times) if len(times) > 1 else Said(f"{about} was {times[0].text}")
    if key == "same_sample":
        if tuple(raw) == ("recorded",):
            return Said("a result of the same sample corrects the value")
        return one(raw, names, _OTHER_RESULT)
    if key == "all":
        return one_of_many(_JOINED[key], [one(each, names, about) for each in raw])
    if key == "any":
        return one_of_many(_JOINED[key], _any(raw, names, about))
    if key not in _JOINED:
        return plain(key, raw, names, about)
    if key == "not" and tuple(raw) == ("any",):
        return one_of_many("none of these holds:", _any(raw["any"], names, about))
    inner = one(raw, names, about)
    return Said(_JOINED[key], (inner,)) if inner.items else Said(f"{_JOINED[key]} {inner.text}")


def one_of_many(head: str, said: Sequence[Said]) -> Said:
    """A head with its bullets; a bullet alone needs none, unless it is turned round."""
    return said[0] if len(said) == 1 and not head.startswith("none") else Said(head, tuple(said))


def _any(raw: Sequence[Mapping[str, Raw]], names: Names, about: str) -> list[Said]:
    """Each alternative; drugs that are only taken share a bullet."""
    taken = [each["taking"] for each in raw if tuple(each) == ("taking",)]
    drugs = [Said(f"taking {names.any_of(taken)}")] if taken else []
    return drugs + [one(each, names, about) for each in raw if tuple(each) != ("taking",)]


# --- anything else --------------------------------------------------------------------------------------------------


def plain(key: str, raw: Raw, names: Names, about: str = "it") -> Said:
    """`key: value` in words, however deep; a mapping of the vocabulary as the criterion that it is."""
    label = key.replace("_", " ")
    if isinstance(raw, Mapping):
        is_criterion = bool(raw) and all(each in VOCABULARY for each in raw)
        inner = criteria(raw, names, about) if is_criterion else _each(raw, names, about)
        return Said(f"{label}:", inner)
    if isinstance(raw, list) and any(not isinstance(each, str) for each in raw):
        return Said(f"{label}:", tuple(_member(each, names, about) for each in raw))
    return Said(f"{label}: {', '.join(names.of(each) for each in members(raw))}")


def _each(raw: Mapping[str, Raw], names: Names, about: str) -> tuple[Said, ...]:
    return tuple(plain(key, value, names, about) for key, value in raw.items())


def _member(raw: Raw, names: Names, about: str) -> Said:
    if not isinstance(raw, Mapping):
        return Said(names.of(raw) if isinstance(raw, str) else str(raw))
    if raw and all(each in VOCABULARY for each in raw):
        return one(raw, names, about)
    first, *others = _each(raw, names, about)
    return Said(first.text, (*first.items, *others))


def walk(raw: Raw, keys: Iterable[str] = ()) -> "list[tuple[tuple[str, ...], str]]":
    """Every text of the front matter with the keys that lead to it."""
    path = tuple(keys)
    if isinstance(raw, Mapping):
        return [found for key, value in raw.items() for found in walk(value, (*path, key))]
    if isinstance(raw, list):
        return [found for each in raw for found in walk(each, path)]
    return [(path, str(raw))]
