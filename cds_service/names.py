"""Words as people write them: normalised tokens, longest phrases first, and words that cancel a statement."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import Generic, NamedTuple, TypeVar


def word_set(words: str) -> frozenset[str]:
    """The words of a table, written apart by blanks."""
    return frozenset(words.split())


LONGEST = 2_000  # characters of a text that are read, so that no text can be expensive
CLAUSE_END = ";"

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("‘’ʼ´`", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("⁄∕／", "/"),
        **dict.fromkeys("®™©*†‡", " "),
        **dict.fromkeys("µμ", "u"),
        "＋": "+",
        "≥": " ",
        "≤": " ",
    }
)
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_TOKEN = re.compile(r"[^\W\d_][^\W_]*(?:'[^\W_]+)*|\d+(?:\.\d+)*|[+%?;\n]|\.(?=\s|$)")
_SHORTHAND = (
    (re.compile(r"\br/o\b"), "rule out"),
    (re.compile(r"\bh/o\b"), "history of"),
    (re.compile(r"\bf/h\b|\bfhx\b"), "family history"),
    (re.compile(r"\bpmhx?\b"), "history of"),
    (re.compile(r"\bs/p\b"), "status post"),
    (re.compile(r"\bw/o\b"), "without"),
    (re.compile(r"\bneg(?:ative)?s? ?:"), "negative for "),
    # German, whose full stops are no sentence ends: "Z. n.", "St.n.", and "V.a." at the start of a statement
    (re.compile(r"\bz\.\s?n\.|\bst\.\s?n\."), "zustand nach"),
    (re.compile(r"(^|[;:,.(\n] ?)v\.\s?a\.(?=\s(?!clinic|hospital)[^\W\d_])"), r"\1verdacht auf"),
)
_HAS_SHORTHAND = re.compile(r"[/]|hx|pmh|\bneg|\b(?:z|v|st)\.")
# French and Italian "d'", "l'", "dell'": words of their own that say nothing
_ELIDED = re.compile(r"\b(?:[dlnsmtjc]|qu|un|dell|nell|sull|dall|all)'(?=[^\W\d_]{2})")
_CLAUSE_ENDS = frozenset({CLAUSE_END, "but", "however", "except"})
# A list whose beginning denies all of it: "Denies A, B, C or D", "Neg: A, B", "No A, B or C"
_DENIAL = re.compile(r"\bdeny|\bdenie[sd]\b|\bverneint\b|\bneg(?:ative)? for\b|(?:^|[;:.\n] ?)no ")
_LIST_TOKEN = re.compile(f"{_TOKEN.pattern}|,")
_DENIES = word_set("deny denies denied denying verneint")
_JOINING = word_set(", and or nor")
# "no known allergies, diabetes" denies the allergies only
_NO_LIST = word_set(
    "known allergies complaint complaints concern concerns change changes problem problems issues"
)
# what the list ends with, because something is told again
_TOLD_AGAIN = word_set("""
    has have had is reports reported complains complaining endorses endorsed admits admitted states notes
    noted presents presented positive pos takes taking on started with now but however feels wakes woken
    suffers known
""")
_REACH = 6  # tokens looked at to the left of a phrase (NAME_MATCHING section 4)


def _pair_set(pairs: str) -> frozenset[tuple[str, str]]:
    """Pairs of words, written apart by commas."""
    return frozenset((first, second) for first, second in map(str.split, pairs.split(",")))


# Other languages' words stand here only when they are no English words; the rest is in pairs or must be adjacent.
_CANCELLING = word_set("""
    no not never nil denies denied deny without absent absence query possible possibly suspected suspect suspicion
    unlikely exclude ? fh mother father brother sister grandmother grandfather maternal paternal fetal foetal
    neonatal newborn
    vaccine vaccination immunisation immunization education allergy allergic prevention prophylaxis screening

    kein keine keinen keinem keiner keines ohne nicht verneint verdacht ausschluss fraglich fragliche familienanamnese
    sans aucun aucune eliminer familiaux
    niega ninguna ningun sospecha posible descartar familiares
    senza nessun nessuna nega sospetto sospetta
    nao suspeita
    geen zonder niet verdenking
    ingen inga uten uden utan ikke inte mistanke misstanke
""")
_CANCELLING_PAIRS = _pair_set("""
    negative for, neg for, rule out, ruled out, risk of, risk for, family history, no evidence, free of, exclusion of,
    fear of, afraid of, scared of, anxiety re, anxiety about, anxious about, worried about, concerned about,
    concern about, concerns about, angst vor,
    monitor for, monitoring for, watch for, concern for, susceptibility to, predisposition to, wife has, husband has,
    partner has, son has, daughter has,
    risiko fur, pas de, pas du, risque de, sin evidencia, sin signos, sin datos, sin antecedentes, historia familiar,
    riesgo de, rischio di, risco de, non presenta, anamnesi familiare, antecedent familial, mutter hat, vater hat,
    madre con, padre con
""")
_PAST = word_set("""
    previous previously past resolved former formerly antecedent antecedents antecedente antecedentes atcd
    pregresso pregressa
