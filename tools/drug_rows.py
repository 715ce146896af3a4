"""Rows of the drug classes by code: products, ingredients and groups."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from brands import bracketed, own_contents
from source_tables import Cells, Compiled, Files, Row, Tables, is_verified, listed, plain_name, short

from cds_service.code_systems import ATC, NDC, RXNORM, SNOMED
from cds_service.value_set_files import DRUG, NO_CLASS

# Groups of ATC given one way only: "B05" solutions for the vein, "B03AC" iron for injection.
_ATC_ROUTES = {"B05": "injectable", "B03AC": "injectable"}


def compiled(tables: Tables) -> Iterator[Compiled]:
    """Every code of a medicine that the tables know, by class."""
    members = members_by_class(tables)
    yield from _products(tables, members)
    yield from _packages(tables, members)
    yield from _ingredient_codes(tables)
    yield from _atc(tables, members)


def members_by_class(tables: Tables) -> dict[str, list[Row]]:
    """The rows of the drug table by class; a class without any has an empty list."""
    members: dict[str, list[Row]] = defaultdict(list)
    for row in tables["drugs"]:
        members[row["class"]].append(row)
    return members


def drug_row(value_set: str, *cells: str, folder: str = "drugs") -> Compiled:
    """A row of a drug class, or of what has none; *cells* in the order of `DRUG`."""
    return f"{folder}/{value_set or NO_CLASS}.csv", DRUG, cells


def of_class(value_set: str, ingredients: list[str], members: dict[str, list[Row]]) -> str:
    """Those *ingredients* for which the class is there; all when it comes from the product as a whole."""
    known = {row["ingredient"] for row in members[value_set]}
    return ";".join([name for name in ingredients if name in known] or ingredients)


def _products(tables: Tables, members: dict[str, list[Row]]) -> Iterator[Compiled]:
    """Product codes of RxNorm and SNOMED CT; their classes have been filtered by route and form."""
    for row in tables["rxnorm_products"]:
        if is_verified(row):
            coded = (RXNORM, row["rxcui"], short(row["name"]), "exact")
            yield from _by_class(row, coded, row["route"], members)
    for row in tables["snomed_drugs"]:
        if is_verified(row):
            yield from _by_class(row, (SNOMED, row["code"], short(row["display"]), "exact"), "", members)


def _packages(tables: Tables, members: dict[str, list[Row]]) -> Iterator[Compiled]:
    """Product codes of NDC, filtered alike, with what their labels lost."""
    whole = {plain_name(row["brand"]): row for row in tables["brands"] if is_verified(row)}
    counts = bracketed(tables["rxnorm_products"])
    for label in tables["ndc"]:
        row = _completed(label, whole.get(plain_name(label["label_name"])), counts, members)
        coded = (NDC, row["ndc9"], short(row["label_name"]), "prefix")
        yield from _by_class(row, coded, row["route"], members, "drugs/ndc")


def _by_class(
    row: Row, coded: Cells, route: str, members: dict[str, list[Row]], folder: str = "drugs"
) -> Iterator[Compiled]:
    """The product once for each of its classes, or as one without class."""
    for value_set in listed(row["classes"]) or [""]:
        inside = of_class(value_set, listed(row["ingredients"]), members)
        yield drug_row(value_set, *coded, inside, route, row["source"], folder=folder)


def _completed(
    row: Row, brand: Row | None, counts: dict[str, Counter[str]], members: dict[str, list[Row]]
) -> Row:
    """The NDC row with what its label lost: "Micardis HCT" listed as telmisartan alone."""
    if brand is None or not row["classes"]:
        return row
    brand = own_contents(brand, counts, members)
    is_part = all(set(listed(row[cell])) < set(listed(brand[cell])) for cell in ("ingredients", "classes"))
    return {**row, "ingredients": brand["ingredients"], "classes": brand["classes"]} if is_part else row


def _ingredient_codes(tables: Tables) -> Iterator[Compiled]:
    """RxNorm codes of the ingredients themselves that the product table lacks in that class."""
    there = {
        (value_set, row["rxcui"])
        for row in tables["rxnorm_products"]
        if is_verified(row)
        for value_set in listed(row["classes"])
    }
    for row in tables["drugs"]:
        if is_verified(row) and row["ingredient_rxcui"]:
            for code in sorted({row["ingredient_rxcui"], *listed(row["other_rxcuis"])}):
                if (row["class"], code) not in there:
                    name = row["ingredient"]
                    yield drug_row(row["class"], RXNORM, code, name, "exact", name, "", row["rxcui_source"])


def _atc(tables: Tables, members: dict[str, list[Row]]) -> Iterator[Compiled]:
    """
    ATC prefixes, and single substances below them with their ingredient.

    The prefix table decides the classes: a substance's code counts for a class when a prefix of the class
    covers it, or when the prefix table says nothing about it.
    """
    prefixes: dict[str, set[str]] = defaultdict(set)
    for row in tables["atc"]:
        if is_verified(row):
            prefixes[row["class"]].add(row["prefix"])
    everywhere = {prefix for known in prefixes.values() for prefix in known}
    single: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in tables["drugs"]:
        for code in listed(row["atc_codes"]):
            mine = _covers(prefixes[row["class"]], code)
            if len(code) == 7 and (mine or (is_verified(row) and not _covers(everywhere, code))):
                single[row["class"], code].add(row["ingredient"])
    for row in tables["atc"]:
        if is_verified(row):
            value_set, code = row["class"], row["prefix"]
            alone = single.pop((value_set, code), set())
            named = _named(row["atc_name"], members[value_set]) or alone
            inside = ";".join(sorted(named)) if len(code) == 7 else ""
            cells = (ATC, code, row["atc_name"], "prefix", inside, _atc_route(code), row["source"])
            yield drug_row(value_set, *cells)
    for (value_set, code), names in sorted(single.items()):
        inside = ";".join(sorted(names))
        yield drug_row(value_set, ATC, code, inside, "exact", inside, _atc_route(code), "drugs.csv atc_codes")


def _covers(prefixes: set[str], code: str) -> bool:
    return any(code.startswith(prefix) for prefix in prefixes)


def _atc_route(code: str) -> str:
    return next((route for prefix, route in _ATC_ROUTES.items() if code.startswith(prefix)), "")


def _named(text: str, members: list[Row]) -> set[str]:
    """The members whose name or synonym stands in *text* as whole words."""
    words = f" {plain_name(text)} "
    return {
        row["ingredient"]
        for row in members
        if any(f" {plain_name(name)} " in words for name in (row["ingredient"], *synonyms(row)))
    }


def synonyms(row: Row) -> list[str]:
    """Other names of the substance; those with a capital are brands."""
    return [name for name in listed(row["synonyms_and_brands"]) if name[:1].islower() or name[:1].isdigit()]


def drop_known_from_no_class(files: Files) -> None:
    """A code or name that some class holds needs no row among those without class."""
    for folder in ("drugs", "drugs/ndc"):
        known = {
            _meaning(row)
            for name, (_, held) in files.items()
            if name.startswith("drugs/") and not name.endswith(f"/{NO_CLASS}.csv")
            for row in held
        }
        name = f"{folder}/{NO_CLASS}.csv"
        if name in files:
            header, held = files[name]
            files[name] = header, {row for row in held if _meaning(row) not in known}


def _meaning(row: Cells) -> Cells:
    """What the row is about: a code, or a name."""
    return row[:2] if row[0] else ("", plain_name(row[2]))
