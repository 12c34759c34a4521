"""The commands: each reads its options, calls `pivotal.api`, and prints."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pivotal.cli.printing import print_characteristics, print_not_made, print_results
from pivotal.cli.progress import StoppedError, shown
from pivotal.errors import PivotalError, UsageError
from pivotal.label.commands import ProductName
from pivotal.label.commands import app as label

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="pivotal",
    help="A randomised trial written down once; simulated, randomised, analysed and reported from it.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(label)

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="Name of a shipped study, or path of a study file.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same bits.", min=0)]
Replicates = Annotated[int, typer.Option(help="Trials a scenario.", min=1)]
Workers = Annotated[int | None, typer.Option(help="Worker processes; one a core by default.", min=1)]
AnyDay = Annotated[
    str | None, typer.Option("--on", metavar="DATE", help="The day, as 2025-09-18; of the latest approval by default.")
]
Numbers = Annotated[
    str | None, typer.Option(help="Shipped epidemiology, or path of a file; by default that of the product's country.")
]
DataPlace = Annotated[
    Path | None,
    typer.Option(
        metavar="PLACE",
        help="Folder, zip or file of data sets, or what the study's [data] maps; else what comes with the study.",
    ),
]
PAPER = 200
"""Columns of a table that is not written to a terminal."""
_debug = False


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    global _debug
    _debug = debug
    if version:
        import pivotal

        typer.echo(f"pivotal {pivotal.__version__}")
        raise typer.Exit


@app.command()
def studies() -> None:
    """List the studies that come with the package."""
    from pivotal.study import load, shipped

    for name in shipped():
        study = load(name)
        typer.echo(f"{name:<12} {study.study.registry or '':<12} {study.study.title}")


@app.command()
def show(study: StudyName) -> None:
    """Tell the trial in plain words, every taken figure with its source."""
    from pivotal.study import describe, load

    typer.echo(describe(load(study)))


@app.command()
def check(file: Annotated[str, typer.Argument(metavar="FILE", help="The study file.")]) -> None:
    """Check a study file: all its faults at once, each with file, line and key."""
    from pivotal.label import product_of
    from pivotal.study import load

    study = load(file)
    product_of(study, file)
    parts = (
        (len(study.arms), "arm", "arms"), (len(study.endpoints), "endpoint", "endpoints"),
        (len(study.population.criteria), "criterion", "criteria"), (len(study.scenarios), "scenario", "scenarios"),
    )  # fmt: skip
    held = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in parts)
    typer.echo(f"{file}: right. {study.id}: {held}.")


@app.command()
def check_data(
    study: StudyName,
    data: DataPlace = None,
    out: Annotated[Path | None, typer.Option(help="File for all findings (.csv or .parquet).")] = None,
) -> None:
    """Check a trial's data before analysis: keys, terms, dates, units, treatment (exit status 1 for errors)."""
    from rich.console import Console

    from pivotal import api
    from pivotal.records.checking import tell

    found = api.check_data(study, data)
    if out is not None:
        tell.write(found, out)
        typer.echo(f"Wrote {out}: {len(found):,} findings")
    if len(found):
        console = Console()
        Console(width=None if console.is_terminal else PAPER).print(tell.table(found))
    for line in tell.words(found):
        typer.echo(line)
    if found.wrong:
        raise typer.Exit(1)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    data: Annotated[
        Path | None,
        typer.Option("--from", metavar="DATA", help="A data file (CSV, Parquet, XPT, Dataset-JSON) to write it from."),
    ] = None,
) -> None:
    """Write a commented study file to start from; with --from, one that reads your data, its guesses marked."""
    from pivotal.study import template

    if file.exists():
        raise UsageError(f"{file} exists already and is left as it is. Name another file.")
    if data is not None:
        from pivotal.records import sketch

        text = sketch(data)
    else:
        text = template()
    file.write_text(text, encoding="utf-8")
    typer.echo(f"Wrote {file}. Edit it, then: pivotal check {file}")


@app.command()
def simulate(
    study: StudyName,
    scenario: Annotated[list[str] | None, typer.Option(help="A scenario; may be repeated; all by default.")] = None,
    endpoint: Annotated[list[str] | None, typer.Option(help="An endpoint; may be repeated; all by default.")] = None,
    replicates: Replicates = 10_000,
    seed: Seed = 1,
    workers: Workers = None,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, instead of workers here.")] = None,
    threads: Annotated[bool, typer.Option("--threads", help="Workers are threads, not processes.")] = False,
    grids: Annotated[bool, typer.Option(help="Simulate the study's power grids too.")] = True,
    out: Annotated[Path | None, typer.Option(help="Folder for operating-characteristics.json.")] = None,
) -> None:
    """Simulate the trial: power, family-wise error, bias and coverage by scenario."""
    from pivotal import api
    from pivotal.files import whole, write_json

    with shown() as progress:
        found = api.simulate(
            study,
            scenarios=tuple(scenario) if scenario else None,
            endpoints=tuple(endpoint) if endpoint else None,
            replicates=replicates,
            seed=seed,
            workers=_workers(workers),
            dask=dask,
            threads=threads,
            grids=grids,
            progress=progress,
        )
    if out is not None:
        with whole(out) as folder:
            write_json(folder / api.OC_FILE, found)
        typer.echo(f"Wrote {out / api.OC_FILE}")
    print_characteristics(found)


