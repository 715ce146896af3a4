"""Which side of the body words name."""

from collections.abc import Iterable

from cds_service.names import tokens, word_set

_SIDES = {
    "left": word_set("left lt links linkes linker linken gauche izquierda izquierdo esquerda sinistra"),
    "right": word_set("right rt rechts rechtes rechter rechten droite derecha derecho direita destra"),
    "both": word_set(
        "bilateral bilaterally both beidseits bds beide beiden bilaterale bilaterales ambas ambos"
    ),
}
_LETTERS = {"l": "left", "r": "right"}  # "L leg swelling"
_LEGS = word_set("leg legs calf ankle ankles foot feet thigh shin limb lower le")
_HEART = word_set("heart ventricular ventricle atrial cardiac")  # "leg oedema, right heart failure"


def side(texts: Iterable[str]) -> str:
    """ "left", "right" or "both" as the words and the body site say; "" when they say none."""
    said = {name for words in map(tokens, texts) for name in _said(words)}
    return "both" if "both" in said or len(said) > 1 else next(iter(said), "")


def _said(words: tuple[str, ...]) -> Iterable[str]:
    for place, word in enumerate(words):
        after = words[place + 1 : place + 3]
        if _HEART.isdisjoint(after):
            yield from (name for name, known in _SIDES.items() if word in known)
        if word in _LETTERS and not _LEGS.isdisjoint(after[:1]):
            yield _LETTERS[word]
