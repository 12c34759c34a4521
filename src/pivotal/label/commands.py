"""``pivotal label ...``: the label's commands."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pivotal.errors import UsageError

if TYPE_CHECKING:
    from pivotal.label.coverage import Coverage
    from pivotal.label.product import Product

app = typer.Typer(
    name="label",
    help="Whom an approval covers, on which day, and how sure that is. No medical advice.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ProductName = Annotated[
    str, typer.Argument(metavar="PRODUCT", help="Name of a shipped product, or path of a product file.")
]
Day = Annotated[str | None, typer.Option("--on", metavar="DATE", help="The day, as 2025-09-18; today by default.")]


@app.command()
def show(product: ProductName, on: Day = None) -> None:
    """Tell the indications in force on a day in plain words, with sources and how sure each statement is."""
    from pivotal.label.load import load_product
    from pivotal.label.show import describe

    typer.echo(describe(load_product(product), _day(on)), nl=False)


@app.command()
def covers(
    product: ProductName,
    on: Day = None,
    patient: Annotated[
        Path | None, typer.Option(help="One patient's facts: TOML, JSON, or a FHIR R4 or R5 bundle (JSON).")
    ] = None,
    patients: Annotated[Path | None, typer.Option(help="A table of patients: CSV or Parquet.")] = None,
    out: Annotated[Path | None, typer.Option(help="With --patients: file for the answers, .csv or .parquet.")] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="With --patients: a column that is not read; may be repeated.")
    ] = None,
    age: Annotated[str | None, typer.Option(help="Years, or '30 months'.")] = None,
    birth_date: Annotated[str | None, typer.Option(help="2020-05-17, or 2020-05, or 2020.")] = None,
    condition: Annotated[str | None, typer.Option(help="The condition to be treated.")] = None,
    severity: Annotated[str | None, typer.Option(help="In words: mild, moderate, ...")] = None,
    iga: Annotated[str | None, typer.Option(help="Investigator's Global Assessment.")] = None,
    bsa: Annotated[str | None, typer.Option(help="Body surface affected, %.")] = None,
    immunocompromised: Annotated[str | None, typer.Option(help="yes, no or unknown.")] = None,
    topical_failed: Annotated[
        str | None,
        typer.Option(help="Not adequately controlled with topical prescription therapies: yes, no, unknown."),
    ] = None,
    topical_inadvisable: Annotated[
        str | None, typer.Option(help="Topical prescription therapies not advisable: yes, no, unknown.")
    ] = None,
    fact: Annotated[list[str] | None, typer.Option(help="Another fact, as NAME=VALUE; may be repeated.")] = None,
) -> None:
    """Tell whether the label covers a patient: covered, not covered, or cannot tell because a fact is unknown."""
    from pivotal.label.load import load_product

    given = {
        "--age": age,
        "--birth-date": birth_date,
        "--condition": condition,
        "--severity": severity,
        "--iga": iga,
        "--bsa": bsa,
        "--immunocompromised": immunocompromised,
        "--topical-failed": topical_failed,
        "--topical-inadvisable": topical_inadvisable,
    }
    options = {name: value for name, value in given.items() if value is not None} | _facts(fact or [])
    loaded, day = load_product(product), _day(on)
    if patients is not None:
        if patient is not None or options:
            raise UsageError("--patients is a table of patients; --patient and the options tell of one. Give either.")
        _many(loaded, patients, day, out, ignore or [])
        return
    if out is not None or ignore:
        raise UsageError("--out and --ignore go with --patients. Leave them out, or give a table.")
    if patient is None and not options:
        raise UsageError(
            "nothing is told of a patient. Give --patient FILE, --patients FILE or options such as --age 5."
        )
    _one(loaded, patient, options, day)


@app.command()
def fhir(
    product: ProductName,
    out: Annotated[Path, typer.Option(help="File for the bundle (JSON).")],
) -> None:
    """Write the product as FHIR R5: MedicinalProductDefinition and ClinicalUseDefinition."""
    from pivotal.files import whole_file, write_json
    from pivotal.label.fhir_product import to_fhir
    from pivotal.label.load import load_product

    bundle = to_fhir(load_product(product))
    with whole_file(out) as path:
        write_json(path, bundle)
    typer.echo(f"Wrote {out}: {len(bundle['entry'])} resources, FHIR R5")


def _day(on: str | None) -> date:
    from pivotal.label.days import a_day

    return date.today() if on is None else a_day(on)


def _facts(facts: list[str]) -> dict[str, str]:
    found = {}
    for each in facts:
        name, equals, value = each.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--fact {each!r} is no NAME=VALUE. Write it as --fact SEGMENTAL=no.")
        found[name.strip()] = value.strip()
    return found


def _one(product: Product, file: Path | None, options: dict[str, str], day: date) -> None:
    from pivotal.label.coverage import covers
    from pivotal.label.judgement import judgement
    from pivotal.label.reading import read_patient

    patients, notes = read_patient(product, file, options, on=day)
    typer.echo(judgement(covers(product, patients, on=day), notes), nl=False)


def _many(product: Product, file: Path, day: date, out: Path | None, ignore: list[str]) -> None:
    from pivotal.files import whole_file
    from pivotal.label.coverage import covers
    from pivotal.label.reading import read_table

    if out is not None and out.suffix.lower() not in (".csv", ".parquet"):
        raise UsageError(f"--out is {out}, neither .csv nor .parquet. Name it as one of them.")
    coverage = covers(product, read_table(product, file, on=day, ignore=ignore), on=day)
    if out is not None:
        frame = coverage.frame()
        with whole_file(out) as path:
            if out.suffix.lower() == ".parquet":
                frame.write_parquet(path)
            else:
                frame.write_csv(path)
        typer.echo(f"Wrote {out}: {len(coverage):,} rows")
    _counts(coverage)


def _counts(coverage: Coverage) -> None:
    from pivotal.label.show import NO_ADVICE, none_in_force
    from pivotal.study.words import wrapped

    product = coverage.product
    typer.echo(f"{product.product.title} on {coverage.on}: {len(coverage):,} patients")
    for word, count in coverage.counts().items():
        typer.echo(f"  {word:<12} {count:>12,}")
    if not coverage.indications:
        typer.echo(none_in_force(product, coverage.on))
    for i, each in enumerate(coverage.limitations):
        count = int((coverage.limited[:, i] == 1).sum())
        if count:
            typer.echo(f"  limitation of use, in {count:,}: {each.text}")
    typer.echo("\n".join(wrapped(NO_ADVICE)))
