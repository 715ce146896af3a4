"""Front matter -> what the page of a rule says, section by section; nothing of the file is left out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from cds_service.prose import (
    TIMES,
    Names,
    Raw,
    Said,
    criteria,
    listed,
    members,
    plain,
    under,
)

LEVELS: Mapping[str, str] = {
    "critical": "Critical, for the same day",
    "warning": "Warning, for the coming days",
    "info": "Info, worth knowing",
    "also_consider": "A line on the also-consider card",
    "in_chain": "Only as part of a chain",
}
_LOOKS, _FORMS, _SPEAKS = "What it looks at", "When it forms", "When it speaks"
_ASIDE = "When it is set aside"
_BESIDE, _ADDS, _ORDERS = "Beside other rules", "What it adds to a card", "Draft orders it may offer"
_ANSWERS, _MORE = "Further reasons to override", "More that the file says"
_ORDER = (_LOOKS, _FORMS, _SPEAKS, _ASIDE, _BESIDE, _ADDS, _ORDERS, _ANSWERS, _MORE)

# what the page shows in its head, its evidence or its citations
ELSEWHERE = frozenset({"row", "chain", "label", "kind", "grade", "cites"})


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a page."""

    title: str
    items: tuple[Said, ...]


def sections(front: Mapping[str, Raw], names: Names) -> tuple[Section, ...]:
    """Every key of the front matter that is not shown elsewhere on the page, in words, in a fixed order."""
    found: dict[str, list[Said]] = {title: [] for title in _ORDER}
    about = _about(front.get("subject", []), names)
    dosed = _DOSED if _is_of_doses(front) else {}
    if dosed:
        names = replace(names, times={**TIMES, "strong": "within its window before the cramps"})
    for key, raw in front.items():
        if key not in ELSEWHERE:
            title, say = dosed.get(key) or _KEYS.get(key) or (_MORE, _as_written(key))
            found[title] += say(raw, names, about)
    for title, said in _unwritten(front):
        found[title].append(said)
    return tuple(Section(title, tuple(items)) for title, items in found.items() if items)


def _unwritten(front: Mapping[str, Raw]) -> Iterator[tuple[str, Said]]:
    """What holds without a word in the file."""
    if "needs" in front:
        yield _FORMS, Said("its card takes the highest level of its members")
    drugs = _drugs(front)
    if drugs and "safety" in (front.get("kind"), front.get("role")):
        yield _LOOKS, Said("only medicines that are taken now, whenever they were begun")
    elif drugs and "washout" not in front and not _is_of_doses(front):
        yield _ASIDE, _stopped("30 days")


def _drugs(front: Mapping[str, Raw]) -> list[Mapping[str, Raw]]:
    return [each for each in members(front.get("subject", [])) if "exposure" in each]


def _is_of_doses(front: Mapping[str, Raw]) -> bool:
    """Single doses and infusions have a window in place of the washout."""
    drugs = _drugs(front)
    return bool(drugs) and all("given_within" in each for each in drugs)


def guards(front: Mapping[str, Raw], names: Names) -> tuple[Section, ...]:
    """What holds for every card, one section a key."""
    return tuple(
        Section(_GUARDS.get(key, key.replace("_", " ").capitalize()), _guard(key, raw, names))
        for key, raw in front.items()
    )


_GUARDS: Mapping[str, str] = {
    "self_care": "Self-care that may be offered",
    "ask_about": "What a card may ask about",
    "alerts": "Sentences for the first card, whatever it is about",
    "bans": "What is never offered",
    "nothing_found": "Where nothing was found and the site wants a card",
    "after_stopping": "Where a drug was stopped after the cramps began",
    "panels": "What a panel contains (a test that is part of one on order is not suggested again)",
}


def _guard(key: str, raw: Raw, names: Names) -> tuple[Said, ...]:
    if isinstance(raw, str):
        return (Said(raw),)
    if isinstance(raw, Mapping):
        return tuple(plain(each, value, names) for each, value in raw.items())
    return tuple(
        Said(each)
        if isinstance(each, str)
        else _one_ban(each, names)
        if key == "bans"
        else _one_said("", each, names, "it")
        for each in raw
    )


