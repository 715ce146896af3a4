"""Files of records, opened at the workbench: every shape they come in, and what is wrong with some."""

import gzip
import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.bench import (
    CALL,
    FIRST,
    SILENT,
    STORIES,
    Bench,
    body_of,
    bundle,
    cramps,
    file_of,
    furosemide,
    patient,
    potassium,
    record,
)

JSON = dict[str, Any]

ANNE = "Patient/anne"
WHOLE = (
    patient("anne", "Anne"),
    cramps("c1", ANNE, "2026-05-05"),
    furosemide("m1", ANNE, "2026-04-20"),
    potassium("k1", ANNE, "2026-06-01", "3.1"),
)
LOW_POTASSIUM = "Low K 3.1 mmol/L"


def sent_of(bench: Bench, name: str, content: bytes) -> JSON:
    """The hook call that opening a file leads to."""
    with bench.page.expect_request(CALL) as call:
        bench.open(file_of(name, content))
    bench.answered()
    return body_of(call.value)


def resources(list_of: JSON) -> list[JSON]:
    return [entry["resource"] for entry in list_of["entry"]]


@pytest.fixture
def bench(shown: Page) -> Bench:
    """A patient without cards, in a window where files may have been opened before."""
    bench = Bench(shown)
    if shown.url == "about:blank":
        bench.start()
    bench.choose(SILENT)
    expect(bench.summaries).to_have_count(0)
    return bench


# --- shapes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["collection", "transaction", "document", "searchset", "batch", "message"])
def test_a_bundle_of_any_type_is_opened(kind: str, bench: Bench) -> None:
    bench.open(file_of(f"{kind}.json", json.dumps(bundle(*WHOLE, kind=kind)).encode()))

    expect(bench.banner).to_contain_text(f"{kind}.json")
    bench.shown("Anne Testwell")
    expect(bench.summaries.first).to_contain_text(LOW_POTASSIUM)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("anne.json.gz", gzip.compress(record(WHOLE))),
        ("anne.ndjson", b"\n".join(json.dumps(each).encode() for each in WHOLE)),
        ("with-a-mark.json", b"\xef\xbb\xbf" + record(WHOLE)),
        (
            "parameters.json",
            json.dumps(
                {
                    "resourceType": "Parameters",
                    "parameter": [{"name": "outer", "part": [{"name": "in", "resource": bundle(*WHOLE)}]}],
                }
            ).encode(),
        ),
    ],
    ids=["gzip", "ndjson", "byte order mark", "parameters"],
)
def test_a_record_is_opened_however_it_is_packed(name: str, content: bytes, bench: Bench) -> None:
    bench.open(file_of(name, content))

    expect(bench.banner).to_contain_text(name)
    bench.shown("Anne Testwell")
    expect(bench.summaries.first).to_contain_text(LOW_POTASSIUM)


def test_a_hook_request_is_sent_as_it_is_but_for_who_it_is(bench: Bench) -> None:
    request = json.loads((STORIES / "furosemide-low-potassium" / "request.json").read_text("utf-8"))
    request["fhirAuthorization"] = {
        "access_token": "secret",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "workbench",
    }

    sent = sent_of(bench, "request.json", json.dumps(request).encode())

    assert "fhirAuthorization" not in sent
    assert sent["context"]["userId"] == request["context"]["userId"]
    assert sent["context"]["patientId"] != request["context"]["patientId"]
    assert sent["prefetch"].keys() == request["prefetch"].keys()
    expect(bench.banner).to_contain_text("Its access token is not sent on.")


def test_a_file_may_be_dropped_on_the_page(page: Page) -> None:
    bench = Bench(page).start()
    data = page.evaluate_handle(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'anne.json')); return data; }",
        record(WHOLE).decode(),
    )

    page.locator(".bench").dispatch_event("drop", {"dataTransfer": data})

    bench.shown("Anne Testwell")


# --- what is sent ---------------------------------------------------------------------------------------------


