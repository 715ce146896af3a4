"""The CDS services: their discovery, the calls of their hooks, and feedback on their cards."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cds_service import hooks, order_signing
from cds_service.advise import Advice
from cds_service.call_log import of_call
from cds_service.calls import CARRIERS
from cds_service.errors import DataUnavailable
from cds_service.fhir_server import Outcome
from cds_service.hooks import Card
from cds_service.knowledge import Knowledge
from cds_service.limits import InProgress, body, check_media_type, check_values
from cds_service.logs import place
from cds_service.metrics import Metrics
from cds_service.opened import SERVICES
from cds_service.reception import Reception
from cds_service.settings import Settings, today
from cds_service.stopwatch import Stopwatch
from cds_service.trace import faded_in_short
from cds_service.turns import Pieces, Turns

if TYPE_CHECKING:
    from cds_service.feedback import Told

FEEDBACK = "feedback"
_MOST_FEEDBACK = 1024 * 1024  # bytes of one feedback call
_USAGE = (
    "Send patient, conditions and at least one of medicationStatements and medicationRequests as prefetch, null when "
    "there is nothing, or let us read them with fhirServer and fhirAuthorization; 412 otherwise. Results and orders "
    "are used when they can be had."
)
_USAGE_GATED = (
    "Send what is asked for as prefetch, and fhirServer with fhirAuthorization: the rest of the record is read once a "
    "report of leg cramps is there, and without access to it such a call is answered with 412."
)
_TITLES: Mapping[str, tuple[str, str]] = {
    "patient-view": (
        "Nocturnal leg cramps: likely contributors",
        "For an adult who has reported nocturnal leg cramps: which medicines, diagnoses and results in the record "
        "could be contributing, how good the evidence is, and which order might be worth drafting. Silent for everyone "
        "else. Advice for clinicians, not a diagnosis.",
    ),
    "order-sign": (
        "Nocturnal leg cramps: quinine being ordered",
        "When quinine is about to be ordered for an adult who has reported nocturnal leg cramps: what speaks against "
        "it in the record. Silent for every other order. Advice for clinicians, not a diagnosis.",
    ),
}


def address(service: str) -> str:
    """Where a service is called."""
    return f"/cds-services/{service}"


@dataclass(frozen=True, slots=True)
class Services:
    """The services that the settings switch on."""

    settings: Settings
    knowledge: Knowledge
    reception: Reception
    in_progress: InProgress
    turns: Turns
    metrics: Metrics
    log: Any

    @property
    def ids(self) -> tuple[str, ...]:
        """The services there are, by id."""
        return tuple(
            each for each, hook in SERVICES.items() if hook != "order-sign" or self.settings.order_sign
        )

    async def discovery(self) -> Response:
        """List the services, as CDS Hooks wants it."""
        return _json(hooks.discovery(map(self._described, self.ids)))

    def _described(self, service: str) -> hooks.Service:
        hook = SERVICES[service]
        title, description = _TITLES[hook]
        asked = self.knowledge.prefetch
        return hooks.Service(
            hook=hook,
            id=service,
            title=title,
            description=description,
            prefetch={key: asked[key] for key in asked if not self.settings.gated or key in CARRIERS},
            usage_requirements=_USAGE_GATED if self.settings.gated else _USAGE,
        )

    async def hook(self, request: Request) -> Response:
        """Answer one hook call with cards."""
        service = _service(request)
        watch = request.state.watch = Stopwatch()
        with self.in_progress.one(), self.metrics.in_progress(), Pieces(self.turns, watch) as pieces:
            with watch.of("authenticate"):
                authorization = request.headers.getlist("authorization")
                caller = await self.reception.caller(authorization, address(service), SERVICES[service])
            request.state.client = caller.client.name
            with caller.in_progress.one():
                check_media_type(request.headers)
                with watch.of("read"):
                    sent = await body(request, self.settings.max_body, self.settings.body_seconds)
                pieces.grow(len(sent))
                call = await pieces.do("decode", lambda: self._decoded(sent, SERVICES[service]))
                request.state.hook_instance = call.hook_instance
                day = today(self.settings)
                try:
                    advice, fetched, knows_past = await caller.answer(call, day, pieces)
                except DataUnavailable:
                    caller.miss(call, day)
                    raise
        issued = [_issued(card) for card in advice.cards]
        try:
            caller.keep(call, day, advice, issued)
        except Exception as error:  # whatever goes wrong there, the clinician gets the cards
            self.log.error("unexpected", error=place(error))
        shown = [] if caller.client.is_silent else issued
        silence = "silent-mode" if issued and not shown else advice.silence
        told = {**_told(advice), "silence": silence, **_fetched(fetched), **_lacking(knows_past=knows_past)}
        self._log_call(request, 200, **told)
        self._count(request, 200, silence=silence, shown=shown, advice=advice, fetched=fetched)
        return _json(hooks.encode(shown))

    def _decoded(self, sent: bytes, hook: str) -> hooks.HookRequest:
        check_values(sent, self.settings.max_body)
        return hooks.decode(sent, hook)

    async def feedback(self, request: Request) -> Response:
        """Keep what clinicians did with cards; answered when it is safe from a crash."""
        # Imported here: it needs the database's library, as the memory does.
        from cds_service import feedback

        service = _service(request)
        request.state.watch = Stopwatch()
        with self.in_progress.one():
            authorization = request.headers.getlist("authorization")
            called = f"{address(service)}/{FEEDBACK}"
            caller = await self.reception.caller(authorization, called, SERVICES[service])
            request.state.client = caller.client.name
            with caller.in_progress.one():
                if caller.memory is None:
                    raise HTTPException(404, "nothing is remembered here; feedback would be lost")
                check_media_type(request.headers)
                most = min(_MOST_FEEDBACK, self.settings.max_body)
                sent = await body(request, most, self.settings.body_seconds)
                read = feedback.read(sent, keeps_comments=self.settings.comments)
                told = feedback.listed(read, self.metrics.reasons)
                await caller.memory.hear(caller.client, told, today(self.settings))
        self._log_call(request, 200, **_said(told))
        for each in told:
            self.metrics.told(each.outcome, each.reason)
        return _json(b'{"received":%d}' % len(told))

    def refused(self, request: Request, status: int, error: Exception) -> None:
        """Tell log and metrics about a call that got an error for an answer."""
        names = ("member", "reason", "claimed", "fetched")
        self._log_call(request, status, **{name: getattr(error, name, None) for name in names})
        if not _is_feedback(request):
            self._count(request, status, refusal=getattr(error, "reason", None))

    def _count(
        self,
        request: Request,
        status: int,
        *,
        refusal: str | None = None,
        silence: str | None = None,
        shown: Sequence[Card] = (),
        advice: Advice | None = None,
        fetched: Sequence[Outcome] = (),
    ) -> None:
        watch: Stopwatch | None = getattr(request.state, "watch", None)
        try:
            self.metrics.answered(
                _service(request),
                status,
                watch.total if watch else None,
                client=getattr(request.state, "client", None),
                refusal=refusal,
                silence=silence,
                cards=[_counted(card, SERVICES[_service(request)]) for card in shown],
                faded=[each.matter.rule for each in advice.faded] if advice else (),
                stages=watch.seconds if watch else None,
                fetched={each.key: each.code for each in fetched},
                fetch_bytes=sum(each.bytes for each in fetched),
            )
        except (
            Exception
        ) as error:  # several workers count in files, and a disk may be full: nobody's answer hangs on it
            self.log.error("unexpected", error=place(error))
        if (memory := self.reception.memory) is not None:
            memory.journal.told()

    def _log_call(self, request: Request, status: int, **outcome: Any) -> None:
        event = FEEDBACK if _is_feedback(request) else "hook"
        self.log.info(event, service=_service(request), status=status, **of_call(request, **outcome))


def _service(request: Request) -> str:
    """The service that is called; the usual one for an address that leads nowhere."""
    path: str = request.scope["path"]
    name = path.removeprefix("/cds-services").strip("/").partition("/")[0]
    return name if name in SERVICES else next(iter(SERVICES))


def _is_feedback(request: Request) -> bool:
    path: str = request.scope["path"]
    return path.endswith(f"/{FEEDBACK}")


def _counted(card: Card, hook: str) -> tuple[str, str]:
    """A card as metrics count it: its rule and indicator."""
    rule = card.source.topic.code if card.source.topic else ""
    return order_signing.RULE if hook == order_signing.HOOK and rule != "data" else rule, card.indicator


def _issued(card: Card) -> Card:
    """A card, and each suggestion on it, with an id of its own, so that feedback can name it."""
    suggestions = tuple(replace(suggestion, uuid=str(uuid4())) for suggestion in card.suggestions)
    return replace(card, uuid=str(uuid4()), suggestions=suggestions)


def _told(advice: Advice) -> dict[str, Any]:
    """What the log may say of an answer: rows of our knowledge, counts, reasons; nothing of the record."""
    findings = [
        finding for card in advice.cards for finding in card.extension.get("org.legcramps.findings", ())
    ]
    return {
        "cards": len(advice.cards),
        "indicators": [card.indicator for card in advice.cards],
        "rows": sorted({finding["row"] for finding in findings}),
        "faded": [faded_in_short(each) for each in advice.faded] or None,
        "silence": advice.silence,
        "counts": dict(advice.counts),
    }


def _fetched(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What the log may say of what was fetched: our own keys, codes and counts."""
    if not outcomes:
        return {}
    return {
        "fetched": {each.key: each.code for each in outcomes},
        "fetch_requests": sum(each.requests for each in outcomes),
        "fetch_bytes": sum(each.bytes for each in outcomes),
    }


def _lacking(*, knows_past: bool) -> dict[str, Any]:
    """Nothing fades when the store does not tell what was shown before."""
    return {} if knows_past else {"memory": "unavailable"}


def _said(told: "Iterable[Told]") -> dict[str, Any]:
    """What the log may say of feedback: how many of which outcome."""
    return {"outcomes": dict(Counter(each.outcome for each in told))}


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")
