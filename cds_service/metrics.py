"""Figures for Prometheus: what is answered and how fast; nothing of a patient, and no word that a caller chose."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, multiprocess
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from cds_service import __version__, order_signing
from cds_service.knowledge import Knowledge

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""
The library's variable for the folder through which several processes share their figures.

It has to be set before the library is imported.
"""

OTHER = "other"
"""Stands for whatever is not on the list of a label: the lists keep the number of series small, and words out."""

STAGES = frozenset(
    {"authenticate", "read", "decode", "fetch", "glance", "consider", "recall", "word", "wait"}
)
"""The stages of a call; "recall" asks the store what was shown before."""

SILENCES = frozenset(
    {
        *("no-report", "no-report-but-unread-conditions", "no-report-but-conditions-cut-off"),
        *("no-report-but-unread-entries", "no-report-but-missing-lists", "denied", "other-site", "refuted"),
        *("resolved", "undated-reason", "undated-observation", "too-old", "unclear", "absent-later"),
        *("deceased", "minor", "patient-user", "nothing-found", "nothing-signed", "faded", "silent-mode"),
        *("no-quinine-ordered", "no-quinine-ordered-but-unread-drafts"),
    }
)
"""Reasons of empty answers."""

UNKNOWN_CALLERS = frozenset(
    {
        *("no-token", "malformed", "algorithm", "signature", "unknown-key", "issuer", "audience", "tenant"),
        *("claims", "expired", "not-yet", "replayed"),
    }
)
"""Why somebody was not let in."""

FETCHES = frozenset(
    {
        *(
            "ok",
            "more",
            "withheld",
            "partly-withheld",
            "stray-next",
            "another-patient",
            "wrong-type",
            "outcome",
        ),
        *("not-fhir", "too-large", "patient-id", "timeout", "connection", "protocol", "encoding", "name"),
        *("address", "address-refused", "tls", "tls-untrusted", "tls-name", "tls-expired"),
        *("no-fhir-server", "no-access-token", "fhir-server-not-listed"),
        *("status-2xx", "status-3xx", "status-4xx", "status-5xx"),
    }
)
"""What becomes of a list that is fetched; a status counts as one of its hundred."""

_STATUSES = frozenset({200, 400, 401, 403, 404, 405, 408, 412, 413, 415, 422, 500, 503})
_INDICATORS = frozenset({"info", "warning", "critical"})
_OUTCOMES = frozenset({"accepted", "overridden"})
_NOT_OF_ROWS = frozenset({"also-consider", "data", "nothing-found", order_signing.RULE})
_MEDICATIONS = "(medications)"  # what lists of medicines refer to is read one by one
# A call takes some milliseconds; with four seconds of fetching at the most, five are too many.
_CALL_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_STAGE_SECONDS = (0.0005, 0.001, *_CALL_SECONDS)

_Metric = TypeVar("_Metric", bound=MetricWrapperBase)


class _Series(Generic[_Metric]):
    """A metric's series by the values of its labels; kept, since finding one costs the library more than counting."""

    def __init__(self, metric: _Metric) -> None:
        self._metric = metric
        self._kept: dict[tuple[str, ...], _Metric] = {}

    def __call__(self, *values: str) -> _Metric:
        series = self._kept.get(values)
        if series is None:
            series = self._kept[values] = self._metric.labels(*values)
        return series


