"""What a card offers to consider: the file's options, less what this patient must not be offered."""

import re
from collections.abc import Mapping
from itertools import zip_longest

from cds_service.chains import Group
from cds_service.facts import Facts, TimeClass, Timing
from cds_service.knowledge import Ban, Knowledge
from cds_service.placeholders import say, texts, variant
from cds_service.truth import Case

_STOPPED = (TimeClass.RECENTLY_STOPPED, TimeClass.STOPPED_SINCE)


def options(group: Group, fill: Mapping[str, str], facts: Facts, knowledge: Knowledge) -> str:
    """A drug that was stopped needs no change: the question is what stopping did."""
    lead = group.lead.facts[0]
    if group.chain is None and isinstance(lead, Timing) and lead.time_class in _STOPPED:
        return knowledge.guards.after_stopping
    said = _urgent_options(group) or say(texts(group), "Options", variant(group), fill)
    for ban in knowledge.guards.bans:
        if any(word in said for word in ban.words) and ban.when.answer(Case(facts)).holds:
            said = _without(ban, said)
    return said


def _urgent_options(group: Group) -> str:
    """Of several urgent values on one card the options of each, in turn; "" for any other card."""
    urgent = [each for each in group.findings if each.level == "critical" and not group.chain]
    if len(urgent) < 2 or group.lead.flag:
        return ""
    sections = [each.contributor.texts for each in urgent]
    named = [each.get("Options (critical)", each["Options"]).rstrip(".").split("; ") for each in sections]
    return f"{'; '.join(dict.fromkeys(clause for turn in zip_longest(*named) for clause in turn if clause))}."


def _without(ban: Ban, options: str) -> str:
    """The options with what is banned for this patient replaced, once."""
    clauses = [
        ban.instead if any(word in clause for word in ban.words) else clause
        for clause in re.split(r"[;,] ", options.rstrip("."))
    ]
    return f"{'; '.join(dict.fromkeys(clauses))}."
