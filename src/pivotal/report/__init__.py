"""The report: one self-contained HTML page from a study, its results and its operating characteristics."""

from pivotal.report.bundle import Bundle
from pivotal.report.render import render, write

__all__ = ["Bundle", "render", "write"]