@app.command()
def randomise(
    study: StudyName,
    out: Annotated[Path, typer.Option(help="File for the list (CSV).")],
    per_stratum: Annotated[int | None, typer.Option(help="Entries a stratum; the trial's size by default.")] = None,
    seed: Seed = 1,
) -> None:
    """Make the randomisation list of one trial (CSV)."""
    import polars as pl

    from pivotal import api

    if out.exists():
        raise UsageError(f"{out} exists already and is left as it is: a list is made once. Name another file.")
    made = api.randomise(study, per_stratum=per_stratum, seed=seed)
    pl.DataFrame(made.columns()).write_csv(out)
    typer.echo(f"Wrote {out}: {len(made)} entries in {len(made.strata)} strata, seed {seed}. Keep both from enrolment.")


@app.command()
def draw(
    study: StudyName,
    out: Annotated[Path, typer.Option(help="Folder for the data sets.")],
    scenario: Annotated[str | None, typer.Option(help="The scenario; the first one by default.")] = None,
    seed: Seed = 1,
    format: Annotated[
        str | None,
        typer.Option(help="xpt, xpt8, dataset-json, ndjson, dsjc, parquet or csv; with a define.xml, in OUT/adam."),
    ] = None,
    standard: Annotated[
        str | None, typer.Option(help="adam, sdtm or both: OUT/adam, OUT/sdtm, each with its define.xml.")
    ] = None,
) -> None:
    """Draw one virtual trial as data sets: ADSL, ADEFF and what follows them; or SDTM and ADaM in a format."""
    from pivotal import api, records
    from pivotal.files import whole

    loaded = api.load(study)
    trials = api.draw(loaded, scenario=scenario, seed=seed)
    if format is None and standard is None:
        with whole(out) as folder:
            written = [path.name for path in records.write(loaded, trials, folder)]
    else:
        files = api.write_trial(loaded, trials, out, format=format or "xpt", standard=standard or "adam", seed=seed)
        written = [path.relative_to(out).as_posix() for path in files]
    typer.echo(f"SIMULATED: one virtual trial of {trials.shape[1]} patients in {out}: {', '.join(written)}")


@app.command()
def analyse(
    study: StudyName,
    data: DataPlace = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results.json.")] = None,
) -> None:
    """Analyse one trial by the study's plan."""
    from pivotal import api
    from pivotal.files import whole, write_json

    made = api.analyse_data(study, data)
    results = made.results
    for note in made.given.trials.notes:
        typer.echo(f"  {note}", err=True)
    print_not_made(made.not_made)
    if out is not None:
        with whole(out) as folder:
            content = {"study": results.study, "virtual": results.virtual, "results": results.records()}
            write_json(folder / "results.json", content)
        typer.echo(f"Wrote {out / 'results.json'}: {len(results)} rows")
    print_results(results.records(), results.virtual)


@app.command()
def profile(
    study: StudyName,
    patient: Annotated[list[str] | None, typer.Option(help="USUBJID (or SUBJID); may be repeated.")] = None,
    where: Annotated[
        str | None, typer.Option(metavar="SQL", help="Patients of whom it is true in ADSL, ADAE ...: \"AESER = 'Y'\".")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="PLACE", help="Folder of data sets; else the data that come with the study.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File of the page, PATIENT.html by default; of several patients a folder, profiles."),
    ] = None,
) -> None:
    """Write a patient's page (HTML, one sheet of A4): time line, events, courses, laboratory values."""
    from pivotal import api
    from pivotal.files import whole_file

    found = api.profiles(study, data, patient or (), where=where)
    mark = "SIMULATED: " if any(one.simulated for one in found) else ""
    if where is None and len(found) == 1:
        from pivotal.report.profile import profile_page

        place = out or Path(f"{found[0].patient.replace('/', '_')}.html")
        with whole_file(place) as path:
            path.write_text(profile_page(found[0]), encoding="utf-8")
        typer.echo(f"{mark}Wrote {place}")
    else:
        asked = f"Those with {where}." if where is not None else ""
        pages = api.write_profiles(found, out or Path("profiles"), asked=asked)
        typer.echo(f"{mark}Wrote {pages[0]} and {len(found)} pages beside it")
    for words in dict.fromkeys(words for one in found for words in one.absent):
        typer.echo(f"  left out: {words}", err=True)


