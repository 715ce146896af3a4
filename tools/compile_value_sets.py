"""
Compile the value sets in cards/value_sets from a folder of terminology tables.

    python tools/compile_value_sets.py SOURCE_FOLDER [OUTPUT_FOLDER]

Every class, concept and analyte of the source is compiled; there is no list to maintain. Codes are taken
only when their row is verified (yes, via-ndc or corroborated). Same source, same files, byte for byte.
VERSION beside them holds the date on which the source says it was assembled, and a digest of the files.
"""

import csv
import hashlib
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from cds_service.code_systems import ATC, ICD9CM, ICD10, ICD10CM, LOINC, NDC, RXNORM, SNOMED
from cds_service.drug_names import drug_tokens

Cells = tuple[str, ...]
Row = dict[str, str]
Files = dict[str, tuple[Cells, set[Cells]]]

DRUG = ("system", "code", "display", "match", "ingredient", "route", "source")
DIAGNOSIS = ("system", "code", "display", "match", "note", "source")
ANALYTE = ("system", "code", "display", "match", "unit", "source")
ORDER = ("test", "system", "code", "display", "source")

NO_CLASS = "_none"  # recognised, and no class applies: stops the reading of the text
LONGEST_DISPLAY = 120
CODES_IN_A_ROW = 20  # so that a line can still be read
PROVENANCE, VERSION = "PROVENANCE.md", "VERSION"
LARGEST = 1_500_000  # bytes of a file, so that a change can still be reviewed

SYSTEMS = {"ICD10CM": ICD10CM, "ICD10": ICD10, "ICD9CM": ICD9CM, "SNOMED": SNOMED, "text": ""}
BRACKETED = re.compile(r"\[([^\]]+)\]$")  # the brand at the end of an RxNorm name
# A product in dm+d: its name, then strength or form, then the maker.
BRITISH_PRODUCT = re.compile(
    r"([A-Z][^\d(/,]*?(?: D3)?(?: [A-Z][a-z]+)?) (?:\d|tablets|capsules|oral|chewable|effervescent|sachets|"
    r"modified-release|inhaler|injection)[^(]*(\(.*\))?$"
)
LOCAL_TOO = {"betnesol"}  # drops for eye, ear and nose bear the name of the tablets
# Groups of ATC given one way only: "B05" solutions for the vein, "B03AC" iron for injection.
ATC_ROUTES = {"B05": "injectable", "B03AC": "injectable"}
# Concepts within a wider one (PROVENANCE, "Sub-sets and pairs"): the wider one gets their phrases too.
WITHIN = {
    "acute_dvt": ("deep_vein_thrombosis",),
    "adrenal_crisis": ("adrenal_insufficiency",),
    "alcohol_dependence_or_harmful_use_active": ("alcohol_use_disorder",),
    "cirrhosis": ("liver_disease_cirrhosis",),
    "ckd_advanced": ("chronic_kidney_disease",),
    "end_stage_renal_disease": ("ckd_advanced", "chronic_kidney_disease"),
    "exertional_overuse": ("muscle_strain_overexertion",),
    "fatty_or_other_liver_disease": ("liver_disease_cirrhosis",),
    "haemodialysis": ("dialysis_dependence",),
    "heat_or_heavy_sweating": ("heat_exhaustion_sweating",),
    "idiopathic_parkinsons": ("parkinsons_disease",),
    "limb_ischaemia_rest_pain_or_tissue_loss": ("peripheral_artery_disease",),
    "peritoneal_dialysis": ("dialysis_dependence",),
    "pregnancy_current": ("pregnancy",),
    "primary_adrenal_insufficiency": ("adrenal_insufficiency",),
    "rhabdomyolysis_or_toxic_myopathy": ("myopathy_rhabdomyolysis",),
    "secondary_adrenal_insufficiency": ("adrenal_insufficiency",),
}


def main(arguments: list[str]) -> int:
    """Compile, say how much was written, and return the exit status."""
    if not 1 <= len(arguments) <= 2 or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    output = Path(arguments[1]) if len(arguments) == 2 else Path(__file__).parents[1] / "cards" / "value_sets"
    day, files = assembled(Path(arguments[0])), compiled(Path(arguments[0]))
    write(output, files)
    version = f"{day}+{digest(output)}"
    (output / VERSION).write_text(f"{version}\n", encoding="utf-8")
    print(f"{len(files)} files, {sum(len(rows) for _, rows in files.values())} rows in {output}: {version}")
    return 0


