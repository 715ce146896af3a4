"""
Which entries some rule may read: told by their codes and names, before anything else of them is looked at.

Most of a long record is of no use to any rule. Whoever is in doubt is wanted: what is passed over here changes nothing.
"""

from collections.abc import Callable, Container

from cds_service.cramps import may_be_about
from cds_service.diagnoses import ends_a_pregnancy
from cds_service.raw import is_given
from cds_service.record import NOTHING, Concept
from cds_service.resources import (
    ABSENT,
    Component,
    Condition,
    Given,
    MedicationRequest,
    MedicationStatement,
    MedicationUse,
    Observation,
    Reasoned,
    ServiceRequest,
)
from cds_service.terminology import ValueSets

Wanted = Callable[[Given], bool]


def everything(_: Given) -> bool:
    """Every entry, as an integrator wants to see them."""
    return True


class _Asked(dict[Concept, bool]):
    """The answers to one question about concepts: records repeat themselves."""

    def __init__(self, question: Callable[[Concept], bool]) -> None:
        self._question = question

    def __missing__(self, concept: Concept) -> bool:
        answer = self[concept] = self._question(concept)
        return answer


class Wants:
    """
    The two looks at one record.

    *recognised* are the value sets whose diagnoses and results are kept. *paged* are the keys of lists that go on
    unread: there every medicine tells how far back they reach.
    """

    def __init__(self, value_sets: ValueSets, recognised: frozenset[str], paged: Container[str]) -> None:
        self._paged = paged
        self._is_about = _Asked(lambda concept: may_be_about(concept, value_sets))
        self._is_drug = _Asked(value_sets.may_be_drug)
        self._is_result = _Asked(
            lambda concept: value_sets.may_be_analyte(concept, recognised) or self._is_about[concept]
        )
        self._is_diagnosis = _Asked(
            lambda concept: (
                self._is_about[concept]
                or value_sets.may_be_diagnosis(concept, recognised)
                or ends_a_pregnancy(concept.words())
            )
        )

    def carriers(self, given: Given) -> bool:
        """What may report leg cramps, or refer to what does."""
        resource = given.resource
        if type(resource) is Observation:
            return self._is_about[resource.code or NOTHING] or (
                _holds_more(resource) and self._says_so(resource)
            )
        if type(resource) is Condition:
            return self._is_about[resource.code or NOTHING]
        if type(resource) is MedicationRequest or type(resource) is MedicationStatement:
            return _has_reasons(resource)
        return type(resource) is not ServiceRequest or _has_reasons(resource)

    def read_by_rules(self, given: Given) -> bool:
        """What some rule may read: carriers, and whatever is known by its code or name."""
        resource = given.resource
        if type(resource) is Observation:
            return self._is_result[resource.code or NOTHING] or (
                _holds_more(resource) and (self._says_so(resource) or self._has_results(resource))
            )
        if type(resource) is Condition:
            return self._is_diagnosis[resource.code or NOTHING]
        if type(resource) is MedicationRequest or type(resource) is MedicationStatement:
            return given.key in self._paged or self._is_medicine(resource)
        return True

    def _says_so(self, result: Observation) -> bool:
        """Whether an answer or a part is about cramps, or members may be contained in it."""
        if is_given(result.has_member) or self._is_answered(result):
            return True
        return any(
            self._is_about[part.code or NOTHING] or self._is_answered(part) for part in result.component or ()
        )

    def _is_answered(self, result: Observation | Component) -> bool:
        """Whether the answer names cramps."""
        answer, text = result.value_codeable_concept, result.value_string
        return (answer is not None and self._is_about[answer]) or (
            text is not None and self._is_about[Concept(text=text)]
        )

    def _has_results(self, result: Observation) -> bool:
        return any(self._is_result[part.code or NOTHING] for part in result.component or ())

    def _is_medicine(self, medicine: MedicationUse) -> bool:
        """One that is named by a reference is looked at where that leads."""
        named = medicine.medication
        concept = named.concept if named is not None else medicine.medication_codeable_concept
        if concept is None or not (concept.coding or concept.text):
            return True
        return self._is_drug[concept] or _has_reasons(medicine)


def _holds_more(result: Observation) -> bool:
    """Whether there is more to a result than its name and a number."""
    return (
        result.component is not None
        or result.value_string is not None
        or result.value_codeable_concept is not None
        or result.has_member is not ABSENT
    )


def _has_reasons(resource: Reasoned) -> bool:
    return is_given(resource.reason_code) or is_given(resource.reason_reference) or is_given(resource.reason)