def test_prefetch_is_filled_as_discovery_asks(bench: Bench) -> None:
    """Newest first, only the codes that are asked for, an empty searchset where there is nothing."""
    height = potassium("h1", ANNE, "2026-06-01", "170")
    height["code"]["coding"][0]["code"] = "8302-2"
    older = potassium("k0", ANNE, "2025-06-01", "4.1")

    sent = sent_of(bench, "anne.json", record((WHOLE[0], height, older, *WHOLE[1:])))

    asked = bench.page.evaluate("fetch('cds-services').then(answer => answer.json())")["services"][0][
        "prefetch"
    ]
    assert sent["prefetch"].keys() == asked.keys()
    assert [each["id"] for each in resources(sent["prefetch"]["labs"])] == ["k1", "k0"]
    assert sent["prefetch"]["serviceRequests"]["entry"] == []
    assert sent["prefetch"]["labs"]["total"] == 2
    assert all(
        each.get("resourceType") == "Bundle" for key, each in sent["prefetch"].items() if key != "patient"
    )


@pytest.mark.parametrize(
    "reference",
    ["urn:uuid:anne", "Patient/anne", "https://fhir.example/r4/Patient/anne/_history/2"],
    ids=["fullUrl", "relative", "absolute"],
)
def test_references_to_the_patient_follow_the_new_id(reference: str, bench: Bench) -> None:
    sent = sent_of(bench, "anne.json", record((WHOLE[0], cramps("c1", reference, "2026-05-05"))))

    (report,) = resources(sent["prefetch"]["conditions"])
    new = sent["context"]["patientId"]
    assert new != "anne"
    assert report["subject"]["reference"] == f"Patient/{new}"
    assert sent["prefetch"]["patient"]["id"] == new


def test_medicines_that_are_referred_to_come_along(bench: Bench) -> None:
    medicine = {
        "resourceType": "Medication",
        "id": "med",
        "code": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "4603"}]},
    }
    order = furosemide("m1", ANNE, "2026-04-20")
    del order["medicationCodeableConcept"]
    order["medicationReference"] = {"reference": "urn:uuid:med"}

    sent = sent_of(bench, "anne.json", record((*WHOLE[:2], order, medicine, WHOLE[3])))

    modes = [entry["search"]["mode"] for entry in sent["prefetch"]["medicationRequests"]["entry"]]
    assert modes == ["match", "include"]
    expect(bench.summaries.first).to_contain_text("diuretic")


def test_of_a_long_list_the_newest_are_sent_and_the_rest_is_told(bench: Bench) -> None:
    orders = [furosemide(f"m{day}", ANNE, f"2026-01-{day % 28 + 1:02}") for day in range(205)]

    sent = sent_of(bench, "anne.json", record((*WHOLE[:2], *orders)))

    orders_sent = sent["prefetch"]["medicationRequests"]
    assert len(orders_sent["entry"]) == 200
    assert orders_sent["total"] == 205
    assert orders_sent["link"][0]["relation"] == "next"


def test_of_several_patients_one_is_chosen(page: Page) -> None:
    both = (*WHOLE, patient("bert", "Bert"), furosemide("m2", "Patient/bert", "2026-04-20"))
    bench = Bench(page).start()
    sent_of(bench, "both.json", record(both))
    expect(bench.summaries.first).to_contain_text(LOW_POTASSIUM)

    with page.expect_request(CALL) as call:
        page.get_by_label("Patient in the file").select_option("2: Bert Testwell")

    bench.shown("Bert Testwell")
    assert [each["id"] for each in resources(body_of(call.value)["prefetch"]["medicationRequests"])] == ["m2"]
    assert resources(body_of(call.value)["prefetch"]["conditions"]) == []
    expect(bench.summaries).to_have_count(0)


