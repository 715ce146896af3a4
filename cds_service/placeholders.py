"""What a knowledge file's {placeholders} stand for on one card."""

from collections.abc import Iterable, Mapping

from cds_service import phrases
from cds_service.card_texts import NO_VALUE
from cds_service.chains import Group
from cds_service.facts import Diagnosed, Fact, LabResult, Onset, Timing
from cds_service.knowledge import Knowledge


def fillings(group: Group, onset: Onset | None, knowledge: Knowledge) -> dict[str, str]:
    """Every placeholder that a file may use here; the loader has checked that it uses no other."""
    own = [each for each in group.findings if each not in (*group.joined, *group.rest)]
    every = [fact for finding in (group.lead, *own) for fact in finding.facts]
    drugs = [fact for fact in every if isinstance(fact, Timing)]
    entries = [fact for fact in every if isinstance(fact, Diagnosed)]
    fill = {"fact": _named(every[0], knowledge), "dated": _dated(every[0])}
    # a chain that is urgent by a code has no value to name
    fill |= {"value": fill["fact"], "values": fill["fact"], "taken_on": fill["dated"]}
    fill["drugs"] = phrases.joined(phrases.drug(each) for each in _members(group) or drugs)
    if drugs:
        lead = min(_members(group) or drugs, key=lambda each: each.time_class.strength)
        fill |= {
            "drug": phrases.drug(lead),
            "timing": phrases.timing_clause(lead, onset),
            "since": phrases.since(lead),
        }
    if results := _results(group):
        fill |= {
            "value": phrases.value(results[0], knowledge),
            "values": phrases.values(results, knowledge),
            # values of different days keep their own
            "taken_on": phrases.joined(str(each.taken) for each in results),
        }
    if entries:
        fill |= {
            "diagnosis": phrases.concept(entries[0], knowledge),
            "recorded_on": phrases.recorded(entries[0]),
        }
    return fill


def variant(group: Group) -> str:
    """Which wording of a section fits: that of the most urgent finding; in a chain also "no value"."""
    if group.lead.variant or group.chain is None:
        return group.lead.variant
    return "" if _results(group) else NO_VALUE


def _members(group: Group) -> list[Timing]:
    """The drugs that the card is about: not those that only join its chain."""
    joins = group.chain.joins if group.chain else ()
    beside = (*group.joined, *group.rest)
    own = (each for each in group.findings if each.row not in joins and each not in beside)
    facts: Iterable[Fact] = (fact for each in own for fact in each.facts)
    return [fact for fact in facts if isinstance(fact, Timing)]


def _results(group: Group) -> list[LabResult]:
    """One result an analyte, in the order of the findings."""
    found: dict[str, LabResult] = {}
    for each in group.findings:
        for fact in (*each.facts, *each.evidence):
            if isinstance(fact, LabResult):
                found.setdefault(fact.analyte, fact)
    return list(found.values())


def _named(fact: Fact, knowledge: Knowledge) -> str:
    if isinstance(fact, Timing):
        return phrases.dosed(fact)
    return phrases.value(fact, knowledge) if isinstance(fact, LabResult) else phrases.concept(fact, knowledge)


def _dated(fact: Fact) -> str:
    if isinstance(fact, Timing):
        return phrases.since(fact)
    return str(fact.taken) if isinstance(fact, LabResult) else phrases.recorded(fact)


def texts(group: Group) -> Mapping[str, str]:
    """The sections of the chain's file, or of the leading finding's."""
    return group.chain.texts if group.chain else group.lead.contributor.texts


def say(sections: Mapping[str, str], title: str, wording: str, fill: Mapping[str, str]) -> str:
    """A section of the file, in the variant's own wording where there is one, filled in."""
    text = sections.get(f"{title} ({wording})") if wording else None
    said = (text or sections[title]).format_map(fill)
    return said if title == "Options" else phrases.capital(said)
