"""Rows of the drug classes by name: substances, brands, and the names that no table holds."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from brands import bracketed, house_brands, labelled_without_class, own_contents
from drug_rows import drug_row, members_by_class, of_class
from source_tables import Compiled, Row, Tables, is_verified, listed, plain_name

# A product in dm+d: its name, then strength or form, then the maker.
_BRITISH_PRODUCT = re.compile(
    r"([A-Z][^\d(/,]*?(?: D3)?(?: [A-Z][a-z]+)?) (?:\d|tablets|capsules|oral|chewable|effervescent|sachets|"
    r"modified-release|inhaler|injection)[^(]*(\(.*\))?$"
)
_LOCAL_TOO = {"betnesol"}  # drops for eye, ear and nose bear the name of the tablets


def compiled(tables: Tables, usual: list[Row]) -> Iterator[Compiled]:
    """Names for matching text; the brand table decides about a brand, the drug table adds the rest."""
    members = members_by_class(tables)
    substances = {plain_name(row["ingredient"]) for row in tables["drugs"]}
    others = _other_substances(tables["rxnorm_products"]) - substances
    brands = {plain_name(row["brand"]) for row in tables["brands"]}
    none = {plain_name(row["name"]) for row in usual if row["kind"] == "not_a_drug"}
    checked = {plain_name(row["name"]) for row in usual if row["kind"] == "checked_brand"}
    believed = [row for row in tables["brands"] if is_verified(row) or plain_name(row["brand"]) in checked]
    inside = bracketed(tables["rxnorm_products"])
    generic = others | substances | none
    local, house = labelled_without_class(tables), house_brands(tables)
    believed = [row for row in believed if plain_name(row["brand"]) not in house]
    believed = [{**row, "classes": ""} if plain_name(row["brand"]) in local else row for row in believed]
    yield from _brands([own_contents(row, inside, members) for row in believed], members, generic)
    yield from _british_brands(tables["snomed_drugs"], members, generic, brands)
    yield from _co_names(tables["snomed_drugs"], members)
    for row in tables["drugs"]:
        pseudo = "(" in row["ingredient"] or row["ingredient"].startswith("bowel preparation")
        for name in {*([] if pseudo else [row["ingredient"]]), *listed(row["synonyms_and_brands"])}:
            if plain_name(name) not in brands | others | none:
                yield drug_row(row["class"], "", "", name, "name", row["ingredient"], "", "drugs.csv")
    for name in sorted(others):
        yield drug_row("", "", "", name, "name", "", "", "rxnorm_products.csv other_ingredients")
    yield from _usual(usual, tables["drugs"], others)


def _usual(rows: list[Row], drugs: list[Row], others: set[str]) -> Iterator[Compiled]:
    """Names that no table has; those of `class_member` belong to a class by their ATC group."""
    for row in rows:
        name = row["name"]
        if row["kind"] == "not_a_drug" and plain_name(name) not in others:
            yield drug_row("", "", "", name, "name", "", "", "NAME_MATCHING sections 2, 3 and 7")
        elif row["kind"] == "same_drug":
            for drug in drugs:
                if drug["ingredient"] in listed(row["set"]):
                    cells = (drug["class"], "", "", name, row["match"], drug["ingredient"])
                    yield drug_row(*cells, "", "drugs.csv")
        elif row["kind"] == "class_member":
            yield drug_row(row["set"], "", "", name, "name", name, "", "its ATC group in atc.csv")


def _brands(rows: list[Row], members: dict[str, list[Row]], substances: set[str]) -> Iterator[Compiled]:
    """One row per brand and class; spellings that differ in case only are one brand, with all its classes."""
    merged: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if plain_name(row["brand"]) not in substances:
            merged[plain_name(row["brand"])].append(row)
    for spellings in merged.values():
        if any(row["systemic"] == "no" for row in spellings):
            spellings = [row for row in spellings if row["systemic"] != "unknown"]
        first = min(spellings, key=lambda row: row["brand"])
        match = "name_ambiguous" if any(row["ambiguous"] == "yes" for row in spellings) else "name"
        routes = ";".join(sorted({route for row in spellings for route in listed(row["routes"])}))
        source = ";".join(sorted({name for row in spellings for name in listed(row["source"])}))
        classes = {value_set for row in spellings for value_set in listed(row["classes"])}
        ingredients = sorted({name for row in spellings for name in listed(row["ingredients"])})
        for value_set in sorted(classes) or [""]:
            inside = of_class(value_set, ingredients, members)
            yield drug_row(value_set, "", "", first["brand"], match, inside, routes, source)


def _british_brands(
    rows: list[Row], members: dict[str, list[Row]], generic: set[str], brands: set[str]
) -> Iterator[Compiled]:
    """
    Brands by their products' names in dm+d, "Inegy 10mg/20mg tablets (Organon Pharma (UK) Ltd)".

    The name is what stands before strength and form. One that begins with a substance is no brand; without a
    maker only one word is a brand.
    """
    substances = {name.split()[0] for name in generic}
    products: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found = _BRITISH_PRODUCT.match(row["display"])
        is_generic = re.search(r" / [A-Z]", row["display"]) is not None
        if found and is_verified(row) and (found[2] or not (is_generic or " " in found[1])):
            products[found[1]].append(row)
    for brand, named in products.items():
        words = plain_name(brand)
        if (
            words in brands | _LOCAL_TOO
            or words.split()[0] in substances
            or any(not row["classes"] for row in named)
        ):
            continue
        for value_set in sorted({name for row in named for name in listed(row["classes"])}):
            there = {name for row in named for name in listed(row["ingredients"])}
            inside = of_class(value_set, sorted(there), members)
            source = ";".join(sorted({row["source"] for row in named}))
            for name in {brand, re.sub(r"^Co-", "Co", brand)}:
                yield drug_row(value_set, "", "", name, "name", inside, "", source)


def _co_names(rows: list[Row], members: dict[str, list[Row]]) -> Iterator[Compiled]:
    """British names of fixed combinations ("co-amilofruse"), read from the names of the products."""
    for row in rows:
        found = re.match(r"co-[a-z]+", row["display"], re.IGNORECASE)
        if found and is_verified(row):
            for value_set in listed(row["classes"]):
                inside = of_class(value_set, listed(row["ingredients"]), members)
                yield drug_row(value_set, "", "", found[0].lower(), "name", inside, "", row["source"])


def _other_substances(rows: list[Row]) -> set[str]:
    """Ingredients of listed products without a class of ours; rare ones are often cut short there."""
    seen = Counter(
        name for row in rows for name in {plain_name(name) for name in listed(row["other_ingredients"])}
    )
    return {name for name, count in seen.items() if count > 1 and len(name) >= 6 and name[0].isalpha()}
