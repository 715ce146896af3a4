"""A record that is opened is asked as a FHIR server would be; and so is a file of many people."""

import json
from datetime import date, timedelta
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.bench import CALL, Bench, body_of, cramps, file_of, furosemide, patient, potassium, record

JSON = dict[str, Any]
ANNE = "Patient/anne"
WHOLE = (patient("anne", "Anne"), cramps("c1", ANNE, "2026-05-05"))
LOINC = "http://loinc.org"


def asking(page: Page, **templates: str) -> Bench:
    """The workbench of a service that asks for these *templates*, too."""

    def more(route: Route) -> None:
        told = route.fetch().json()
        told["services"][0]["prefetch"].update(templates)
        route.fulfill(json=told)

    page.route("**/cds-services", more)
    return Bench(page).start()


def prefetch(bench: Bench, *resources: JSON) -> JSON:
    """What is sent of them, by key."""
    with bench.page.expect_request(CALL) as call:
        bench.open(file_of("anne.json", record(resources)))
    sent: JSON = body_of(call.value)["prefetch"]
    return sent


def ids(list_of: JSON) -> list[str]:
    return [entry["resource"]["id"] for entry in list_of["entry"]]


def test_of_a_long_list_the_oldest_and_what_has_no_date_are_left_out(page: Page) -> None:
    days = [date(2026, 1, 1) - timedelta(days=(7 * each) % 204) for each in range(204)]
    undated = furosemide("undated", ANNE, "")
    del undated["authoredOn"]
    orders = [undated, *(furosemide(f"m{day}", ANNE, str(day)) for day in days)]

    sent = prefetch(Bench(page).start(), *WHOLE, *orders)["medicationRequests"]

    newest = sorted(days, reverse=True)
    assert ids(sent) == [f"m{day}" for day in newest[:200]]


def test_what_has_no_date_comes_last(page: Page) -> None:
    undated = furosemide("undated", ANNE, "")
    del undated["authoredOn"]

    sent = prefetch(Bench(page).start(), *WHOLE, undated, furosemide("m1", ANNE, "2026-04-20"))

    assert ids(sent["medicationRequests"]) == ["m1", "undated"]


def test_a_code_counts_in_its_system_where_one_is_asked_for(page: Page) -> None:
    other = potassium("k2", ANNE, "2026-06-01", "3.1")
    other["code"]["coding"][0]["system"] = "urn:oid:1.2.3"
    bench = asking(
        page,
        inLoinc=f"Observation?patient={{{{context.patientId}}}}&code={LOINC}|2823-3",
        anywhere="Observation?patient={{context.patientId}}&code=2823-3",
    )

    sent = prefetch(bench, *WHOLE, potassium("k1", ANNE, "2026-06-01", "3.1"), other)

    assert ids(sent["inLoinc"]) == ["k1"]
    assert ids(sent["anywhere"]) == ["k1", "k2"]


def test_entries_of_another_category_are_not_sent(page: Page) -> None:
    category = [{"coding": [{"code": "laboratory"}]}]
    results = [
        {**potassium("k1", ANNE, "2026-06-01", "3.1"), "category": category},
        potassium("k2", ANNE, "2026-06-02", "3.1"),
    ]
    bench = asking(page, tests="Observation?patient={{context.patientId}}&category=laboratory")

    assert ids(prefetch(bench, *WHOLE, *results)["tests"]) == ["k1"]


def test_what_asks_for_more_than_this_client_knows_is_not_sent(page: Page) -> None:
    bench = asking(page, visit="Encounter/{{context.encounterId}}", lists="List?code={{userPractitionerId}}")

    sent = prefetch(bench, *WHOLE)

    assert not {"visit", "lists"} & sent.keys()
    assert "conditions" in sent


def test_a_member_with_any_name_is_sent(page: Page) -> None:
    """`__proto__` is one that scripts lose easily."""
    report = {**WHOLE[1], "__proto__": {"kept": [1]}}

    sent = prefetch(Bench(page).start(), WHOLE[0], report)

    assert sent["conditions"]["entry"][0]["resource"]["__proto__"] == {"kept": [1]}


def crowd(count: int, entries: int) -> bytes:
    """A file of so many people, each with so many *entries*."""
    people = [
        {"resourceType": "Patient", "id": f"p{each}", "birthDate": "1950-03-01"} for each in range(count)
    ]
    orders = [
        {"resourceType": "Basic", "id": f"b{each}-{n}", "subject": {"reference": f"Patient/p{each}"}}
        for each in range(count)
        for n in range(entries)
    ]
    return b"\n".join(json.dumps(each).encode() for each in (*people, *orders))


def test_too_many_people_are_told_at_once(page: Page) -> None:
    bench = Bench(page).start()

    bench.open(file_of("hospital.ndjson", crowd(20_000, 0)))

    expect(bench.alert).to_contain_text(
        "hospital.ndjson holds 20000 patients: at most 500 can be chosen from here. Try a file with one of them."
    )


def test_of_many_people_only_what_is_of_the_one_who_is_picked_is_looked_up(page: Page) -> None:
    bench = asking(page, basics="Basic?patient={{context.patientId}}")
    with page.expect_request(CALL) as first:
        bench.open(file_of("ward.ndjson", crowd(500, 80)))

    with page.expect_request(CALL) as last:
        page.get_by_label("Patient in the file").select_option("499")

    assert ids(body_of(first.value)["prefetch"]["basics"])[:2] == ["b0-0", "b0-1"]
    assert len(ids(body_of(last.value)["prefetch"]["basics"])) == 80
    assert ids(body_of(last.value)["prefetch"]["basics"])[0] == "b499-0"