def _one_ban(raw: Mapping[str, Raw], names: Names) -> Said:
    left = dict(raw)
    words = listed([f"“{each}”" for each in members(left.pop("words", []))])
    instead = left.pop("instead", "nothing")
    head = f"An option that names {words} becomes “{instead}”"
    return _conditional(head, left, names, "it")


# --- one function a key -------------------------------------------------------------------------------------------

Say = Callable[[Raw, Names, str], tuple[Said, ...]]


def _about(subject: Raw, names: Names) -> str:
    """What a word without a head of its own is about."""
    return listed(list(dict.fromkeys(_one_about(each, names) for each in members(subject)))) or "the entry"


def _one_about(kind: Mapping[str, Raw], names: Names) -> str:
    if "latest" in kind:
        analytes = members(kind["latest"])
        return f"the latest {names.any_of(analytes)}" if len(analytes) == 1 else "the latest value"
    if "readings" in kind:
        return f"a {names.any_of(kind['readings'])}"
    return "the drug" if "exposure" in kind else "the diagnosis"


def _looks(raw: Raw, names: Names, _: str) -> tuple[Said, ...]:
    if raw == []:
        return (Said("nothing in the record: it never speaks by itself"),)
    return tuple(_one_subject(each, names) for each in members(raw))


def _one_subject(raw: Raw, names: Names) -> Said:
    left = dict(raw)
    inside = []
    if "where" in left:
        inside.append(under("only when", criteria(left.pop("where"), names, _about(raw, names))))
    if "given_within" in left:
        window, counted = left.pop("given_within"), left.pop("given_from", "last dose")
        counted = _GIVEN_FROM.get(counted, counted)
        inside.append(Said(f"counts in the {window} before the cramps, {counted}"))
    head = _subject_head(left, names)
    return Said(head, (*inside, *(plain(key, value, names) for key, value in left.items())))


_GIVEN_FROM: Mapping[str, str] = {
    "start": "counted from its start",
    "last dose": "counted from the last dose",
    "while taken": "or while it is taken",
}


def _subject_head(left: dict[str, Raw], names: Names) -> str:
    """Takes the kind of subject out of *left*."""
    if "exposure" in left:
        return f"Medicines: {names.any_of(left.pop('exposure'))}"
    if "readings" in left:
        readings, within = left.pop("readings"), left.pop("within", "any time")
        return f"Results: every {names.any_of(readings)} of the last {within}"
    if "latest" in left:
        return f"Results: the latest {names.any_of(left.pop('latest'))}"
    if "diagnosis" in left:
        return f"Diagnoses: {names.any_of(left.pop('diagnosis'))}"
    return "Entries of the record"


def _levels(head: str) -> Say:
    def say(raw: Raw, names: Names, about: str) -> tuple[Said, ...]:
        return tuple(
            under(f"{head}{LEVELS.get(level, level)}, when", criteria(each, names, about))
            for level, each in raw.items()
        )

    return say


def _when(head: str) -> Say:
    return lambda raw, names, about: (under(head, criteria(raw, names, about)),)


def _listed(head: str) -> Say:
    return lambda raw, names, _: (Said(f"{head} {names.any_of(raw, ', ')}"),)


def _said_when(head: str) -> Say:
    """Members with `say` and `when` or `unless`."""

    def say(raw: Raw, names: Names, about: str) -> tuple[Said, ...]:
        return tuple(_one_said(head, each, names, about) for each in members(raw))

    return say


def _one_said(head: str, raw: Raw, names: Names, about: str) -> Said:
    left = dict(raw)
    text = f"{head} “{left.pop('say', '')}”".strip()
    return _conditional(text, left, names, about)


def _conditional(head: str, left: dict[str, Raw], names: Names, about: str, only: str = "") -> Said:
    """A head with its `when` or `unless`, and whatever else stands beside them."""
    key = next((each for each in ("when", "unless") if each in left), "")
    said = under(f"{head}{only} {key}", criteria(left.pop(key), names, about)) if key else Said(head)
    return Said(said.text, (*said.items, *(plain(each, raw, names, about) for each, raw in left.items())))