class Metrics:
    """
    What one application counts, in a registry of its own.

    *services* are the hooks by the id of their service, *clients* the names in the clients file, *reasons* the codes of
    override reasons that our cards offer besides those of the knowledge files.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        services: Mapping[str, str],
        clients: Iterable[str] = (),
        reasons: Iterable[str] = (),
    ) -> None:
        self._services = services
        self._clients = frozenset(clients)
        self._keys = frozenset({*knowledge.prefetch, _MEDICATIONS})
        rows = {each.row: each.override_reasons for each in knowledge.contributors}
        chains = {each.id: each.override_reasons for each in knowledge.chains}
        self._rules = frozenset({*_NOT_OF_ROWS, *rows, *chains})
        self._reasons = frozenset(reasons).union(*rows.values(), *chains.values())
        self._folder = os.environ.get(SHARED)
        self._registry = CollectorRegistry()
        self._make(self._registry)
        self._tell(knowledge)

    @property
    def reasons(self) -> frozenset[str]:
        """The codes of override reasons that are known."""
        return self._reasons

    def _make(self, registry: CollectorRegistry) -> None:
        def counter(name: str, tells: str, *labels: str) -> _Series[Counter]:
            return _Series(Counter(f"legcramps_{name}", tells, labels, registry=registry))

        def plain(name: str, tells: str) -> Counter:
            return Counter(f"legcramps_{name}", tells, registry=registry)

        def histogram(name: str, tells: str, label: str, buckets: Sequence[float]) -> _Series[Histogram]:
            return _Series(
                Histogram(f"legcramps_{name}", tells, (label,), buckets=buckets, registry=registry)
            )

        def gauge(name: str, tells: str) -> Gauge:
            return Gauge(f"legcramps_{name}", tells, registry=registry, multiprocess_mode="livesum")

        self._calls = counter(
            "hook_calls",
            "Hook calls; outcome is cards, silent, failed, or why it was refused.",
            *("service", "hook", "client", "status", "outcome"),
        )
        self._call_seconds = histogram(
            "hook_seconds", "Time that a hook call took.", "service", _CALL_SECONDS
        )
        self._stage_seconds = histogram(
            "stage_seconds", "Time that a stage of a hook call took.", "stage", _STAGE_SECONDS
        )
        self._fetches = counter(
            "fetches", "Lists fetched from FHIR servers, or not, by what came of it.", "key", "code"
        )
        self._fetch_bytes = plain("fetch_bytes", "Bytes that FHIR servers answered with.")
        self._cards = counter("cards", "Cards shown.", "rule", "indicator")
        self._faded = counter("faded", "Cards not shown as they had been shown or overridden before.", "rule")
        self._silences = counter("silences", "Empty answers by their reason.", "reason")
        self._feedback = counter("feedback", "Outcomes of cards that clients told.", "outcome", "reason")
        self._lost = plain("memory_lost", "Answers that were not remembered.")
        self._queue = gauge("memory_queue", "Answers that wait to be written to the store.")
        self._busy = gauge("hook_calls_in_progress", "Hook calls that are being answered.")

    def _tell(self, knowledge: Knowledge) -> None:
        told = Gauge(
            "legcramps_info",
            "Always 1; which version this is, and of which knowledge.",
            ("version", "knowledge", "profile"),
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        told.labels(__version__, knowledge.version, "demo" if knowledge.is_demo else "signed").set(1)
        if self._folder is None:
            ProcessCollector(registry=self._registry)

    def answered(
        self,
        service: str,
        status: int,
        seconds: float | None = None,
        *,
        client: str | None = None,
        refusal: str | None = None,
        silence: str | None = None,
        cards: Sequence[tuple[str, str]] = (),
        faded: Iterable[str] = (),
        stages: Mapping[str, float] | None = None,
        fetched: Mapping[str, str] | None = None,
        fetch_bytes: int = 0,
    ) -> None:
        """
        Count a hook call.

        *refusal* is the reason of Unauthenticated. *cards* are the rule and indicator of each card that was shown,
        *faded* rules; *stages* are seconds, *fetched* is a code for each prefetch key.
        """
        known = service if service in self._services else OTHER
        self._calls(
            known,
            self._services.get(service, OTHER),
            _listed(client, self._clients) if client else "none",
            str(status) if status in _STATUSES else OTHER,
            _outcome(status, refusal, bool(cards)),
        ).inc()
        if seconds is not None:
            self._call_seconds(known).observe(seconds)
        for stage, took in (stages or {}).items():
            self._stage_seconds(_listed(stage, STAGES)).observe(took)
        self._count_fetches(fetched or {}, fetch_bytes)
        for rule, indicator in cards:
            self._cards(_listed(rule, self._rules), _listed(indicator, _INDICATORS)).inc()
        for rule in faded:
            self._faded(_listed(rule, self._rules)).inc()
        if silence is not None:
            self._silences(_listed(silence, SILENCES)).inc()

    def shed(self, service: str, status: int) -> None:
        """Count a call that was refused at the door: no client is known of it, and no time that could be compared."""
        self._calls(
            service, self._services[service], "none", str(status), _outcome(status, None, False)
        ).inc()

    def _count_fetches(self, fetched: Mapping[str, str], total: int) -> None:
        for key, code in fetched.items():
            of_a_hundred = f"{code[:8]}xx" if code.startswith("status-") else code
            self._fetches(_listed(key, self._keys), _listed(of_a_hundred, FETCHES)).inc()
        if total:
            self._fetch_bytes.inc(total)

    def in_progress(self) -> AbstractContextManager[object]:
        """Around a hook call."""
        return self._busy.track_inprogress()

    def told(self, outcome: str, reason: str | None = None) -> None:
        """Count the feedback on one card; *reason* is the code of the override reason."""
        self._feedback(
            _listed(outcome, _OUTCOMES), _listed(reason, self._reasons) if reason else "none"
        ).inc()

    def remembering(self, waiting: int, lost: int) -> None:
        """Tell how many answers wait to be written, and count those that were *lost* since this was last told."""
        self._queue.set(waiting)
        self._lost.inc(lost)

    def page(self, accept: str) -> tuple[bytes, str]:
        """
        All figures as whoever asks with this Accept header likes them, and their media type.

        With several workers it reads the files of all of them: some milliseconds that no event loop should wait.
        """
        registry = self._registry
        if self._folder is not None:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry, self._folder)  # type: ignore[no-untyped-call] # it has no types
        try:
            encode, media_type = choose_encoder(accept)
            return encode(registry), media_type
        except (TypeError, ValueError):  # a version that is none
            return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


def forget(pid: int | None, folder: Path) -> None:
    """Take a worker that ended out of what is told of the present; what it counted stays."""
    multiprocess.mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call] # it has no types


def _listed(value: str, words: frozenset[str]) -> str:
    return value if value in words else OTHER


def _outcome(status: int, refusal: str | None, has_cards: bool) -> str:
    if status == 200:
        return "cards" if has_cards else "silent"
    if status >= 500:
        return "failed"
    return refusal if refusal in UNKNOWN_CALLERS else "refused"
