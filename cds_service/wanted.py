"""
Which entries some rule may read: told by their codes and names, before anything else of them is looked at.

Most of a long record is of no use to any rule. Whoever is in doubt is wanted: what is passed over here changes nothing.
"""

from collections.abc import Callable, Container

from cds_service.cramps import may_be_about
from cds_service.diagnoses import ends_a_pregnancy
from cds_service.raw import is_given
from cds_service.record import NOTHING, Concept
from cds_service.resources import Component, Given, Resource
from cds_service.terminology import ValueSets

Wanted = Callable[[Given], bool]


def everything(_: Given) -> bool:
    """Every entry, as an integrator wants to see them."""
    return True


def carriers(value_sets: ValueSets) -> Wanted:
    """What may report leg cramps. For one record: what its concepts say is kept."""
    return _Carriers(value_sets).wants


def read_by_rules(value_sets: ValueSets, recognised: frozenset[str], paged: Container[str]) -> Wanted:
    """
    What a rule may read: diagnoses and results of the value sets that are *recognised*. For one record, as `carriers`.

    *paged* are the keys of lists that go on unread: there every medicine tells how far back they reach.
    """
    return _ReadByRules(value_sets, recognised, paged).wants


class _Asked(dict[Concept, bool]):
    """The answers to one question about concepts: records repeat themselves."""

    def __init__(self, question: Callable[[Concept], bool]) -> None:
        self._question = question

    def __missing__(self, concept: Concept) -> bool:
        answer = self[concept] = self._question(concept)
        return answer


class _Carriers:
    """Entries that may report cramps, or refer to one that does."""

    def __init__(self, value_sets: ValueSets) -> None:
        self._is_about = _Asked(lambda concept: may_be_about(concept, value_sets))

    def wants(self, given: Given) -> bool:
        resource = given.resource
        match resource.resource_type:
            case "Observation":
                return self._wants_result(resource)
            case "Condition":
                return self._is_about[resource.code or NOTHING]
            case "MedicationRequest" | "MedicationStatement" | "ServiceRequest":
                return _has_reasons(resource)
            case _:
                return True

    def _wants_result(self, result: Resource) -> bool:
        if self._says_so(result) or is_given(result.has_member):  # members may be contained in it
            return True
        return result.component is not None and any(map(self._says_so, result.component))

    def _says_so(self, result: Resource | Component) -> bool:
        is_about, answer, text = self._is_about, result.value_codeable_concept, result.value_string
        return (
            is_about[result.code or NOTHING]
            or (answer is not None and is_about[answer])
            or (text is not None and is_about[Concept(text=text)])
        )


class _ReadByRules(_Carriers):
    """Carriers, and whatever is known by its code or name."""

    def __init__(self, value_sets: ValueSets, recognised: frozenset[str], paged: Container[str]) -> None:
        super().__init__(value_sets)
        self._paged = paged
        self._is_drug = _Asked(value_sets.may_be_drug)
        self._is_analyte = _Asked(lambda concept: value_sets.may_be_analyte(concept, recognised))
        self._is_diagnosis = _Asked(
            lambda concept: (
                value_sets.may_be_diagnosis(concept, recognised) or ends_a_pregnancy(concept.words())
            )
        )

    def wants(self, given: Given) -> bool:
        resource = given.resource
        match resource.resource_type:
            case "Observation":
                return self._is_read(resource)
            case "Condition":
                concept = resource.code or NOTHING
                return self._is_about[concept] or self._is_diagnosis[concept]
            case "MedicationRequest" | "MedicationStatement":
                return given.key in self._paged or self._wants_medicine(resource)
            case _:
                return True

    def _is_read(self, result: Resource) -> bool:
        if self._is_analyte[result.code or NOTHING] or self._wants_result(result):
            return True
        parts = result.component or ()
        return any(self._is_analyte[part.code or NOTHING] for part in parts)

    def _wants_medicine(self, medicine: Resource) -> bool:
        """One that is named by a reference is looked at where that leads."""
        named = medicine.medication
        concept = named.concept if named is not None else medicine.medication_codeable_concept
        if concept is None or not (concept.coding or concept.text):
            return True
        return self._is_drug[concept] or _has_reasons(medicine)


def _has_reasons(resource: Resource) -> bool:
    return is_given(resource.reason_code) or is_given(resource.reason_reference) or is_given(resource.reason)