def _flags(raw: Raw, names: Names, about: str) -> tuple[Said, ...]:
    return tuple(_one_flag(each, names, about) for each in members(raw))


def _one_flag(raw: Raw, names: Names, about: str) -> Said:
    left = dict(raw)
    identity, concepts = left.pop("id", ""), left.pop("diagnosed", [])
    until = left.pop("confirm_until", "90 days")
    inside = (
        Said("critical while it is active and at most 30 days old"),
        Said(f"a warning to confirm it, up to {until}, or undated, or unconfirmed; then history"),
        *(plain(key, value, names, about) for key, value in left.items()),
    )
    return Said(f"Red flag {identity}: {names.any_of(concepts)} recorded", inside)


def _overdue(raw: Raw, names: Names, about: str) -> tuple[Said, ...]:
    return tuple(_one_overdue(each, names, about) for each in members(raw))


_DUE = {
    "after": "not in the first {} after a start or rise",
    "oldest": "the newest result is more than {} old, or there is none",
}


def _one_overdue(raw: Raw, names: Names, about: str) -> Said:
    left = dict(raw)
    tests = left.pop("tests", [])
    inside = [Said(_DUE[key].format(left.pop(key))) for key in _DUE if key in left]
    if left.pop("since_change", None):
        inside.append(Said("or none was taken since the start or the last rise"))
    if "when" in left:
        inside.append(under("only when", criteria(left.pop("when"), names, about)))
    rest = (plain(key, value, names, about) for key, value in left.items())
    return Said(f"Monitoring is overdue (info): {names.any_of(tests, ', ')}", (*inside, *rest))


def _washout(raw: Raw, _: Names, __: str) -> tuple[Said, ...]:
    return (_stopped(raw), _drawn_after(raw))


def _no_orders(_: Raw, __: Names, ___: str) -> tuple[Said, ...]:
    return (Said("none on a card that this row is on, unless a chain of its own says which"),)


def _switches(_: Raw, __: Names, ___: str) -> tuple[Said, ...]:
    return (Said("a medicine of these classes never counts as taking another one's place"),)


def _after_the_end(raw: Raw, _: Names, __: str) -> tuple[Said, ...]:
    return (_drawn_after(raw),)


def _drawn_after(washout: str) -> Said:
    return Said(f"a value drawn up to {washout} after its end still counts as drawn on it")


def _stopped(washout: str) -> Said:
    return Said(
        f"stopped more than {washout} before the cramps (the washout), or begun after them: not flagged"
    )


def _needs(raw: Raw, names: Names, _: str) -> tuple[Said, ...]:
    if not isinstance(raw, Mapping):
        return (Said("It forms when all of these are there:", _need_list(raw, names)),)
    ways = tuple(Said("all of these:", _need_list(each, names)) for each in raw.get("any", ()))
    rest = tuple(plain(key, value, names) for key, value in raw.items() if key != "any")
    return (Said("It forms in any of these ways:", ways), *rest)


def _need_list(raw: Raw, names: Names) -> tuple[Said, ...]:
    return tuple(_need(each, names) for each in raw)


_DRAWN = {
    "after_start": "the value drawn after the drug was started",
}


def _need(raw: Raw, names: Names) -> Said:
    left = dict(raw)
    rows, taking = left.pop("rows", []), left.pop("taking", [])
    head = names.any_of(rows) if rows else f"taking {names.any_of(taking)}"
    inside = list(criteria({"began": left.pop("began")}, names, "the drug")) if "began" in left else []
    if "drawn" in left:
        drawn = left.pop("drawn")
        inside.append(Said(_DRAWN.get(drawn, f"drawn: {drawn}")))
    if "shown" in left:
        inside.append(Said(f"shown: on a {left.pop('shown')} card, not as a line only"))
    if "flag" in left:
        inside.append(Said(f"with its red flag {left.pop('flag')}"))
    return Said(head, (*inside, *(plain(key, value, names) for key, value in left.items())))


