"""Why an answer is as it is, for a patient of the builder: for tests of the timeline and of what surrounds it."""

import json
from collections.abc import Mapping
from dataclasses import replace

from cds_service.advise import advise
from cds_service.drawing import draw
from cds_service.explanation import Explanation, explanation
from cds_service.hooks import decode
from cds_service.timeline import Lane, Linked, Mark, Timeline
from cds_service.trace import trace
from tests.findings_of import answer, site
from tests.patients import FHIR, TODAY, APatient


def explained(patient: APatient) -> Explanation:
    """What POST explain gives for this patient."""
    return explained_request(patient.request())


def explained_request(request: FHIR) -> Explanation:
    """What it gives for any request."""
    return explained_body(json.dumps(request))


def explained_body(body: str) -> Explanation:
    """What it gives for a request as it is written."""
    call = decode(body.encode(), "patient-view")
    return explanation(advise(call, site(), TODAY), site(), TODAY, {})


def picture(patient: APatient) -> Timeline:
    """The timeline of this patient."""
    drawn = explained(patient).timeline
    assert drawn is not None
    return drawn


def drawn_of(patient: APatient, fetched: Mapping[str, str], *, is_silent: bool = False) -> Timeline:
    """Its timeline where lists came from a FHIR server as *fetched* says; *is_silent* where all cards have faded."""
    advice, knowledge = answer(patient).advice, site().knowledge
    advice = replace(advice, cards=()) if is_silent else advice
    assert advice.facts is not None
    return draw(advice.facts, knowledge, advice, trace(advice, knowledge), fetched)


def time_classed(patient: APatient, row: str) -> str:
    """The time class of a contributor's drug, as the trace has it for reviewers."""
    told = next(each for each in explained(patient).trace["considered"] if each["row"] == row)
    said: FHIR = [*told["facts"], *told["set_aside"]][0]
    return str(said["says"]).partition(": ")[2].partition(",")[0]


def lane(drawn: Timeline, identity: str) -> Lane:
    """One lane of it, by its id."""
    found = [each for each in drawn.lanes if each.id == identity]
    assert len(found) == 1, f"{identity} is not among {[each.id for each in drawn.lanes]}"
    return found[0]


def marks(drawn: Timeline, identity: str) -> tuple[Mark, ...]:
    """The marks of one lane."""
    return lane(drawn, identity).marks


def mark(drawn: Timeline, identity: str) -> Mark:
    """The only mark of a lane."""
    (found,) = marks(drawn, identity)
    return found


def linked(drawn: Timeline, row: str) -> Linked:
    """One contributor, by its row."""
    found = [each for each in drawn.contributors if each.row == row]
    assert len(found) == 1, f"{row} is not among {[each.row for each in drawn.contributors]}"
    return found[0]
