"""The report put together: sections made as data, laid out by the templates, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from pivotal.report.approval import approval_section
from pivotal.report.baseline import baseline_section
from pivotal.report.bundle import Bundle
from pivotal.report.document import Block, Figure, Folded, Section, Table
from pivotal.report.flow import flow_section
from pivotal.report.forest import forest_section
from pivotal.report.graph import graph_section
from pivotal.report.headline import headline
from pivotal.report.longterm import longterm_section
from pivotal.report.monitoring import monitoring_section
from pivotal.report.operating import operating_section
from pivotal.report.outcomes import outcomes_section
from pivotal.report.provenance import provenance_section
from pivotal.report.published import published_section
from pivotal.report.response import response_section
from pivotal.report.sources import Sources
from pivotal.report.synopsis import synopsis_section
from pivotal.report.tables import tables_section

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def render(bundle: Bundle) -> str:
    """The report as one self-contained HTML page.

    Parameters
    ----------
    bundle
        The study, one trial's results, the operating characteristics and the provenance.

    Returns
    -------
    str
        HTML that loads nothing from anywhere; the same bundle gives the same text.
    """
    sections = make_sections(bundle)
    return (
        _environment()
        .get_template("page.html")
        .render(
            study=bundle.study,
            simulated=bundle.simulated,
            headline=headline(bundle),
            sections=sections,
            numbers=_numbers(sections),
            tags=_tags(bundle.simulated),
            styles=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        )
    )


def write(bundle: Bundle, path: str | Path) -> Path:
    """Write the report; it appears whole or not at all.

    Parameters
    ----------
    bundle
        As in `render`.
    path
        The file to write.

    Returns
    -------
    Path
        The file.
    """
    target = Path(path).absolute()
    text = render(bundle)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)
    return target


def make_sections(bundle: Bundle) -> list[Section]:
    """The report's sections, in reading order."""
    sources = Sources(bundle.study.sources)
    sections = [
        synopsis_section(bundle, sources),
        flow_section(bundle),
        baseline_section(bundle),
        response_section(bundle),
        outcomes_section(bundle),
        graph_section(bundle),
        forest_section(bundle),
        longterm_section(bundle, sources),
        tables_section(bundle),
        published_section(bundle, sources),
        operating_section(bundle),
        monitoring_section(bundle),
        approval_section(bundle),
        provenance_section(bundle),
    ]
    return [section for section in sections if section is not None]


def _numbers(sections: list[Section]) -> dict[str, str]:
    """`Table 3` or `Figure 2` for each id, in the order of the page."""
    numbers: dict[str, str] = {}
    counts = {"table": 0, "figure": 0}

    def visit(blocks: tuple[Block, ...] | list[Block]) -> None:
        for block in blocks:
            if isinstance(block, Folded):
                visit(block.blocks)
            elif isinstance(block, Table | Figure):
                counts[block.kind] += 1
                numbers[block.id] = f"{block.kind.capitalize()} {counts[block.kind]}"

    for section in sections:
        visit(list(section.blocks))
    return numbers


def _tags(simulated: bool) -> dict[str, str]:
    """What a caption says of where its numbers come from; simulated replicates are marked in any report."""
    tags = {"design": "", "patients": "", "mixed": "", "replicates": "SIMULATED replicates"}
    tags |= {
        "published": "",
        "draws": "SIMULATED candidates",
        "candidates": "SIMULATED and published, in separate columns",
        "computed": "Computed from published figures",
    }
    if simulated:
        tags |= {
            "design": "Design of a SIMULATED trial",
            "patients": "SIMULATED patients",
            "mixed": "SIMULATED and published, in separate columns",
        }
    return tags


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