def _suggest(raw: Raw, names: Names, about: str) -> tuple[Said, ...]:
    return tuple(_group(each, names, about) for each in members(raw))


def _group(raw: Raw, names: Names, about: str) -> Said:
    left = dict(raw)
    tests = listed(members(left.pop("order", [])), ", ")
    measured = (_measured(left.pop("unless_measured"), names),) if "unless_measured" in left else ()
    said = _conditional(tests, left, names, about, ", only")
    return Said(said.text, (*said.items, *measured))


def _measured(raw: Raw, names: Names) -> Said:
    left = dict(raw)
    since = f"since the drug's last {left.pop('since')}" if "since" in left else ""
    within = f"in the last {left.pop('within')}" if "within" in left else ""
    text = " and ".join(filter(None, (since, within)))
    rest = tuple(plain(key, value, names) for key, value in left.items())
    return Said(f"a test is left out when it was resulted {text}", rest)


def _potency(raw: Raw, _: Names, __: str) -> tuple[Said, ...]:
    strengths = ", ".join(f"{name} {value}" for name, value in raw.items())
    return (Said(f"A switch to a stronger member counts as a start. Relative strength per mg: {strengths}."),)


def _reasons(raw: Raw, names: Names, about: str) -> tuple[Said, ...]:
    if isinstance(raw, Mapping):
        return tuple(Said(f"{text} ({code})") for code, text in raw.items())
    return tuple(plain("reason", each, names, about) for each in members(raw))


def _as_written(key: str) -> Say:
    return lambda raw, names, about: (plain(key, raw, names, about),)


_ROLES: Mapping[str, str] = {"safety": "a safety point, not a cause of cramps"}
_KEYS: Mapping[str, tuple[str, Say]] = {
    "subject": (_LOOKS, _looks),
    "when": (_SPEAKS, _levels("")),
    "role": (_LOOKS, lambda raw, _, __: (Said(_ROLES.get(raw, f"role: {raw}")),)),
    "critical_range": (
        _SPEAKS,
        _when(
            "Urgent range: critical while the value is at most 30 days old, a warning to repeat it up to 90 days, "
            "history up to 365 days, when"
        ),
    ),
    "red_flags": (_SPEAKS, _flags),
    "bears_on": (_BESIDE, _listed("It joins the card of red flag")),
    "coded": (_SPEAKS, _listed("Without a value, from a diagnosis alone (never critical):")),
    "safety": (_SPEAKS, _levels("As a safety point. ")),
    "context": (_SPEAKS, _when("As context only, when")),
    "on_its_own": (_SPEAKS, _when("Softened from warning to info where nothing else supports it, when")),
    "overdue": (_SPEAKS, _overdue),
    "set_aside": (_ASIDE, _said_when("Seen and set aside, with the words")),
    "washout": (_ASIDE, _washout),
    "switches": (_ASIDE, _switches),
    "needs": (_FORMS, _needs),
    "joins": (_BESIDE, _listed("These join the card when they are found too:")),
    "explains": (_BESIDE, _listed("It joins the card of what it explains:")),
    "explained_by": (_ADDS, _listed("Medicines named beside the value as its likely cause:")),
    "not_explained": (_ADDS, _when("No medicine is named as the cause when")),
    "no_orders": (_ORDERS, _no_orders),
    "replaced_by": (_ADDS, _listed("Medicines that treat it, named where listed:")),
    "shows": (_ADDS, _listed("Results shown beside it:")),
    "indications": (_ADDS, _listed("Diagnoses shown as the possible indication:")),
    "remarks": (_ADDS, _said_when("It adds the sentence")),
    "potency": (_ADDS, _potency),
    "suggest": (_ORDERS, _suggest),
    "override_reasons": (_ANSWERS, _reasons),
}
_DOSED: Mapping[str, tuple[str, Say]] = {"washout": (_BESIDE, _after_the_end)}
