"""What the source tables say, together, about a brand: what it holds, and whether its name can be believed."""

import re
from collections import Counter, defaultdict

from source_tables import Row, Tables, is_verified, listed, plain_name

_BRACKETED = re.compile(r"\[([^\]]+)\]$")  # the brand at the end of an RxNorm name


def bracketed(rows: list[Row]) -> dict[str, Counter[str]]:
    """How many RxNorm products, "… Oral Tablet [Brand]", of each brand hold each ingredient; "" counts all."""
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found = _BRACKETED.search(row["name"])
        if found and is_verified(row):
            inside[plain_name(found[1])].update(["", *listed(row["ingredients"])])
    return inside


def labelled_without_class(tables: Tables) -> set[str]:
    """Brands whose every label and RxNorm product is without class: for eye, ear or skin ("Maxitrol")."""
    labels: set[str] = set()
    classed: set[str] = set()
    for row in tables["ndc"]:
        (classed if row["classes"] else labels).add(plain_name(row["label_name"]))
    for row in tables["rxnorm_products"]:
        found = _BRACKETED.search(row["name"])
        if found and row["classes"]:
            classed.add(plain_name(found[1]))
    return labels - classed


def house_brands(tables: Tables) -> set[str]:
    """Brands under which labels sell three or more other substances ("Equaline", "Cold")."""
    labels: dict[str, set[frozenset[str]]] = defaultdict(set)
    for row in tables["ndc"]:
        words = plain_name(row["label_name"]).split()
        for length in range(1, len(words) + 1):
            labels[" ".join(words[:length])].add(frozenset(listed(row["ingredients"])))
    own: dict[str, set[str]] = defaultdict(set)
    for row in tables["brands"]:
        own[plain_name(row["brand"])].update(listed(row["ingredients"]))
    return {
        brand for brand, mine in own.items() if sum(mine.isdisjoint(other) for other in labels[brand]) > 2
    }


def own_contents(row: Row, inside: dict[str, Counter[str]], members: dict[str, list[Row]]) -> Row:
    """
    The brand without ingredients that fewer than half of its RxNorm products hold.

    Those belong to another brand: labels are cut ("Cipro" for "Cipro HC"), single products misnamed ("Cozaar"
    for "Cozaar-Comp").
    """
    there, products = set(listed(row["ingredients"])), inside[plain_name(row["brand"])]
    kept = {name for name in there if products[name] * 2 >= products[""]} if products[""] else there
    if not kept or kept == there:
        return row
    of_rest = {name for name, rows in members.items() if kept & {member["ingredient"] for member in rows}}
    classes = [value_set for value_set in listed(row["classes"]) if value_set in of_rest]
    return {**row, "ingredients": ";".join(sorted(kept)), "classes": ";".join(classes)}