def test_nothing_of_a_record_is_in_the_address_or_kept(page: Page) -> None:
    bench = Bench(page).start()

    bench.open(file_of("anne.json", record(WHOLE)))
    bench.shown("Anne Testwell")
    bench.tab("Request").click()

    assert page.url.endswith("/#tab=request")
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_what_was_not_taken_from_a_file_is_told(page: Page) -> None:
    visit = {"resourceType": "Encounter", "id": "e1", "status": "finished", "subject": {"reference": ANNE}}
    other = cramps("c9", "Patient/somebody", "2026-05-05")
    content = bundle(*WHOLE, visit, other, link=[{"relation": "next", "url": "https://fhir.example/next"}])
    content["entry"] += ["nonsense", {"request": {"method": "DELETE", "url": "Condition/1"}}]
    bench = Bench(page).start()

    bench.open(file_of("anne.json", json.dumps(content).encode()))

    bench.shown("Anne Testwell")
    expect(bench.banner.get_by_role("listitem")).to_have_text(
        [
            "1 entry could not be read.",
            "1 entry about somebody who is not in the file left out.",
            "The file says that the record goes on elsewhere.",
            "1 Encounter not sent: the service does not ask for them.",
        ]
    )


def test_a_built_in_patient_can_be_chosen_after_a_file(page: Page) -> None:
    bench = Bench(page).start()
    titles = bench.stories.locator("option").all_text_contents()
    bench.open(file_of("anne.json", record(WHOLE)))
    bench.shown("Anne Testwell")
    assert bench.title() == "(an opened record)"

    bench.button("Next").click()

    expect(bench.stories.locator("option:checked")).to_have_text(titles[0])
    expect(bench.banner).to_contain_text("built-in, synthetic")


def test_a_large_body_is_shown_in_part(page: Page) -> None:
    many = [potassium(f"k{day}", ANNE, f"2025-0{day % 9 + 1}-11", "4.1") for day in range(400)]
    bench = Bench(page).start()
    bench.open(file_of("anne.json", record((*WHOLE, *many))))
    bench.shown("Anne Testwell")

    bench.tab("Request").click()

    expect(bench.panel).to_contain_text("Shown are the first 100.0 kB of")
    assert len(bench.panel.get_by_role("region").inner_text()) <= 100_000


# --- what can't be opened -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty."),
        (b"{", "is no JSON, or breaks off."),
        (record(WHOLE)[:-200], "is no JSON, or breaks off."),
        (b"<Bundle/>", "is XML: only FHIR as JSON can be opened."),
        (b"\xff\xfe\x00", "is no text in UTF-8."),
        (b"[1, 2]", "holds no FHIR Bundle"),
        (record(WHOLE[1:]), "holds no Patient."),
        (gzip.compress(record(WHOLE))[:-40], "is damaged"),
        (gzip.compress(b" " * 70_000_000), "is too large"),
        (b'{"hook": "order-sign", "context": {}}', "is a request of another hook"),
        (b'{"hook": "patient-view"}', "is a hook request whose context names no patient"),
    ],
    ids=[
        "empty",
        "no JSON",
        "broken off",
        "XML",
        "no UTF-8",
        "no FHIR",
        "no Patient",
        "damaged gzip",
        "too large",
        "another hook",
        "no context",
    ],
)
def test_a_file_that_cannot_be_opened_says_why_and_leaves_the_patient(
    content: bytes, said: str, bench: Bench, request: pytest.FixtureRequest
) -> None:
    name = f"{request.node.callspec.id}.json"
    bench.choose(FIRST)

    bench.open(file_of(name, content))

    expect(bench.alert).to_contain_text(f"{name} {said}")
    expect(bench.alert).to_contain_text("Nothing was sent.")
    expect(bench.banner).to_contain_text("Margaret Testwell")


def test_a_file_that_cannot_be_opened_is_forgotten_once_another_is(page: Page) -> None:
    bench = Bench(page).start()
    bench.open(file_of("broken.json", b"{"))
    expect(bench.alert).to_contain_text("broken.json")

    bench.open(file_of("anne.json", record(WHOLE)))

    bench.shown("Anne Testwell")
    expect(bench.alert).to_be_empty()
