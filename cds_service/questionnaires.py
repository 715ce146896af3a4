"""The answered questions of a QuestionnaireResponse, each as a result whose concept is the question."""

from collections.abc import Iterable, Iterator

from cds_service import resources as fhir
from cds_service.observations import counted, measured, written_number
from cds_service.raw import lenient
from cds_service.record import LINK_ID, Coding, Concept, Measurement, Result


def answers(given: fhir.Given, response: fhir.QuestionnaireResponse) -> Iterator[Result]:
    """Every answer at any depth; a question without an answer says nothing."""
    for item, answer in _answered(lenient(response.item, tuple[fhir.Item, ...]) or ()):
        yield _answer(given, response, item, answer)


def _answered(items: Iterable[fhir.Item]) -> Iterator[tuple[fhir.Item, fhir.ItemAnswer]]:
    for item in items:
        for answer in item.answer or ():
            yield item, answer
            yield from _answered(answer.item or ())
        yield from _answered(item.item or ())


def _answer(
    given: fhir.Given, response: fhir.QuestionnaireResponse, item: fhir.Item, answer: fhir.ItemAnswer
) -> Result:
    coded = Concept((answer.value_coding,)) if answer.value_coding else None
    said = coded or (Concept(text=answer.value_string) if answer.value_string else None)
    number = _number(answer)
    return Result(
        source=given.source,
        concept=Concept((Coding(LINK_ID, item.link_id),) if item.link_id else None, item.text),
        status=response.status or "",
        taken=response.authored,
        measured=number,
        answer=said,
        said=answer.value_boolean,
        dated=None,
        low=None,
        high=None,
        site="",
        specimen="",
        remarks="",
        is_absent=said is None and number is None and answer.value_boolean is None,
        key=given.key,
    )


def _number(answer: fhir.ItemAnswer) -> Measurement | None:
    return (
        measured(answer.value_quantity)
        or written_number(answer.value_string)
        or counted(answer.value_integer)
        or counted(answer.value_decimal)
    )