""")
_PAST_PAIRS = _pair_set(
    "history of, hx of, in remission, status post, zustand nach, status nach, status na, historia de, storia di"
)
_AFTERWARDS = word_set("""
    resolved excluded unlikely refuted unconfirmed ausgeschlossen verneint exclu exclue descartado descartada excluido
    excluida
    resuelto resuelta escluso esclusa risolto risolta uitgesloten
""")
_AFTERWARDS_PAIRS = _pair_set(
    "ruled out, in remission, not present, not found, not confirmed, yet confirmed, not proven"
)
_NOT_THE_THING = frozenset(
    {
        "education",
        "prophylaxis",
        "prevention",
        "screening",
        "screen",
        "test",
        "vaccine",
        "vaccination",
        "risk",
    }
)
_NO = frozenset({"no", "absent", "negative", "denied", "none"})
_OF_IT = frozenset({"symptom", "symptoms", "sign", "signs", "feature", "features", "red", "flag", "flags"})
# only right before the phrase: "non diabetic", "pas (d')asthme", "sin asma", "sem asma", "Vater: Diabetes"
_NEGATIVE_PREFIXES = word_set(
    "non pre anti pas sin sem wife husband partner mutter vater madre padre moeder vader"
)


def folded(text: str) -> str:
    """The first 2,000 characters without accents, case, and the many shapes of quotes, dashes and slashes."""
    text = text[:LONGEST]
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_ALIKE)).translate(_ALIKE)
        # cut again: one character may have become eighteen
        text = "".join(mark for mark in text if not unicodedata.combining(mark))[:LONGEST]
    return _DECIMAL_COMMA.sub(".", text.casefold().replace("*", " "))


def tokens(text: str) -> tuple[str, ...]:
    """
    The words and numbers of *text* in order, normalised; "40mg" is two tokens, "T4" one.

    "+", "%" and "?" stay as tokens of their own; the end of a sentence or line becomes ";". A possessive
    loses its apostrophe ("parkinsons"), "r/o", "h/o", "s/p", "w/o", "Z.n." and "V.a." are written out; "d'" and "l'"
    before a word are dropped.
    """
    low = folded(text)
    if _HAS_SHORTHAND.search(low):
        for pattern, meaning in _SHORTHAND:
            low = pattern.sub(meaning, low)
    if "'" in low:
        low = _ELIDED.sub("", low)
    found = _denied_one_by_one(_LIST_TOKEN.findall(low)) if _DENIAL.search(low) else _TOKEN.findall(low)
    return tuple(CLAUSE_END if each in ".\n" else each.replace("'", "") for each in found if each)


def _denied_one_by_one(words: list[str]) -> Iterator[str]:
    """ "denies a, b or c" as "denies a, no b or no c", to the end of the sentence; without the commas."""
    is_denying, before = False, CLAUSE_END
    for word, after in pairwise((*words, CLAUSE_END)):
        is_denying = _goes_on_denying(word, before, after, is_denying=is_denying)
        before = word
        if word != ",":
            yield word
        if is_denying and word in _JOINING and after not in _JOINING:
            is_denying = after not in _TOLD_AGAIN
            yield "no" if is_denying else CLAUSE_END


def _goes_on_denying(word: str, before: str, after: str, *, is_denying: bool) -> bool:
    """Whether *word* begins a list of what is denied, or leaves one open."""
    if word in _DENIES or (word == "for" and before in ("negative", "neg")):
        return after != ","  # "leg cramps denied, diabetes"
    if word == "no" and before in ".\n;:":
        return after != "," and after not in _NO_LIST
    return is_denying and word not in ".\n" and word not in _CLAUSE_ENDS


def singular(token: str) -> str:
    """The token without its plural s, when it has five letters or more."""
    if len(token) >= 5 and token[-1] == "s" and token[-2] not in "siu":
        return token[:-1]
    return token


def clause_before(words: tuple[str, ...], position: int) -> tuple[str, ...]:
    """Up to six tokens to the left of *position*, within the same clause."""
    left = words[max(0, position - _REACH) : position]
    for back, word in enumerate(reversed(left)):
        if word in _CLAUSE_ENDS:
            return left[len(left) - back :]
    return left


def clause_after(words: tuple[str, ...], end: int) -> tuple[str, ...]:
    """Up to six tokens from *end* on, within the same clause."""
    right = words[end : end + _REACH]
    for forward, word in enumerate(right):
        if word in _CLAUSE_ENDS:
            return right[:forward]
    return right


def negated(words: tuple[str, ...], position: int) -> bool:
    """Whether a word to the left within the clause says no, perhaps, or somebody else."""
    left = clause_before(words, position)
    if left and left[-1] in _NEGATIVE_PREFIXES:
        return True
    return not _CANCELLING.isdisjoint(left) or not _CANCELLING_PAIRS.isdisjoint(pairwise(left))


def past(words: tuple[str, ...], position: int) -> bool:
    """Whether a word to the left within the clause says that it was once so."""
    left = clause_before(words, position)
    return not _PAST.isdisjoint(left) or not _PAST_PAIRS.isdisjoint(pairwise(left))


def cancelled(words: tuple[str, ...], position: int) -> bool:
    """Whether what stands at *position* is denied, doubted, somebody else's or only past."""
    return negated(words, position) or past(words, position)


