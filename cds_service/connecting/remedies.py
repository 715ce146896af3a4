"""What is to be said of each query that was tried on a FHIR server, and what can be done."""

from collections.abc import Iterator

from cds_service.client_entries import TYPES
from cds_service.connecting.examination import ABSENT, CUT, FAILS, Examination
from cds_service.connecting.qualities import issues, medicines, newest_first, page_size, withheld
from cds_service.connecting.trials import Choice
from cds_service.fetching import STRAY, WITHHELD
from cds_service.fhir_server import MORE

_MOST_WORDS = 60  # characters of a parameter

_FAULTS = {
    "status-401": "the token is not accepted for it, or is over by now; get a new one",
    "status-403": "not granted; ask for the scope {type}.rs (or .read)",
    "status-404": "not there",
    "timeout": "no answer in time; set LEGCRAMPS_FETCH_SECONDS higher, or ask what is slow there",
    "too-large": "the answer is larger than LEGCRAMPS_FETCH_BYTES",
    "another-patient": "it holds data about others: the server does not understand `patient`; nothing of it is used",
    "not-fhir": "the answer is no FHIR JSON",
    "outcome": "the answer is an OperationOutcome in place of a list",
    "wrong-type": "the answer is another resource than asked for",
    WITHHELD: "all of it is withheld from us; ask for the grant, perhaps of a sub-type",
}


def remarks(examined: Examination) -> Iterator[str]:
    """One line each: the list, what is the matter, what to do."""
    known = examined.capability
    if known is None:
        yield "metadata: no CapabilityStatement that can be read; what counts is what was tried"
    elif known.fhir_version.startswith("5."):
        yield f"metadata: FHIR {known.fhir_version} is read beside R4, and was never tried with a real server"
    for choice in examined.choices:
        state = examined.states[choice.key]
        for remark in _of_state(choice, state):
            yield f"{choice.key}: {remark}"
        if choice.best.answers:
            for remark in (*_of_answer(choice, examined.limits.seconds), *_of_results(choice)):
                yield f"{choice.key}: {remark}"
    if local := sum(examined.tally.local.values()):
        yield (
            f"labs: {local} results of the category laboratory carry no LOINC code, and no query by code finds them; "
            "map those of ours with LEGCRAMPS_CODE_MAP, or set LEGCRAMPS_LABS_BY=category if their names tell"
        )
    if examined.full.seconds > examined.limits.seconds:
        yield (
            f"all at once: takes {examined.full.seconds:.1f} s, and LEGCRAMPS_FETCH_SECONDS is "
            f"{examined.limits.seconds:g}; set it higher if the EHR waits that long, or LEGCRAMPS_GATED=true"
        )


def _of_state(choice: Choice, state: str) -> Iterator[str]:
    usual, best = choice.usual, choice.best
    if state == FAILS:
        told = _FAULTS.get(usual.code, "no query of ours is answered")
        yield f"fails ({usual.code}): {told.format(type=TYPES[choice.key])}"
    elif state == ABSENT:
        yield f"there is no such list here ({usual.code}); the profile says `none`"
    elif state == CUT:
        yield (
            "goes on behind a link to another address, which is not followed; have the server's public address set "
            "to the base that is asked"
        )
    if best.answers and best.query != choice.default:
        yield f"{_why(choice)}; works {difference(choice.default, best.query)}"


def _why(choice: Choice) -> str:
    usual, best = choice.usual, choice.best
    if not usual.answers:
        return f"our own query is refused ({usual.code})"
    if not usual.is_as_asked:
        return "our own query is refused as it is"
    if choice.codes_are_ignored:
        return f"our own query finds 0 of {best.usable} usable entries, and no word of it: bare codes are ignored"
    if usual.code != STRAY and usual.usable < best.usable:
        return f"our own query finds {usual.usable} of {best.usable} usable entries, and says nothing of the others"
    if not best.usable:
        return "nothing came to tell by, but our own form of query finds nothing in another list of results"
    return "our own query does not bring the whole list"


def difference(ours: str, other: str) -> str:
    """In words, how another query differs from ours."""
    before, after = (each.partition("?")[2].split("&") for each in (ours, other))
    less = [_word(each) for each in before if each not in after]
    more = [_word(each) for each in after if each not in before]
    if "|" in other and "|" not in ours:
        return f"with the system before each code{_also(less[1:], more[1:])}"
    return _also(less, more).removeprefix(", ") or "so"


def _also(less: list[str], more: list[str]) -> str:
    return (f", without {', '.join(less)}" if less else "") + (f", with {', '.join(more)}" if more else "")


def _word(parameter: str) -> str:
    return "codes" if parameter.startswith("code=") else parameter[:_MOST_WORDS]


def _of_answer(choice: Choice, seconds: float) -> Iterator[str]:
    best = choice.best
    if choice.milliseconds > seconds * 1000:
        yield f"takes {choice.milliseconds / 1000:.1f} s alone, and LEGCRAMPS_FETCH_SECONDS is {seconds:g}"
    if best.code == MORE:
        yield "is longer than LEGCRAMPS_FETCH_PAGES, LEGCRAMPS_FETCH_RESOURCES or LEGCRAMPS_FETCH_BYTES let it be"
    if newest_first(best) is False:
        yield "is not sorted as asked, without a word; when it is cut off, what is missing may be the newest"
    is_honoured, size = page_size(best)
    if is_honoured is False:
        yield f"`_count` is not honoured; pages hold about {size} entries"
    if withheld(best):
        said = ", ".join(f"{code} {times}" for code, times in sorted(issues(best).items()))
        yield f"the server says that some of it is withheld from us ({said}); ask for the grant"
    if lost := medicines(best)["missing"]:
        yield f"{lost} medicines that it refers to can't be had; ask for the scope Medication.rs (or .read)"


def _of_results(choice: Choice) -> Iterator[str]:
    # by category the other lists of results hold what is not theirs
    if choice.key != "labs" or choice.best.usable:
        return
    most = max(each.matches() for each in choice.tried)
    if most:
        yield f"{most} entries came in one way or another, and none that a rule reads; see the codes below"
    else:
        yield "none came, so that nothing is known of how codes are understood; name a patient with results"
