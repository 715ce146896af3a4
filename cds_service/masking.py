"""Small counts kept back, and so many others that they do not follow from one report by subtracting."""

# Who treats a patient may know whom the only card of a week was about: a count of one tells what was done there. So a
# count below the floor is masked. Where figures beside it would tell it all the same (a total less its other parts),
# one of those is kept back too: another small one first, then the smallest part, the total last.

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain, islice
from typing import Generic, Literal, TypeVar

_UNLIMITED = 10**15
_ROOM = 3  # values that each masked count could have, at least, for all that is shown
_NEAR = 60  # counts that are looked at for what told one of them
_OFTEN = 200  # how often one relation is read: figures that contradict each other must not keep us busy


class Masked(Enum):
    """A count that is not told: *small*, below the floor but not 0; *kept back*, of which nothing is told."""

    SMALL = "small"
    KEPT_BACK = "kept back"


Count = int | Masked
Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)  # there are many: identity is enough
class Relation(Generic[Name]):
    """What a reader knows of counts: the sum of the *parts* is the *whole*, or at most it, or at least it."""

    whole: Name
    parts: Sequence[Name]
    sum_is: Literal["equal", "at most", "at least"] = "equal"


def masked(counts: Mapping[Name, int], relations: Iterable[Relation[Name]], floor: int) -> dict[Name, Count]:
    """
    The counts as they may be shown. A count that isn't there is 0, and known to be.

    Guaranteed: who takes from each relation what it alone says of its masked counts, and goes on with that until
    nothing new follows, is left with three possible values at least for each count below the *floor* (with a floor of 3
    with two; one of 2 hides nothing). Not guaranteed: what follows from several relations solved together as equations,
    or from counts that somebody knows from elsewhere, such as a report of all but one of the same weeks.
    """
    small = [name for name, count in counts.items() if 0 < count < floor]
    masks = dict.fromkeys(small, Masked.SMALL)
    related = [each for each in relations if counts.get(each.whole)]
    while True:
        reader = _Reader(counts, masks, related, floor)
        fixes = reader.fixes(small, min(_ROOM, floor - 1))
        if not fixes:
            return {name: masks.get(name, count) for name, count in counts.items()}
        masks.update(dict.fromkeys(fixes, Masked.KEPT_BACK))


