"""The dated facts of a main card, as items of a Markdown list."""

from collections.abc import Iterable

from cds_service import phrases
from cds_service.chains import Group
from cds_service.facts import Diagnosed, Fact, Facts, LabResult, Timing
from cds_service.findings import Finding
from cds_service.knowledge import Knowledge

_FEW = 3  # names of what stands beside the matter of a card


def bullets(
    group: Group, beside: Iterable[str], facts: Facts, knowledge: Knowledge
) -> tuple[str, list[str], list[str]]:
    """
    The dated facts: drugs with the onset, results, diagnoses; what else is taken that matters; for what.

    Drugs told *beside* a value as its likely cause are not told again.
    """
    own = [each for each in group.findings if not _is_aside(each, group)]
    told = list(dict.fromkeys(fact for each in own for fact in each.facts))
    named_drugs = {phrases.drug(each): each for each in reversed(told) if isinstance(each, Timing)}
    drugs = [each for name, each in reversed(named_drugs.items()) if name not in beside]
    named = {phrases.drug(each) for each in drugs}
    evidence = [fact for each in own for fact in each.evidence if fact not in told]
    companions = [each.companion for each in told if isinstance(each, LabResult) and each.companion]
    evidence += [each for each in companions if each.analyte != "albumin"]  # the bullet names it
    others = {phrases.drug(each) for each in evidence if isinstance(each, Timing)} - named - set(beside)
    entries = {each.source for each in told if isinstance(each, Diagnosed)}
    conditions = {
        f"{phrases.concept(each, knowledge)} ({phrases.recorded(each)})"
        for each in evidence
        if isinstance(each, Diagnosed) and each.source not in entries
    }
    lines = ["; ".join((*map(phrases.course, drugs), phrases.onset(facts)))]
    lines += [phrases.measured(sample, facts, knowledge) for sample in samples([*told, *evidence])]
    lines += [phrases.diagnosis(each, facts, knowledge) for each in _entries(told, evidence)]
    beside = (
        [f"also on record: {phrases.joined([*sorted(others), *sorted(conditions)])}"]
        if others | conditions
        else []
    )
    known = {*told, *evidence}
    aside = [fact for each in group.findings if each not in own for fact in each.facts if fact not in known]
    usual = [f"beside it: {phrases.joined(_names(aside, knowledge))}"] if aside else []
    usual += [phrases.other_reports(facts)] if phrases.other_reports(facts) else []
    if given_for := _indications(group, drugs, facts, knowledge):
        usual.append(f"possible indication on record: {phrases.joined(given_for)}")
    return "\n".join(items(lines)), beside, usual


def _names(facts: Iterable[Fact], knowledge: Knowledge) -> list[str]:
    """Drugs and diagnoses by their names, at most three."""
    drugs = [phrases.drug(each) for each in facts if isinstance(each, Timing)]
    entries = [phrases.concept(each, knowledge) for each in facts if isinstance(each, Diagnosed)]
    names = list(dict.fromkeys((*drugs, *entries)))
    return names if len(names) <= _FEW else [*names[:_FEW], f"{len(names) - _FEW} more"]


def _is_aside(finding: Finding, group: Group) -> bool:
    """
    Whether it is on the card only as a member of another chain, or as a condition that explains.

    No value is, and no red flag. One condition that explains is told as any other where nothing is urgent.
    """
    if finding.flag:
        return False
    if finding in group.rest:
        return finding.contributor.kind != "lab"
    explaining = [each for each in group.joined if each.contributor.kind in ("condition", "state")]
    return finding in explaining and (group.level == "critical" or len(explaining) > 1)


def _indications(group: Group, drugs: Iterable[Timing], facts: Facts, knowledge: Knowledge) -> list[str]:
    """What the drugs are given for: the recorded reasons, else diagnoses that are usual reasons."""
    reasons = [phrases.harmless(reason) for drug in drugs for reason in drug.course.reasons]
    if reasons:
        return list(dict.fromkeys(reasons))[:2]
    usual = dict.fromkeys(name for each in group.findings for name in each.contributor.indications)
    entries = (entry for name in usual for entry in facts.diagnoses.get(name, ())[:1])
    return [phrases.concept(entry, knowledge) for entry in entries][:2]


def items(lines: Iterable[str]) -> list[str]:
    """As items of a Markdown list, each once."""
    return list(dict.fromkeys(f"- {phrases.capital(line)}" for line in lines))


def _entries(told: Iterable[Fact], evidence: Iterable[Fact]) -> Iterable[list[Diagnosed]]:
    """
    Each diagnosis once, by an entry that states its onset where there is one; those read from one entry together.

    What an entry that is told says besides, as *evidence*, is told with it.
    """
    chosen: dict[str, Diagnosed] = {}
    for each in told:
        if isinstance(each, Diagnosed):
            known = chosen.setdefault(each.concept, each)
            if known.on == known.recorded and each.on != each.recorded:
                chosen[each.concept] = each
    entries: dict[str, list[Diagnosed]] = {}
    for each in chosen.values():
        entries.setdefault(each.source, []).append(each)
    for fact in evidence:
        if isinstance(fact, Diagnosed) and fact.source in entries and fact.concept not in chosen:
            entries[fact.source].append(fact)
    return entries.values()


def samples(told: Iterable[Fact]) -> Iterable[list[LabResult]]:
    """Results of one day together."""
    samples: dict[object, list[LabResult]] = {}
    for each in dict.fromkeys(fact for fact in told if isinstance(fact, LabResult)):
        samples.setdefault((each.taken, each.clock), []).append(each)
    return samples.values()
