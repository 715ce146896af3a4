"""Front matter -> criteria: the closed vocabulary of `when`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from cds_service import criteria as say
from cds_service.facts import TimeClass
from cds_service.frontmatter import Node
from cds_service.laboratory import Analyte
from cds_service.quantity import Quantity
from cds_service.terminology import ValueSets
from cds_service.truth import AllOf, AnyOf, Criterion, Not, Unless

_TIME_CLASSES = {each.value: each for each in TimeClass}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    What a file may name: value sets that exist, and analytes that have a file.

    *about* is the analyte that limits are compared with, None where there is nothing to compare. *named* collects the
    drug classes, concepts and analytes that some file names: nothing else needs to be built per request.
    """

    value_sets: ValueSets
    analytes: Mapping[str, Analyte]
    about: Analyte | None = None
    named: set[str] = field(default_factory=set)

    def drug_class(self, node: Node) -> str:
        """A drug class that has a value set."""
        return self._named(node.one_of(self.value_sets.drug_classes))

    def concepts(self, node: Node) -> tuple[str, ...]:
        """One or several concepts that have a value set."""
        members = node.items() if isinstance(node.value, list) else (node,)
        return tuple(self._named(each.one_of(self.value_sets.concepts)) for each in members)

    def analyte(self, node: Node) -> str:
        """An analyte that has a file in labs/."""
        return self._named(node.one_of(self.analytes))

    def comparing(self, analyte: str) -> "Vocabulary":
        """The same vocabulary where limits are for this analyte."""
        return replace(self, about=self.analytes.get(analyte))

    def _named(self, name: str) -> str:
        self.named.add(name)
        return name


def criterion(node: Node, words: Vocabulary) -> Criterion:
    """
    Read one criterion; words side by side must all hold.

    Raises:
        KnowledgeInvalid: If a word is not in the vocabulary or its value is not understood.
    """
    parts = [_PHRASES[key](node, words) for key in node.names() if key in _PHRASES]
    parts += [_WORDS[key](node.take(key), words) for key in node.names() if key in _WORDS and node.has(key)]
    node.done()
    if not parts:
        raise node.invalid("a criterion is needed here")
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _many(node: Node, words: Vocabulary) -> tuple[Criterion, ...]:
    return tuple(criterion(each, words) for each in node.items())


def _began(node: Node, _: Vocabulary) -> Criterion:
    members = node.items() if isinstance(node.value, list) else (node,)
    return say.Began(frozenset(_TIME_CLASSES[each.one_of(_TIME_CLASSES)] for each in members))


def _compared(word: str, *, measured: bool = False) -> Callable[[Node, Vocabulary], Criterion]:
    return lambda node, words: say.Compared(word, _limits(node, words), measured)


def _out_of_range(word: str) -> Callable[[Node, Vocabulary], Criterion]:
    return lambda node, words: say.OutOfRange(word, _limits(node, words))


def _limits(node: Node, words: Vocabulary) -> tuple[Quantity, ...]:
    """One limit for each unit, in units that the analyte's file has a column for."""
    if words.about is None:
        raise node.invalid("there is no result to compare here; name one with `latest`")
    units = [column.unit for column in words.about.columns] + ["ULN"]
    limits = node.quantities()
    for limit in limits:
        if limit.unit not in units:
            raise node.invalid(f"`{limit.unit}` is not one of {', '.join(units)}")
    return limits


def _same_sample(node: Node, words: Vocabulary) -> Criterion:
    """The companion that corrects a result is a glucose."""
    return say.SameSample(criterion(node, words.comparing("glucose")))


def _weeks(node: Node, _: Vocabulary) -> Criterion:
    return say.GestationBelow(node.days() // 7)


def _yes(made: Criterion) -> Callable[[Node, Vocabulary], Criterion]:
    def read(node: Node, _: Vocabulary) -> Criterion:
        node.one_of(("yes",))
        return made

    return read


# one word, one value
_WORDS: Mapping[str, Callable[[Node, Vocabulary], Criterion]] = {
    "all": lambda node, words: AllOf(_many(node, words)),
    "any": lambda node, words: AnyOf(_many(node, words)),
    "not": lambda node, words: Not(criterion(node, words)),
    "unless": lambda node, words: Unless(criterion(node, words)),
    "began": _began,
    "prescribed_for": lambda node, _: say.PrescribedFor(node.texts()),
    "below": _compared("below"),
    "at_most": _compared("at_most"),
    "above": _compared("above"),
    "at_least": _compared("at_least"),
    "measured_below": _compared("below", measured=True),
    "low": _out_of_range("low"),
    "high": _out_of_range("high"),
    "same_sample": _same_sample,
    "without_range": _yes(say.WithoutRange()),
    "at_night": _yes(say.AtNight()),
    "within": lambda node, _: say.Within(node.days()),
    "undated": _yes(say.Undated()),
    "recorded": _yes(say.Always()),
    "gestation_below": _weeks,
}


def _taking(node: Node, words: Vocabulary) -> Criterion:
    value_set = words.drug_class(node.take("taking"))
    ingredients, when_taken = node.maybe("ingredients"), node.maybe("when_taken")
    if when_taken:
        when_taken.one_of(("yes",))
    narrowed = frozenset(ingredients.texts()) if ingredients else frozenset[str]()
    return say.Taking(value_set, narrowed, when_taken is not None)


def _diagnosed(node: Node, words: Vocabulary) -> Criterion:
    return say.HasDiagnosis(words.concepts(node.take("diagnosed")), _beside(node, _OF_DIAGNOSES, words))


def _latest(node: Node, words: Vocabulary) -> Criterion:
    analyte = words.analyte(node.take("latest"))
    return say.Latest(analyte, _beside(node, _OF_RESULTS, words.comparing(analyte)))


def _unmeasured(node: Node, words: Vocabulary) -> Criterion:
    return say.Unmeasured(words.analyte(node.take("unmeasured")), node.take("within").days())


# the words that may stand beside a head and say more about the same entry
_OF_DIAGNOSES = ("within", "undated", "recorded")
_OF_RESULTS = (
    "below", "at_most", "above", "at_least", "measured_below", "low", "high", "without_range", "at_night",
    "same_sample", "within",
)  # fmt: skip


def _beside(node: Node, allowed: tuple[str, ...], words: Vocabulary) -> Criterion:
    if node.has("latest") or node.has("diagnosed"):
        raise node.invalid("two of `diagnosed` and `latest` side by side; write them under `all`")
    parts = tuple(
        _WORDS[key](node.take(key), words) for key in node.names() if key in allowed and node.has(key)
    )
    return AllOf(parts) if parts else say.Always()


# a head and the words beside it
_PHRASES: Mapping[str, Callable[[Node, Vocabulary], Criterion]] = {
    "taking": _taking,
    "diagnosed": _diagnosed,
    "latest": _latest,
    "unmeasured": _unmeasured,
}
