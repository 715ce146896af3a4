"""The checker itself: it accepts a conforming answer, and each thing that is wrong is found."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from cds_service import settings as site
from cds_service.app import create_app
from tests.client import post
from tests.conformance import problems, words
from tests.patients import a_patient

JSON = dict[str, Any]
FINDINGS, KIND, CHAIN = "org.legcramps.findings", "org.legcramps.card", "org.legcramps.chain"


@pytest.fixture(scope="module")
def request_() -> JSON:
    """A low potassium on a thiazide, an old statin, no list of orders: one card of each kind."""
    patient = (
        a_patient().with_cramps("2026-05-05").taking("indapamide", "2026-04-01").lacking("serviceRequests")
    )
    patient = patient.taking("atorvastatin", "2020-01-01").with_result("potassium", "3.1 mmol/L")
    return patient.request()


@pytest.fixture(scope="module")
def response(request_: JSON) -> JSON:
    body: JSON = post(create_app(site.load(today="2026-06-15")), json.dumps(request_).encode()).json()
    return body


def test_a_conforming_answer_has_no_problems(request_: JSON, response: JSON) -> None:
    kinds = [card["extension"][KIND] for card in response["cards"]]

    assert kinds == ["main", "also-consider", "data"]
    assert problems(request_, response) == []


def test_silence_conforms(request_: JSON) -> None:
    assert problems(request_, {"cards": []}) == []


def _first(response: JSON) -> JSON:
    card: JSON = response["cards"][0]
    return card


def _order(response: JSON) -> JSON:
    resource: JSON = _first(response)["suggestions"][0]["actions"][0]["resource"]
    return resource


def _finding(response: JSON) -> JSON:
    finding: JSON = _first(response)["extension"][FINDINGS][0]
    return finding


def _say(text: str) -> Callable[[JSON], Any]:
    return lambda response: _first(response).update(detail=f"{_first(response)['detail']}\n\n{text}")


_SPOILERS: list[tuple[str, Callable[[JSON], Any]]] = [
    ("cards is not an array", lambda it: it.pop("cards")),
    ("unknown member title", lambda it: it.update(title="x")),
    ("systemActions is not an array", lambda it: it.update(systemActions={"a": 1})),
    (".cards[0].links is null or empty", lambda it: _first(it).update(links=[])),
    ("fewer than 140 characters", lambda it: _first(it).update(summary="x" * 140)),
    ("plain text, not Markdown", lambda it: _first(it).update(summary=r"K 3\.1 \*low\*")),
    ("indicator is not in the set", lambda it: _first(it).update(indicator="hard-stop")),
    ("detail is no text", lambda it: _first(it).update(detail=5)),
    ("uuid is no UUID", lambda it: _first(it).update(uuid="1")),
    ("a uuid is used twice", lambda it: it["cards"][1].update(uuid=_first(it)["uuid"])),
    ("source.label is missing", lambda it: _first(it)["source"].pop("label")),
    ("source.url is not absolute", lambda it: _first(it)["source"].update(url="/knowledge")),
    ("source.topic: system is missing", lambda it: _first(it)["source"]["topic"].pop("system")),
    ("a link's type is not in the set", lambda it: _first(it)["links"][0].update(type="html")),
    ("a link's url is not absolute", lambda it: _first(it)["links"][0].update(url="rules")),
    ("appContext on a link", lambda it: _first(it)["links"][0].update(appContext="x")),
    ("overrideReasons: display is missing", lambda it: _first(it)["overrideReasons"][0].pop("display")),
    ("5 override reasons", lambda it: _first(it)["overrideReasons"].pop()),
    ("suggestions need selectionBehavior", lambda it: _first(it).pop("selectionBehavior")),
    ("is preselected", lambda it: _first(it)["suggestions"][0].update(isRecommended=True)),
    ("description is missing", lambda it: _first(it)["suggestions"][0]["actions"][0].pop("description")),
    ("type is not create", lambda it: _first(it)["suggestions"][0]["actions"][0].update(type="delete")),
    ("not a draft proposal", lambda it: _order(it).update(status="active")),
    ("the subject is not the patient", lambda it: _order(it).update(subject={"reference": "Patient/p2"})),
    ("not valid R4", lambda it: _order(it).update(banana=1)),
    ("not one of the order codes", lambda it: _order(it)["code"]["coding"][0].update(code="0-0")),
    ("is suggested twice", lambda it: _first(it)["suggestions"].append(_first(it)["suggestions"][0])),
    ("Observation/x was not given", lambda it: _finding(it).update(sources=["Observation/x"])),
    ("no sources", lambda it: _finding(it).update(sources=[])),
    ("the role is not in the set", lambda it: _finding(it).update(role="cause")),
    ("does not belong to the row", lambda it: _finding(it).update(id="statin")),
    ("members are not row, id, role", lambda it: _finding(it).update(score=1)),
    ("chain M99 is unknown", lambda it: _first(it)["extension"].update({CHAIN: "M99"})),
    ("the kind of card", lambda it: _first(it)["extension"].update({KIND: "extra"})),
    ("a card that flags nothing", lambda it: _first(it)["extension"].pop(FINDINGS)),
    ("a data card flags nothing", lambda it: it["cards"][2]["extension"].update({FINDINGS: [_finding(it)]})),
    ("raw HTML", _say("<b>low</b>")),
    ("an address", _say("see https://example.org")),
    ("a Markdown link", _say("[low](x)")),
    ("a code span", _say("`low`")),
    ("a control character", _say("a\u202eb")),
    ("forbidden wording: caused by", _say("caused by furosemide")),
    ("forbidden wording: must", _say("this must be changed")),
    ("forbidden wording: stop taking", _say("stop taking it")),
    ("unfilled: {drug}", _say("{drug}")),
    ("unfilled: None", _say("taken None")),
    ("a line break that no client shows", _say("one\ntwo")),
    ("at most 80 on a card of kind main", _say("word " * 80)),
    ("does not say that it is no diagnosis", lambda it: _first(it).update(detail="Evidence: B.")),
    ("shows no evidence grade", lambda it: _first(it).update(detail="K 3.1; not a diagnosis.")),
    ("cards are not in order", lambda it: it["cards"].reverse()),
    ("an also-consider or data card that is not info", lambda it: it["cards"][1].update(indicator="warning")),
    ("more than one data card", lambda it: it["cards"].append(it["cards"][2])),
    ("too many also-consider cards", lambda it: it["cards"].insert(1, it["cards"][1])),
    ("too many main cards", lambda it: it["cards"].__setitem__(slice(0, 1), [_info(it)] * 3)),
    ("main cards are not ranked", lambda it: it["cards"].insert(0, _info(it))),
    ("a row is on two cards", lambda it: it["cards"].insert(0, _first(it))),
]


def _info(response: JSON) -> JSON:
    return {**_first(response), "indicator": "info"}


@pytest.mark.parametrize(("problem", "spoil"), _SPOILERS, ids=[problem for problem, _ in _SPOILERS])
def test_what_is_wrong_is_found(
    request_: JSON, response: JSON, problem: str, spoil: Callable[[JSON], Any]
) -> None:
    spoiled = copy.deepcopy(response)
    spoil(spoiled)

    found = problems(request_, spoiled)

    assert any(problem in each for each in found), found


def test_the_dash_of_a_list_item_is_no_word() -> None:
    assert words("- K **3.1** mmol/L\n- Mg low") == 5