def assembled(source: Path) -> str:
    """The day of the source tables; SystemExit when their PROVENANCE.md does not say it."""
    told = re.search(r"Assembled (\d{4}-\d\d-\d\d)", (source / PROVENANCE).read_text(encoding="utf-8"))
    if told is None:
        raise SystemExit(f"{PROVENANCE}: does not say `Assembled YYYY-MM-DD`")
    return told[1]


def digest(output: Path) -> str:
    """The beginning of a digest of all value sets in *output*, by name and content."""
    whole = hashlib.sha256()
    for path in sorted(output.rglob("*.csv")):
        whole.update(f"{path.relative_to(output).as_posix()}\n".encode() + path.read_bytes())
    return whole.hexdigest()[:12]


def compiled(source: Path) -> Files:
    """All value sets, by file name relative to the output folder."""
    tables = {path.stem: _read(path) for path in sorted(source.glob("*.csv"))}
    usual = _read(Path(__file__).with_name("usual_names.csv"))
    files: Files = {}
    for name, header, row in (*_drugs(tables, usual), *_diagnoses(tables, usual), *_analytes(tables, usual)):
        files.setdefault(name, (header, set()))[1].add(row)
    orders: set[Cells] = {
        (row["test_or_panel"], row["system"], row["code"], row["display"], row["source"])
        for row in tables["order_codes"]
        if _is_verified(row)
    }
    files["orders.csv"] = (ORDER, orders)
    _drop_known_from_no_class(files)
    return files


def write(output: Path, files: Files) -> None:
    """Replace the compiled CSV files in *output* by *files*, sorted; other files there stay."""
    for old in sorted(output.rglob("*.csv")):
        old.unlink()
    for name, (header, rows) in sorted(files.items()):
        written = _together(rows) if name.startswith("drugs/ndc/") else rows
        for path, part in _parts(output / name, sorted(written)):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows((header, *part))


def _together(rows: Iterable[Cells]) -> Iterator[Cells]:
    """Packages that differ in nothing but their code share a row: a fifth of the rows, and of the time to load."""
    alike: dict[Cells, list[str]] = defaultdict(list)
    for system, code, *rest in sorted(rows):
        alike[(system, *rest)].append(code)
    for (system, *rest), codes in alike.items():
        for start in range(0, len(codes), CODES_IN_A_ROW):
            yield (system, ";".join(codes[start : start + CODES_IN_A_ROW]), *rest)


