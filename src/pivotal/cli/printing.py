"""What the commands print of their results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer


def print_characteristics(found: dict[str, Any]) -> None:
    """Operating characteristics, a line a scenario and hypothesis."""
    typer.echo(
        f"\nSIMULATED: {found['replicates']:,} trials a scenario, seed {found['seed']}; "
        f"{found['seconds']:.1f} s, {found['trials_per_second']:,.0f} trials a second"
    )
    typer.echo("Bias and coverage of ratios are on the log scale; MCSE is the Monte-Carlo standard error.")
    head = ("scenario", "hypothesis", "power", "(MCSE)", "bias", "coverage", "not converged")
    typer.echo("{:<16}{:<34}{:>8}{:>10}{:>9}{:>10}{:>15}".format(*head))
    for row in found["rows"]:
        name = f"{row['endpoint']} {row['arm']}"
        typer.echo(
            f"{row['scenario']:<16.15}{name:<34.33}{_number(row['power'], 4):>8}"
            f"{'(' + _number(row['mcse'], 4) + ')':>10}{_number(row['bias'], 3):>9}"
            f"{_number(row['coverage'], 4):>10}{row['not_converged']:>15}"
        )
    for row in found["scenarios"]:
        if row["fwer"] is not None:
            typer.echo(f"{row['scenario']}: family-wise error {row['fwer']:.4f} (MCSE {row['fwer_mcse']:.4f})")
    print_safety(found.get("safety") or {})


def print_safety(found: dict[str, Any]) -> None:
    """A line a monitor, exact, and a line a scenario of the screen, simulated."""
    if found.get("monitors"):
        typer.echo(
            "\nSafety boundaries: chance of stopping at the limit, and by true rate (ratio, where arms are mixed)"
        )
    for row in found.get("monitors") or ():
        truths = [f"{truth['truth']:g}: {truth['probability']:.4f}" for truth in row["truths"]]
        typer.echo(f"  {row['name']:<14}{row['at_limit']:.4f}   {', '.join(truths)}")
    if found.get("screen"):
        typer.echo(
            "Safety screen: any false flag, false discovery rate (MCSE), and the chance of a flag of changed terms"
        )
    for row in found.get("screen") or ():
        changed = [f"{term['term']} {term['flagged']:.4f}" for term in row["terms"] if term["ratio"] != 1]
        typer.echo(
            f"  {row['scenario']:<14}{row['any_false']:.4f} ({row['any_false_mcse']:.4f})   {row['fdr']:.4f} "
            f"({row['fdr_mcse']:.4f})   {', '.join(changed) or 'none changed'}"
        )


def print_not_made(absent: Mapping[str, str]) -> None:
    """Tables that the data given do not suffice for, and why."""
    for table, why in absent.items():
        typer.echo(f"Table {table} is not made: {why}.")


def print_results(rows: list[dict[str, Any]], virtual: bool) -> None:
    """The tested hypotheses, or the main analyses where none is tested."""
    typer.echo("\n" + ("SIMULATED: one virtual trial" if virtual else "The trial"))
    if not any(row["analysis"] == "testing" for row in rows):
        print_main(rows)
    for row in rows:
        if row["analysis"] == "testing" and row["statistic"] == "p_adjusted":
            same = {r["statistic"]: r for r in rows if r["groups"].get("role") == "main" and _same(r, row)}
            estimate, low, high = (same.get(s, {}).get("value") for s in ("estimate", "ci_low", "ci_high"))
            scale = same.get("estimate", {}).get("scale") or ""
            effect = f"{scale} {_number(estimate, 2)} ({_number(low, 2)} to {_number(high, 2)}), " if scale else ""
            typer.echo(
                f"  {row['endpoint']} at {row['visit']}, {row['arm']} v {row['comparator']}: {effect}"
                f"adjusted p {_p(row['value'])}"
            )


def print_main(rows: list[dict[str, Any]]) -> None:
    """Main analyses, where nothing is tested along a graph."""
    for row in rows:
        if row["statistic"] == "p" and row["groups"].get("role") == "main":
            pair = f"{row['arm']} v {row['comparator']}" if row["comparator"] else "dose response"
            typer.echo(f"  {row['endpoint']} at {row['visit']}, {pair}: p {_p(row['value'])}")


def _same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(a[key] == b[key] for key in ("endpoint", "visit", "arm", "comparator"))


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"
