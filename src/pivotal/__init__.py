"""Pivotal: a randomised trial written down once; simulated, randomised, analysed and reported from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Study", "analyse", "draw", "load", "load_product", "randomise", "report", "run", "simulate"]

if TYPE_CHECKING:
    from pivotal.api import analyse, draw, load, randomise, report, run, simulate
    from pivotal.label import load_product
    from pivotal.study import Study


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used, so that `import pivotal` is quick."""
    if name not in __all__:
        raise AttributeError(f"module 'pivotal' has no attribute {name!r}")
    from importlib import import_module

    homes = {"Study": "pivotal.study", "load_product": "pivotal.label"}
    module = import_module(homes.get(name, "pivotal.api"))
    return getattr(module, name)
