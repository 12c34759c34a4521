"""Reading a study file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pivotal.study.model import Study

LIBRARY = Path(__file__).parent / "library"


def load(study: str | Path) -> Study:
    """Read a shipped study by its name, or a study file by its path."""
    path = Path(study)
    if not path.suffix:
        path = LIBRARY / f"{study}.toml"
    return Study.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
