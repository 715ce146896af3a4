"""What a site may choose about its cards."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cds_service.hooks import Indicator


@dataclass(frozen=True, slots=True)
class Policy:
    """
    *indicator_cap* is the highest indicator shown. *more_reasons* offers the override reasons of single rules too.

    *pathways* are a site's own pages by row or chain id, linked from its cards. *says_nothing_found* gives one card
    where cramps are reported and no contributor was found, in place of silence. *fade_after* is how often one reader is
    shown the same card (CARDS B1.6); 0: it never fades for having been shown. *has_timeline* links the picture from
    cards, where the EHR that shows them can open it.
    """

    indicator_cap: Indicator = "critical"
    more_reasons: bool = False
    pathways: Mapping[str, str] = field(default_factory=dict)
    says_nothing_found: bool = False
    fade_after: int = 0
    has_timeline: bool = False


USUAL = Policy()
INDICATORS: Mapping[str, Indicator] = {"critical": "critical", "warning": "warning", "info": "info"}