@app.command()
def report(directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")]) -> None:
    """Write report.html from what a run left in a folder."""
    from pivotal import api

    typer.echo(f"Wrote {api.report(directory)}")


@app.command()
def evidence(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Name of shipped claims, or path of a file of claims.")],
    facts: Annotated[bool, typer.Option("--facts", help="List the facts that claims can name, and stop.")] = False,
    out: Annotated[Path | None, typer.Option(help="File for the verdicts (JSON).")] = None,
) -> None:
    """Hold claims against sourced facts: each agrees, contradicts, or cannot be decided."""
    from pivotal.files import whole_file, write_json
    from pivotal.label import hold, load_claims
    from pivotal.label.tell import evidence_words, facts_words

    claims, known = load_claims(file)
    if facts:
        typer.echo(facts_words(known), nl=False)
        return
    judged = hold(claims, known)
    if out is not None:
        with whole_file(out) as path:
            write_json(path, {"claims": claims.evidence.id, "judged": [one.as_json() for one in judged]})
        typer.echo(f"Wrote {out}: {len(judged)} claims")
    typer.echo(evidence_words(claims, judged), nl=False)


@label.command()
def against(
    study: StudyName,
    product: ProductName,
    on: AnyDay = None,
    candidates: Annotated[int, typer.Option(help="Virtual candidates for the trial.", min=1)] = 100_000,
    seed: Seed = 1,
    epidemiology: Numbers = None,
    out: Annotated[Path | None, typer.Option(help="File for the comparison (JSON).")] = None,
) -> None:
    """Whom the label covers that the trial never studied, and whom the trial studied that the label leaves out."""
    from pivotal.files import whole_file, write_json
    from pivotal.label import against as hold_against
    from pivotal.label.tell import against_words

    found = hold_against(study, product, on=on, epidemiology=epidemiology, candidates=candidates, seed=seed)
    if out is not None:
        with whole_file(out) as path:
            write_json(path, found.as_json())
        typer.echo(f"Wrote {out}")
    typer.echo(against_words(found), nl=False)


@label.command()
def reach(
    product: ProductName,
    on: AnyDay = None,
    draws: Annotated[int, typer.Option(help="Draws of the uncertain numbers.", min=1)] = 100_000,
    seed: Seed = 1,
    epidemiology: Numbers = None,
    picture: Annotated[Path | None, typer.Option(help="File for the picture (SVG).")] = None,
    out: Annotated[Path | None, typer.Option(help="File for the numbers (JSON).")] = None,
) -> None:
    """How many people the label covers, at most, and what each approval added."""
    from pivotal.files import whole_file, write_json
    from pivotal.label import reach as reached
    from pivotal.label.tell import reach_words

    found = reached(product, epidemiology, on=on, draws=draws, seed=seed)
    if picture is not None:
        from pivotal.report.approval import reach_picture

        with whole_file(picture) as path:
            path.write_text(reach_picture(found.as_json()), encoding="utf-8")
        typer.echo(f"Wrote {picture}")
    if out is not None:
        with whole_file(out) as path:
            write_json(path, found.as_json())
        typer.echo(f"Wrote {out}")
    typer.echo(reach_words(found), nl=False)


@app.command()
def run(
    study: StudyName,
    data: DataPlace = None,
    replicates: Replicates = 10_000,
    seed: Seed = 1,
    workers: Workers = None,
    out: Annotated[Path | None, typer.Option(help="Folder for what the run makes; out/STUDY by default.")] = None,
) -> None:
    """All of it: simulate; draw one trial, or take the real one; analyse; report."""
    from pivotal import api

    place = out or Path("out") / Path(study).stem
    with shown() as progress:
        made = api.run(
            study,
            data=data,
            out=place,
            replicates=replicates,
            seed=seed,
            workers=_workers(workers),
            progress=progress,
        )
    if made.operating_characteristics is not None:
        print_characteristics(made.operating_characteristics)
    for note in made.trials.notes:
        typer.echo(f"  {note}", err=True)
    if made.checked is not None:
        place_of = f": pivotal check-data {study} --data {data}" if len(made.checked) else ""
        typer.echo(f"Checks of the data: {made.checked.sentence()}{place_of}")
    print_not_made(made.not_made)
    print_results(made.results.records(), made.results.virtual)
    typer.echo(f"\nReport: {place / 'report.html'}")


@app.command()
def validate(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Folder of cases; those of the package by default.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for validation.html and validation.json.")] = Path("out/validation"),
    docs: Annotated[Path | None, typer.Option(help="Also write the validation page of the docs, Markdown.")] = None,
) -> None:
    """Qualify this installation: run other programs' cases and report what agrees (exit status 1 if not all)."""
    from pivotal import validate
    from pivotal.files import whole

    if folder is not None and out.absolute().resolve() == folder.absolute().resolve():
        raise UsageError(f"--out is {out}, the folder of the cases; the report would lie among them. Name another.")
    with shown() as progress:
        found = validate.run(folder, progress)
    validate.write(found, out)
    if docs is not None:
        with whole(docs.absolute().parent) as place:
            (place / docs.name).write_text(validate.validation_page(found), encoding="utf-8")
    typer.echo(validate.in_words(found))
    typer.echo(f"\nReport: {out / 'validation.html'}")
    if not found.agrees:
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; a user's mistake is one message, never a traceback."""
    try:
        app()
    except PivotalError as error:
        if _debug:
            raise
        typer.echo(f"pivotal: {error}", err=True)
        sys.exit(_status(error))


def _status(error: PivotalError) -> int:
    if isinstance(error, StoppedError):
        return 130
    return 2 if isinstance(error, UsageError) else 1


def _workers(asked: int | None) -> int:
    return asked or os.cpu_count() or 1
