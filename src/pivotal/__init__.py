"""Pivotal: a randomised trial written down once; simulated, randomised, analysed and reported from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Study", "analyse", "draw", "load", "randomise", "report", "run", "simulate"]

if TYPE_CHECKING:
    from pivotal.api import analyse, draw, load, randomise, report, run, simulate
    from pivotal.study import Study


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used, so that `import pivotal` is quick."""
    if name not in __all__:
        raise AttributeError(f"module 'pivotal' has no attribute {name!r}")
    from importlib import import_module

    module = import_module("pivotal.study" if name == "Study" else "pivotal.api")
    return getattr(module, name)
