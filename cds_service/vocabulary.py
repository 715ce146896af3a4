"""Front matter -> criteria: the closed vocabulary of `when`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from cds_service import criteria as say
from cds_service import drug_criteria as drugs
from cds_service import result_criteria as results
from cds_service.facts import TimeClass
from cds_service.frontmatter import Node
from cds_service.laboratory import Analyte
from cds_service.quantity import Quantity, decimal
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
        return tuple(self._named(each.one_of(self.value_sets.concepts)) for each in _each(node))

    def ingredient(self, node: Node) -> str:
        """An ingredient that some value set of drugs lists."""
        if (name := node.text()) not in self.value_sets.ingredients:
            near = get_close_matches(name, self.value_sets.ingredients, 3)
            raise node.invalid(f"`{name}` is no ingredient", f"write {' or '.join(near)}" if near else "")
        return name

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
    if limited := node.maybe("of"):
        words = words.comparing(words.analyte(limited))
    heads = [key for key in _SHARING if node.has(key)]
    if len(heads) > 1 and not node.has("changed"):
        both = " and ".join(f"`{each}`" for each in heads[:2])
        raise node.invalid(
            f"{both} stand side by side", "write each under `all`, with the words that belong to it"
        )
    parts: list[Criterion] = [results.Of(words.about.value_set)] if limited and words.about else []
    parts += [_PHRASES[key](node, words) for key in _PHRASES if node.has(key)]
    parts += [_WORDS[key](node.take(key), words) for key in node.names() if key in _WORDS and node.has(key)]
    node.done()
    if not parts:
        raise node.invalid("a criterion is needed here")
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _many(node: Node, words: Vocabulary) -> tuple[Criterion, ...]:
    if not node.items():
        raise node.invalid("an empty list says nothing", "name at least one criterion")
    return tuple(criterion(each, words) for each in node.items())


def _began(node: Node, _: Vocabulary) -> Criterion:
    return drugs.Began(frozenset(_TIME_CLASSES[each.one_of(_TIME_CLASSES)] for each in _each(node)))


def _compared(word: str, *, measured: bool = False) -> Callable[[Node, Vocabulary], Criterion]:
    return lambda node, words: results.Compared(word, _limits(node, words), measured)


def _out_of_range(word: str) -> Callable[[Node, Vocabulary], Criterion]:
    return lambda node, words: results.OutOfRange(word, _limits(node, words))


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
    return results.SameSample(criterion(node, words.comparing("glucose")))


def _weeks(node: Node, _: Vocabulary) -> Criterion:
    return say.GestationBelow(node.days() // 7)


def _rose(node: Node, _: Vocabulary) -> Criterion:
    times, days = node.take("times"), node.take("within").days()
    node.done()
    if (factor := decimal(times.text())) is None:
        raise times.invalid("a number is needed here", "write `times: 1.5`")
    return results.Rose(factor, days)


def _each(node: Node) -> tuple[Node, ...]:
    return node.items() if isinstance(node.value, list) else (node,)


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
    "prescribed_for": lambda node, _: drugs.PrescribedFor(tuple(each.casefold() for each in node.texts())),
    "below": _compared("below"),
    "at_most": _compared("at_most"),
    "above": _compared("above"),
    "at_least": _compared("at_least"),
    "measured_below": _compared("below", measured=True),
    "measured_above": _compared("above", measured=True),
    "measured_at_least": _compared("at_least", measured=True),
    "low": _out_of_range("low"),
    "high": _out_of_range("high"),
    "same_sample": _same_sample,
    "without_range": _yes(results.WithoutRange()),
    "at_night": _yes(results.AtNight()),
    "within": lambda node, _: say.Within(node.days()),
    "undated": _yes(say.Undated()),
    "confirmed": _yes(say.Confirmed()),
    "recorded": _yes(say.Always()),
    "is": lambda node, words: drugs.Is(frozenset(words.ingredient(each) for each in _each(node))),
    "running": _yes(drugs.Running()),
    "exposed": lambda node, _: drugs.Exposed(node.days()),
    "rose": _rose,
    "one_sided": lambda node, _: say.OneSided(node.one_of(("yes", "no")) == "yes"),
    "on_order": lambda node, words: say.OnOrder(
        tuple(each.one_of(words.value_sets.tests) for each in _each(node))
    ),
    "gestation_below": _weeks,
}


def _taking(node: Node, words: Vocabulary) -> Criterion:
    value_set = words.drug_class(node.take("taking"))
    ingredients, dose_above = node.maybe("ingredients"), node.maybe("dose_above")
    return drugs.Taking(
        value_set,
        frozenset(words.ingredient(each) for each in _each(ingredients)) if ingredients else frozenset(),
        when_taken=_is_said(node, "when_taken"),
        before_onset=_is_said(node, "before_onset"),
        dose_above=dose_above.quantities()[0] if dose_above else None,
    )


def _is_said(node: Node, key: str) -> bool:
    found = node.maybe(key)
    if found:
        found.one_of(("yes",))
    return found is not None


def _given(node: Node, words: Vocabulary) -> Criterion:
    return drugs.Given(words.drug_class(node.take("given")), node.take("within").days())


def _changed(node: Node, words: Vocabulary) -> Criterion:
    drug, analyte = words.drug_class(node.take("changed")), words.analyte(node.take("unmeasured"))
    return drugs.Changed(drug, analyte, node.take("after").days())


def _diagnosed(node: Node, words: Vocabulary) -> Criterion:
    concepts, since_start = words.concepts(node.take("diagnosed")), _is_said(node, "since_start")
    before = node.maybe("before_result")
    about = _beside(node, _OF_DIAGNOSES, words)
    return say.HasDiagnosis(concepts, about, since_start, before.days() if before else None)


def _same_day(node: Node, words: Vocabulary) -> Criterion:
    analyte = words.analyte(node.take("same_day"))
    return results.SameDay(analyte, _beside(node, _OF_RESULTS, words.comparing(analyte)))


def _latest(node: Node, words: Vocabulary) -> Criterion:
    analyte = words.analyte(node.take("latest"))
    return results.Latest(analyte, _beside(node, _OF_RESULTS, words.comparing(analyte)))


def _unmeasured(node: Node, words: Vocabulary) -> Criterion:
    analytes = tuple(words.analyte(each) for each in _each(node.take("unmeasured")))
    since, within = _is_said(node, "since_change"), node.maybe("within")
    if within is None and not since:
        raise node.invalid("`unmeasured` needs a window", "add `within: 365 days` or `since_change: yes`")
    return results.Unmeasured(analytes, within.days() if within else None, since)


# the words that may stand beside a head and say more about the same entry
_OF_DIAGNOSES = ("within", "undated", "recorded", "one_sided", "confirmed")
_OF_RESULTS = (
    "below", "at_most", "above", "at_least", "measured_below", "measured_above", "measured_at_least", "low",
    "high", "without_range", "at_night",
    "same_sample", "within", "rose",
)  # fmt: skip


def _beside(node: Node, allowed: tuple[str, ...], words: Vocabulary) -> Criterion:
    parts = tuple(
        _WORDS[key](node.take(key), words) for key in node.names() if key in allowed and node.has(key)
    )
    return AllOf(parts) if parts else say.Always()


# heads that would take the same words beside them, such as `within`
_SHARING = ("given", "diagnosed", "latest", "same_day", "unmeasured")

# a head and the words beside it
_PHRASES: Mapping[str, Callable[[Node, Vocabulary], Criterion]] = {
    "changed": _changed,  # before `unmeasured`, which it takes along
    "taking": _taking,
    "given": _given,
    "diagnosed": _diagnosed,
    "latest": _latest,
    "same_day": _same_day,
    "unmeasured": _unmeasured,
}