class _Reader(Generic[Name]):
    """Somebody who subtracts: between *low* and *high* is what they know of each masked count."""

    def __init__(
        self,
        counts: Mapping[Name, int],
        masks: Mapping[Name, Masked],
        relations: Iterable[Relation[Name]],
        floor: int,
    ) -> None:
        self._counts, self._masks = counts, masks
        self._most = floor - 1
        self._low = {name: self._range(name)[0] for name in masks}
        self._high = {name: self._range(name)[1] for name in masks}
        self._told_by: dict[Name, Relation[Name]] = {}  # the relation that told most, last
        self._open: dict[
            Relation[Name], tuple[list[Name], int]
        ] = {}  # its masked parts, the sum of the others
        self._uses: dict[Name, list[Relation[Name]]] = defaultdict(list)
        for relation in relations:
            self._prepare(relation)
        self._read()

    def _prepare(self, relation: Relation[Name]) -> None:
        hidden = [name for name in relation.parts if name in self._masks]
        if hidden or relation.whole in self._masks:
            seen = sum(self._counts.get(name, 0) for name in relation.parts if name not in self._masks)
            self._open[relation] = hidden, seen
            for name in (relation.whole, *hidden):
                self._uses[name].append(relation)

    def fixes(self, secrets: Iterable[Name], room: int) -> list[Name]:
        """
        What has to be kept back, at most one of each relation, since less than *room* is left to a secret.

        Relations that tell a secret by themselves come first: most of the others only pass on what those tell.
        """
        narrow = [name for name in secrets if self._high[name] - self._low[name] < room - 1]
        telling = {relation: name for name in narrow if (relation := self._telling(name, room)) is not None}
        if telling:
            found = [fix for relation, name in telling.items() for fix in self._enough(relation, name, room)]
        else:
            few = len(narrow) // 8 + 1  # a fix for one may do for others
            fixes = (self._any_fix(name, room) for name in islice(self._apart(narrow), few))
            found = [name for name in fixes if name is not None]
        return list(dict.fromkeys(found))

    def _enough(self, relation: Relation[Name], name: Name, room: int) -> Iterator[Name]:
        """As many as it takes: each small one makes room for one more value, any other for many."""
        for fix in islice(self._candidates(relation, name), room - self._room_by(relation, name)):
            yield fix
            if self._masks.get(fix) is not Masked.SMALL:
                return

    def _apart(self, names: Iterable[Name]) -> Iterator[Name]:
        """Those of which none is in a relation with one before."""
        touched: set[Name] = set()
        for name in names:
            if name not in touched:
                yield name
                for relation in self._uses[name]:
                    touched.update((relation.whole, *self._open[relation][0]))

    def _telling(self, name: Name, room: int) -> Relation[Name] | None:
        return next((each for each in self._uses[name] if self._room_by(each, name) < room), None)

    def _any_fix(self, secret: Name, room: int) -> Name | None:
        """Where several relations tell a secret together: at the nearest that tells one of their counts by itself."""
        near = islice(self._near(secret), _NEAR)
        told = ((each, relation) for each in near if (relation := self._telling(each, room)) is not None)
        last = [(secret, self._told_by[secret])] if secret in self._told_by else []
        spare = ((each, relation) for each in self._near(secret) for relation in self._uses[each])
        found = (
            fix for name, relation in chain(told, last, spare) for fix in self._candidates(relation, name)
        )
        return next(found, None)

    def _near(self, name: Name) -> Iterator[Name]:
        """The masked counts that relations connect with this one, the nearest first."""
        waiting, seen = deque([name]), {name}
        while waiting:
            yield (name := waiting.popleft())
            for relation in self._uses[name]:
                others = {relation.whole: None, **dict.fromkeys(self._open[relation][0])}
                new = [each for each in others if each in self._masks and each not in seen]
                seen.update(new)
                waiting.extend(new)

    def _room_by(self, relation: Relation[Name], name: Name) -> int:
        """How many values a relation leaves to one of its masked counts, if no other one told anything."""
        hidden, seen = self._open[relation]
        count = self._counts.get(relation.whole, 0)
        whole = self._range(relation.whole) if relation.whole in self._masks else (count, count)
        lows = seen + sum(self._range(each)[0] for each in hidden if each != name)
        highs = seen + sum(self._range(each)[1] for each in hidden if each != name)
        low, high = self._range(name)
        is_whole = name == relation.whole
        # the whole is the sum of the parts; a part is the whole less the others
        least, most = (lows, highs) if is_whole else (whole[0] - highs, whole[1] - lows)
        if relation.sum_is != ("at least" if is_whole else "at most"):
            low = max(low, least)
        if relation.sum_is != ("at most" if is_whole else "at least"):
            high = min(high, most)
        return high - low + 1

    def _range(self, name: Name) -> tuple[int, int]:
        """What the mask of a count itself tells."""
        return (1, self._most) if self._masks[name] is Masked.SMALL else (0, _UNLIMITED)

    def _candidates(self, relation: Relation[Name], secret: Name) -> Iterator[Name]:
        mask = self._masks.get
        yield from (each for each in relation.parts if mask(each) is Masked.SMALL and each != secret)
        visible = [each for each in relation.parts if mask(each) is None and self._counts.get(each)]
        yield from sorted(visible, key=lambda each: self._counts[each])
        yield from (each for each in (relation.whole, secret) if mask(each) is not Masked.KEPT_BACK)

    # --- what follows -------------------------------------------------------------------------------------------

    def _read(self) -> None:
        waiting = deque(self._open)
        queued = set(self._open)
        times: dict[Relation[Name], int] = defaultdict(int)
        while waiting:
            relation = waiting.popleft()
            queued.discard(relation)
            times[relation] += 1
            for name in self._learn(relation) if times[relation] < _OFTEN else ():
                self._told_by[name] = relation
                again = [each for each in self._uses[name] if each not in queued]
                queued.update(again)
                waiting.extend(again)

    def _learn(self, relation: Relation[Name]) -> list[Name]:
        """Read one relation; which counts are known better now."""
        hidden, seen = self._open[relation]
        count = self._counts.get(relation.whole, 0)
        low, high = self._low.get(relation.whole, count), self._high.get(relation.whole, count)
        lows = seen + sum(map(self._low.__getitem__, hidden))
        highs = seen + sum(map(self._high.__getitem__, hidden))
        learnt = []
        if relation.sum_is != "at least":
            learnt += [name for name in hidden if self._is_at_most(name, high - lows + self._low[name])]
            learnt += [relation.whole] if self._is_at_least(relation.whole, lows) else []
        if relation.sum_is != "at most":
            # the limits of before: what was learnt above makes these weaker, never wrong
            learnt += [name for name in hidden if self._is_at_least(name, low - highs + self._high[name])]
            learnt += [relation.whole] if self._is_at_most(relation.whole, highs) else []
        return learnt

    def _is_at_least(self, name: Name, limit: int) -> bool:
        """Whether that is new; what contradicts the rest is not believed."""
        is_new = name in self._low and self._low[name] < limit <= self._high[name]
        if is_new:
            self._low[name] = limit
        return is_new

    def _is_at_most(self, name: Name, limit: int) -> bool:
        is_new = name in self._high and self._low[name] <= limit < min(self._high[name], _UNLIMITED // 2)
        if is_new:
            self._high[name] = limit
        return is_new
