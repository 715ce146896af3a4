"""From the settings to what every command starts with: the knowledge, and the site it speaks at."""

from cds_service.advise import Site
from cds_service.contributors import load
from cds_service.knowledge import Knowledge
from cds_service.policy import INDICATORS, Policy
from cds_service.prefetch import Asks
from cds_service.settings import Settings


def knowledge(settings: Settings) -> Knowledge:
    """
    The knowledge files, the value sets and the site's own codes, loaded and checked.

    Raises:
        KnowledgeInvalid: If anything in them is not understood.
    """
    asks = Asks(settings.labs_by, settings.also_ask)
    return load(settings.cards, settings.profile, settings.code_map, asks, settings.approvals)


def site(settings: Settings, known: Knowledge) -> Site:
    """What stays the same between requests."""
    policy = Policy(
        indicator_cap=INDICATORS[settings.indicator_cap],
        more_reasons=settings.more_override_reasons,
        pathways=dict(_pair(each) for each in settings.pathways),
        says_nothing_found=settings.say_nothing_found,
        fade_after=settings.showings,
    )
    return Site.of(known, settings.base_url, settings.zone, frozenset(settings.cramp_link_ids), policy)


def _pair(written: str) -> tuple[str, str]:
    rule, _, address = written.partition("=")
    return rule, address
