"""What the calls share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pivotal.study import Study, load

JSON = dict[str, Any]
Progress = Callable[[str, int, int], None]


def loaded(study: Study | str) -> Study:
    """A study that may be given by its name or path."""
    return load(study) if isinstance(study, str) else study


def folder_of(study: Study | str) -> Path | None:
    """Where the study file of a study given by name or path lies; None for a study that has been loaded."""
    from pivotal.study.load import study_path

    return study_path(study).parent if isinstance(study, str) else None