def _parts(path: Path, rows: list[Cells]) -> Iterator[tuple[Path, list[Cells]]]:
    """One file, or numbered ones when it would grow too large to review."""
    size = sum(len(cell.encode()) + 3 for row in rows for cell in row)
    count = size // LARGEST + 1
    step = -(-len(rows) // count) or 1
    for number, start in enumerate(range(0, len(rows), step), 1):
        name = path.name if count == 1 else f"{path.stem}.{number}.csv"
        yield path.with_name(name), rows[start : start + step]


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _is_verified(row: Row) -> bool:
    return row["verified"] in ("yes", "via-ndc", "corroborated")


def _listed(cell: str) -> list[str]:
    return [part for part in cell.split(";") if part]


def _short(display: str) -> str:
    return display if len(display) <= LONGEST_DISPLAY else display[: LONGEST_DISPLAY - 1] + "…"


def _key(name: str) -> str:
    return " ".join(drug_tokens(name))


# Drugs

Compiled = tuple[str, Cells, Cells]


def _drugs(tables: dict[str, list[Row]], usual: list[Row]) -> Iterator[Compiled]:
    members: dict[str, list[Row]] = defaultdict(list)
    for row in tables["drugs"]:
        members[row["class"]].append(row)
    yield from _products(tables, members)
    yield from _ingredient_codes(tables)
    yield from _atc(tables, members)
    yield from _names(tables, members, usual)


def _drug(value_set: str, *cells: str, folder: str = "drugs") -> Compiled:
    return f"{folder}/{value_set or NO_CLASS}.csv", DRUG, cells


def _of_class(value_set: str, ingredients: list[str], members: dict[str, list[Row]]) -> str:
    """Those *ingredients* for which the class is there; all when it comes from the product as a whole."""
    known = {row["ingredient"] for row in members[value_set]}
    return ";".join([name for name in ingredients if name in known] or ingredients)


def _products(tables: dict[str, list[Row]], members: dict[str, list[Row]]) -> Iterator[Compiled]:
    """Product codes of RxNorm, SNOMED CT and NDC; their classes have been filtered by route and form."""
    for row in tables["rxnorm_products"]:
        if _is_verified(row):
            for value_set in _listed(row["classes"]) or [""]:
                inside = _of_class(value_set, _listed(row["ingredients"]), members)
                cells = (
                    RXNORM,
                    row["rxcui"],
                    _short(row["name"]),
                    "exact",
                    inside,
                    row["route"],
                    row["source"],
                )
                yield _drug(value_set, *cells)
    for row in tables["snomed_drugs"]:
        if _is_verified(row):
            for value_set in _listed(row["classes"]) or [""]:
                inside = _of_class(value_set, _listed(row["ingredients"]), members)
                yield _drug(
                    value_set, SNOMED, row["code"], _short(row["display"]), "exact", inside, "", row["source"]
                )
    whole = {_key(row["brand"]): row for row in tables["brands"] if _is_verified(row)}
    counts = _bracketed(tables["rxnorm_products"])
    for row in (
        _completed(row, whole.get(_key(row["label_name"])), counts, members) for row in tables["ndc"]
    ):
        for value_set in _listed(row["classes"]) or [""]:
            inside = _of_class(value_set, _listed(row["ingredients"]), members)
            cells = (
                NDC,
                row["ndc9"],
                _short(row["label_name"]),
                "prefix",
                inside,
                row["route"],
                row["source"],
            )
            yield _drug(value_set, *cells, folder="drugs/ndc")


def _completed(
    row: Row, brand: Row | None, counts: dict[str, Counter[str]], members: dict[str, list[Row]]
) -> Row:
    """The NDC row with what its label lost: "Micardis HCT" listed as telmisartan alone."""
    if brand is None or not row["classes"]:
        return row
    brand = _within(brand, counts, members)
    is_part = all(set(_listed(row[cell])) < set(_listed(brand[cell])) for cell in ("ingredients", "classes"))
    return {**row, "ingredients": brand["ingredients"], "classes": brand["classes"]} if is_part else row


def _ingredient_codes(tables: dict[str, list[Row]]) -> Iterator[Compiled]:
    """RxNorm codes of the ingredients themselves that the product table lacks in that class."""
    there = {
        (value_set, row["rxcui"])
        for row in tables["rxnorm_products"]
        if _is_verified(row)
        for value_set in _listed(row["classes"])
    }
    for row in tables["drugs"]:
        if _is_verified(row) and row["ingredient_rxcui"]:
            for code in sorted({row["ingredient_rxcui"], *_listed(row["other_rxcuis"])}):
                if (row["class"], code) not in there:
                    name = row["ingredient"]
                    yield _drug(row["class"], RXNORM, code, name, "exact", name, "", row["rxcui_source"])


def _atc(tables: dict[str, list[Row]], members: dict[str, list[Row]]) -> Iterator[Compiled]:
    """
    ATC prefixes, and single substances below them with their ingredient.

    The prefix table decides the classes: a substance's code counts for a class when a prefix of the class
    covers it, or when the prefix table says nothing about it.
    """
    prefixes: dict[str, set[str]] = defaultdict(set)
    for row in tables["atc"]:
        if _is_verified(row):
            prefixes[row["class"]].add(row["prefix"])
    everywhere = {prefix for known in prefixes.values() for prefix in known}
    single: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in tables["drugs"]:
        for code in _listed(row["atc_codes"]):
            mine = _covers(prefixes[row["class"]], code)
            if len(code) == 7 and (mine or (_is_verified(row) and not _covers(everywhere, code))):
                single[row["class"], code].add(row["ingredient"])
    for row in tables["atc"]:
        if _is_verified(row):
            value_set, code = row["class"], row["prefix"]
            listed = single.pop((value_set, code), set())
            named = _named(row["atc_name"], members[value_set]) or listed
            inside = ";".join(sorted(named)) if len(code) == 7 else ""
            cells = (ATC, code, row["atc_name"], "prefix", inside, _atc_route(code), row["source"])
            yield _drug(value_set, *cells)
    for (value_set, code), names in sorted(single.items()):
        inside = ";".join(sorted(names))
        yield _drug(value_set, ATC, code, inside, "exact", inside, _atc_route(code), "drugs.csv atc_codes")


def _covers(prefixes: set[str], code: str) -> bool:
    return any(code.startswith(prefix) for prefix in prefixes)


def _atc_route(code: str) -> str:
    return next((route for prefix, route in ATC_ROUTES.items() if code.startswith(prefix)), "")


def _named(text: str, members: list[Row]) -> set[str]:
    """The members whose name or synonym stands in *text* as whole words."""
    words = f" {_key(text)} "
    return {
        row["ingredient"]
        for row in members
        if any(f" {_key(name)} " in words for name in (row["ingredient"], *_synonyms(row)))
    }


def _synonyms(row: Row) -> list[str]:
    """Other names of the substance; those with a capital are brands."""
    return [name for name in _listed(row["synonyms_and_brands"]) if name[:1].islower() or name[:1].isdigit()]


def _names(
    tables: dict[str, list[Row]], members: dict[str, list[Row]], usual: list[Row]
) -> Iterator[Compiled]:
    """Names for matching text; the brand table decides about a brand, the drug table adds the rest."""
    substances = {_key(row["ingredient"]) for row in tables["drugs"]}
    others = _other_substances(tables["rxnorm_products"]) - substances
    brands = {_key(row["brand"]) for row in tables["brands"]}
    none = {_key(row["name"]) for row in usual if row["kind"] == "not_a_drug"}
    checked = {_key(row["name"]) for row in usual if row["kind"] == "checked_brand"}
    believed = [row for row in tables["brands"] if _is_verified(row) or _key(row["brand"]) in checked]
    inside = _bracketed(tables["rxnorm_products"])
    generic = others | substances | none
    local, house = _labelled_without_class(tables), _house_brands(tables)
    believed = [row for row in believed if _key(row["brand"]) not in house]
    believed = [{**row, "classes": ""} if _key(row["brand"]) in local else row for row in believed]
    yield from _brands([_within(row, inside, members) for row in believed], members, generic)
    yield from _british_brands(tables["snomed_drugs"], members, generic, brands)
    yield from _co_names(tables["snomed_drugs"], members)
    for row in tables["drugs"]:
        pseudo = "(" in row["ingredient"] or row["ingredient"].startswith("bowel preparation")
        for name in {*([] if pseudo else [row["ingredient"]]), *_listed(row["synonyms_and_brands"])}:
            if _key(name) not in brands | others | none:
                yield _drug(row["class"], "", "", name, "name", row["ingredient"], "", "drugs.csv")
    for name in sorted(others):
        yield _drug("", "", "", name, "name", "", "", "rxnorm_products.csv other_ingredients")
    yield from _usual(usual, tables["drugs"], others)


def _usual(rows: list[Row], drugs: list[Row], others: set[str]) -> Iterator[Compiled]:
    """Names that no table has; those of `class_member` belong to a class by their ATC group."""
    for row in rows:
        name = row["name"]
        if row["kind"] == "not_a_drug" and _key(name) not in others:
            yield _drug("", "", "", name, "name", "", "", "NAME_MATCHING sections 2, 3 and 7")
        elif row["kind"] == "same_drug":
            for drug in drugs:
                if drug["ingredient"] in _listed(row["set"]):
                    yield _drug(drug["class"], "", "", name, "name", drug["ingredient"], "", "drugs.csv")
        elif row["kind"] == "class_member":
            yield _drug(row["set"], "", "", name, "name", name, "", "its ATC group in atc.csv")


def _brands(rows: list[Row], members: dict[str, list[Row]], substances: set[str]) -> Iterator[Compiled]:
    """One row per brand and class; spellings that differ in case only are one brand, with all its classes."""
    merged: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if _key(row["brand"]) not in substances:
            merged[_key(row["brand"])].append(row)
    for spellings in merged.values():
        if any(row["systemic"] == "no" for row in spellings):
            spellings = [row for row in spellings if row["systemic"] != "unknown"]
        first = min(spellings, key=lambda row: row["brand"])
        match = "name_ambiguous" if any(row["ambiguous"] == "yes" for row in spellings) else "name"
        routes = ";".join(sorted({route for row in spellings for route in _listed(row["routes"])}))
        source = ";".join(sorted({name for row in spellings for name in _listed(row["source"])}))
        classes = {value_set for row in spellings for value_set in _listed(row["classes"])}
        ingredients = sorted({name for row in spellings for name in _listed(row["ingredients"])})
        for value_set in sorted(classes) or [""]:
            inside = _of_class(value_set, ingredients, members)
            yield _drug(value_set, "", "", first["brand"], match, inside, routes, source)


def _bracketed(rows: list[Row]) -> dict[str, Counter[str]]:
    """How many RxNorm products, "… Oral Tablet [Brand]", of each brand hold each ingredient; "" counts all."""
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found = BRACKETED.search(row["name"])
        if found and _is_verified(row):
            inside[_key(found[1])].update(["", *_listed(row["ingredients"])])
    return inside


def _labelled_without_class(tables: dict[str, list[Row]]) -> set[str]:
    """Brands whose every label and RxNorm product is without class: for eye, ear or skin ("Maxitrol")."""
    labels: set[str] = set()
    classed: set[str] = set()
    for row in tables["ndc"]:
        (classed if row["classes"] else labels).add(_key(row["label_name"]))
    for row in tables["rxnorm_products"]:
        found = BRACKETED.search(row["name"])
        if found and row["classes"]:
            classed.add(_key(found[1]))
    return labels - classed


def _house_brands(tables: dict[str, list[Row]]) -> set[str]:
    """Brands under which labels sell three or more other substances ("Equaline", "Cold")."""
    labels: dict[str, set[frozenset[str]]] = defaultdict(set)
    for row in tables["ndc"]:
        words = _key(row["label_name"]).split()
        for length in range(1, len(words) + 1):
            labels[" ".join(words[:length])].add(frozenset(_listed(row["ingredients"])))
    own: dict[str, set[str]] = defaultdict(set)
    for row in tables["brands"]:
        own[_key(row["brand"])].update(_listed(row["ingredients"]))
    return {
        brand for brand, mine in own.items() if sum(mine.isdisjoint(other) for other in labels[brand]) > 2
    }


def _within(row: Row, inside: dict[str, Counter[str]], members: dict[str, list[Row]]) -> Row:
    """
    The brand without ingredients that fewer than half of its RxNorm products hold.

    Those belong to another brand: labels are cut ("Cipro" for "Cipro HC"), single products misnamed ("Cozaar"
    for "Cozaar-Comp").
    """
    there, products = set(_listed(row["ingredients"])), inside[_key(row["brand"])]
    kept = {name for name in there if products[name] * 2 >= products[""]} if products[""] else there
    if not kept or kept == there:
        return row
    of_rest = {name for name, rows in members.items() if kept & {member["ingredient"] for member in rows}}
    classes = [value_set for value_set in _listed(row["classes"]) if value_set in of_rest]
    return {**row, "ingredients": ";".join(sorted(kept)), "classes": ";".join(classes)}


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
        found = BRITISH_PRODUCT.match(row["display"])
        is_generic = re.search(r" / [A-Z]", row["display"]) is not None
        if found and _is_verified(row) and (found[2] or not (is_generic or " " in found[1])):
            products[found[1]].append(row)
    for brand, named in products.items():
        words = _key(brand)
        if (
            words in brands | LOCAL_TOO
            or words.split()[0] in substances
            or any(not row["classes"] for row in named)
        ):
            continue
        for value_set in sorted({name for row in named for name in _listed(row["classes"])}):
            there = {name for row in named for name in _listed(row["ingredients"])}
            inside = _of_class(value_set, sorted(there), members)
            source = ";".join(sorted({row["source"] for row in named}))
            for name in {brand, re.sub(r"^Co-", "Co", brand)}:
                yield _drug(value_set, "", "", name, "name", inside, "", source)


def _co_names(rows: list[Row], members: dict[str, list[Row]]) -> Iterator[Compiled]:
    """British names of fixed combinations ("co-amilofruse"), read from the names of the products."""
    for row in rows:
        found = re.match(r"co-[a-z]+", row["display"], re.IGNORECASE)
        if found and _is_verified(row):
            for value_set in _listed(row["classes"]):
                inside = _of_class(value_set, _listed(row["ingredients"]), members)
                yield _drug(value_set, "", "", found[0].lower(), "name", inside, "", row["source"])


def _other_substances(rows: list[Row]) -> set[str]:
    """Ingredients of listed products without a class of ours; rare ones are often cut short there."""
    seen = Counter(
        name for row in rows for name in {_key(name) for name in _listed(row["other_ingredients"])}
    )
    return {name for name, count in seen.items() if count > 1 and len(name) >= 6 and name[0].isalpha()}


def _drop_known_from_no_class(files: Files) -> None:
    """A code or name that some class holds needs no row among those without class."""
    for folder in ("drugs", "drugs/ndc"):
        known = {
            row[:2] if row[0] else ("", _key(row[2]))
            for name, (_, rows) in files.items()
            if name.startswith("drugs/") and not name.endswith(f"/{NO_CLASS}.csv")
            for row in rows
        }
        name = f"{folder}/{NO_CLASS}.csv"
        if name in files:
            header, rows = files[name]
            files[name] = header, {r for r in rows if (r[:2] if r[0] else ("", _key(r[2]))) not in known}


# Diagnoses, analytes


def _diagnoses(tables: dict[str, list[Row]], usual: list[Row]) -> Iterator[Compiled]:
    concepts = {row["concept"] for row in tables["conditions"]}
    phrases = [row for row in tables["conditions"] if row["system"] == "text"]
    for row in usual:
        if row["kind"] == "phrase" and row["set"] in concepts:
            more = {"concept": row["set"], "display": row["name"], "match": row["match"]}
            phrases.append({**more, "note": "", "source": "spelling variant"})
    for row in (*phrases, *_wider_phrases(phrases, concepts)):
        cells = ("", "", row["display"], row["match"], row["note"], row["source"])
        yield f"diagnoses/{row['concept']}.csv", DIAGNOSIS, cells
    coded = [row for row in tables["conditions"] if row["system"] != "text" and _is_verified(row)]
    for row in (*coded, *_at_the_site(coded)):
        code = SYSTEMS[row["system"]], row["code"]
        cells = (*code, _short(row["display"]), row["match"], row["note"], row["source"])
        yield f"diagnoses/{row['concept']}.csv", DIAGNOSIS, cells
    for row in usual:
        if row["kind"] == "not_a_diagnosis":
            cells = ("", "", row["name"], row["match"], "", "NAME_MATCHING sections 4 and 7")
            yield f"diagnoses/{NO_CLASS}.csv", DIAGNOSIS, cells


def _wider_phrases(rows: list[Row], concepts: set[str]) -> Iterator[Row]:
    """The phrases of a concept for those it lies within."""
    own = {(row["concept"], row["display"].casefold()) for row in rows}
    for row in rows:
        for wider in WITHIN.get(row["concept"], ()):
            if (wider, row["display"].casefold()) not in own and wider in concepts:
                yield {**row, "concept": wider, "note": f"phrase of {row['concept']}"}


def _at_the_site(coded: list[Row]) -> Iterator[Row]:
    """
    Codes of the WHO's list with the fifth character for the site that is a concept's own.

    The WHO's browser gives the characters of dorsopathies (M40 to M54, not M50 and M51) as ICD-10-CM has them.
    """
    wide = {(row["concept"], row["code"]) for row in coded if row["match"] == "prefix_needs_context"}
    for row in coded:
        is_sited = re.match(r"M(?:4|5[234])", row["code"]) is not None
        if is_sited and row["system"] == "ICD10CM" and (row["concept"], row["code"][:-1]) in wide:
            yield {**row, "system": "ICD10", "match": "prefix", "note": "site by the fifth character"}


def _analytes(tables: dict[str, list[Row]], usual: list[Row]) -> Iterator[Compiled]:
    units: dict[str, set[str]] = defaultdict(set)
    for row in (*tables["labs_units"], *tables["labs"]):
        units[row["analyte"]].add(row.get("ucum_unit") or row.get("typical_ucum_unit") or "")
    for row in usual:
        if row["kind"] == "analyte_unit":
            units[row["set"]].add(row["name"])
    for row in tables["labs"]:
        if _is_verified(row):
            cells = (LOINC, row["loinc"], row["display"], "exact", row["typical_ucum_unit"], row["source"])
            yield f"analytes/{row['analyte']}.csv", ANALYTE, cells
    analytes = {row["analyte"] for row in tables["labs"]}
    for row in usual:
        if row["kind"] == "analyte" and row["set"] in analytes:
            fitting = _joined(units[row["set"]])
            cells = ("", "", row["name"], row["match"], fitting, "clinical usage")
            yield f"analytes/{row['set']}.csv", ANALYTE, cells


def _joined(units: Iterable[str]) -> str:
    return ";".join(sorted(unit for unit in units if unit))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