def dismissed(words: tuple[str, ...], end: int) -> bool:
    """Whether the words from *end* on take the statement back: "DVT ruled out", "diabetes screening"."""
    right = clause_after(words, end)
    if not right:
        return False
    if right[0] in _NOT_THE_THING or _is_only_no(right):
        return True
    return not _AFTERWARDS.isdisjoint(right) or not _AFTERWARDS_PAIRS.isdisjoint(pairwise(right))


def _is_only_no(right: tuple[str, ...]) -> bool:
    """ "negative", "symptoms absent", "red flags: none"."""
    return right[-1] in _NO and _OF_IT.issuperset(right[:-1])


T = TypeVar("T")


class Found(NamedTuple, Generic[T]):
    """A phrase found in a text: its tokens are *start* (included) to *end* (excluded)."""

    start: int
    end: int
    meanings: tuple[T, ...]


class Phrases(Generic[T]):
    """
    Known phrases and what each may mean; whole tokens only, the longest phrase first.

    A phrase may be given as its tokens.
    """

    def __init__(self, rows: Iterable[tuple[str | tuple[str, ...], T]]) -> None:
        meanings: dict[tuple[str, ...], list[T]] = {}
        for phrase, meaning in rows:
            key = tuple(map(singular, tokens(phrase) if isinstance(phrase, str) else phrase))
            known = meanings.setdefault(key, [])
            if key and meaning not in known:
                known.append(meaning)
        self._meanings = {key: tuple(known) for key, known in meanings.items() if key}
        self._lengths: dict[str, tuple[int, ...]] = {}
        for key in self._meanings:
            lengths = self._lengths.get(key[0], ())
            if len(key) not in lengths:
                self._lengths[key[0]] = (*lengths, len(key))
        self._halves = _halves(key[0] for key in self._meanings if len(key) == 1)

    def meanings(self, phrase: tuple[str, ...]) -> tuple[T, ...]:
        """What exactly these tokens mean; empty when nothing is known by them."""
        return self._meanings.get(tuple(map(singular, phrase)), ())

    def find(self, words: tuple[str, ...]) -> list[Found[T]]:
        """Every phrase in *words*, in order of place; tokens used by a longer phrase are not used again."""
        stems = tuple(map(singular, words))
        candidates = [
            (-length, start)
            for start, stem in enumerate(stems)
            for length in self._lengths.get(stem, ())
            if start + length <= len(stems) and stems[start : start + length] in self._meanings
        ]
        if not candidates:
            return []
        taken: set[int] = set()
        found = []
        for negative, start in sorted(candidates):
            places = range(start, start - negative)
            if taken.isdisjoint(places):
                taken.update(places)
                key = stems[start : start - negative]
                found.append(Found(start, start - negative, self._meanings[key]))
        return sorted(found, key=lambda hit: hit.start)

    def misspelt(self, words: tuple[str, ...], found: list[Found[T]]) -> list[Found[T]]:
        """
        Words that no phrase in *found* uses and that are one edit from names which all mean the same.

        Only the first twenty long words are looked at: a name is not written wrong at the end of an essay.
        """
        used = {place for hit in found for place in range(hit.start, hit.end)}
        long = (place for place, word in enumerate(words) if len(word) >= _LONG and place not in used)
        more = []
        for place in islice(long, MOST_LOOKED_AT):
            meanings = {self._meanings[(name,)] for name in self.neighbours(words[place])}
            if len(meanings) == 1:
                more.append(Found(place, place + 1, meanings.pop()))
        return more

    def neighbours(self, token: str) -> tuple[str, ...]:
        """The one-word phrases that are one edit from *token*, if the words are long."""
        stem = singular(token)
        if len(stem) < _LONG or not stem.isalpha():
            return ()
        near = {*self._halves.get(stem[:4], ()), *self._halves.get(f"-{stem[-4:]}", ())}
        return tuple(sorted(name for name in near if _one_edit(name, stem)))


MOST_LOOKED_AT = 20  # unused long words of one text
_LONG = 9  # letters a word needs before one edit is forgiven (NAME_MATCHING section 2)


def _halves(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Long names by their first and by their last four letters: one edit leaves one of the two as it was."""
    index: dict[str, list[str]] = {}
    for name in names:
        if len(name) >= _LONG:
            index.setdefault(name[:4], []).append(name)
            index.setdefault(f"-{name[-4:]}", []).append(name)
    return {half: tuple(known) for half, known in index.items()}


def _one_edit(one: str, other: str) -> bool:
    """Whether one letter was added, left out, changed, or swapped with its neighbour."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or short == long:
        return False
    same = next((i for i, letter in enumerate(short) if letter != long[i]), len(short))
    if len(short) < len(long):
        return short[same:] == long[same + 1 :]
    rest_short, rest_long = short[same:], long[same:]
    swapped = rest_short[:2] == rest_long[1::-1] and rest_short[2:] == rest_long[2:]
    return swapped or rest_short[1:] == rest_long[1:]
