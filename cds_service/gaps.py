"""What was missing, unreadable or cut off and could change the answer, in words for the data card."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cds_service.facts import Facts, Unusable
from cds_service.laboratory import Analyte
from cds_service.phrases import capital, joined

_LISTS = {
    "conditions": "conditions",
    "medicationStatements": "medication statements",
    "medicationRequests": "medication requests",
    "labs": "laboratory results",
    "glucose": "glucose results",
    "observations": "symptom, pregnancy and other observations",
    "serviceRequests": "active orders",
}
_READ = {
    "Condition",
    "Observation",
    "MedicationStatement",
    "MedicationRequest",
    "Medication",
    "OperationOutcome",
    "Bundle",
    "",
}
_HISTORY = 365  # days: an older result would not have been used anyway
_MOST = 4  # results named one by one


@dataclass(frozen=True, slots=True)
class Gaps:
    """The sentences of the data card; *orders* is the one that matters only beside a suggested order."""

    told: tuple[str, ...]
    orders: str

    def lines(self, *, orders_matter: bool) -> tuple[str, ...]:
        """What to tell; empty when nothing is missing that could change the answer."""
        return (*self.told, self.orders) if self.orders and orders_matter else self.told


def gaps(facts: Facts, analytes: Mapping[str, Analyte]) -> Gaps:
    """Compare what was needed with what was supplied; *analytes* are those whose values can change the answer."""
    missing = [_LISTS[key] for key in _LISTS if key in facts.missing and key != "serviceRequests"]
    cut = [_LISTS[key] for key in _LISTS if key in facts.cut_off and key != "serviceRequests"]
    told = []
    if missing:
        told.append(f"Not supplied: {joined(missing)}")
    if cut:
        told.append(f"Possibly cut off: {joined(cut)}")
    told += _unread(facts)
    told += _unusable(facts, analytes)
    return Gaps(tuple(told), _orders(facts))


def _orders(facts: Facts) -> str:
    if "serviceRequests" in facts.missing:
        return "Active orders were not supplied: a suggested test may already be on order"
    if "serviceRequests" in facts.cut_off:
        return "Active orders were possibly cut off: a suggested test may already be on order"
    return ""


def _unread(facts: Facts) -> Sequence[str]:
    counts = Counter(kind or "entry of unreadable type" for _, kind in facts.unread if kind in _READ)
    return [f"{count} {kind} could not be read" for kind, count in sorted(counts.items())]


def _unusable(facts: Facts, analytes: Mapping[str, Analyte]) -> Sequence[str]:
    """Results that were not used, unless a newer one of the analyte was."""
    open_ = [each for each in facts.unusable if each.analyte in analytes and _matters(each, facts)]
    named = [
        f"{analytes[each.analyte].label} {f'of {each.taken}' if each.taken else 'without a date'}: {each.why}"
        for each in open_[:_MOST]
    ]
    more = [f"and {len(open_) - _MOST} more results"] if len(open_) > _MOST else []
    return [capital(each) for each in dict.fromkeys(named + more)]


def _matters(each: Unusable, facts: Facts) -> bool:
    if each.taken is None:
        return True
    if (facts.today - each.taken.last).days > _HISTORY:
        return False
    return not any(used.taken.first > each.taken.last for used in facts.results.get(each.analyte, ()))
