"""Reading a study file: all that is wrong with it at once, each fault with its line.

A study is named, when it comes with the package, or it is the path of a TOML file.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pivotal.errors import StudyError, UsageError, nearest
from pivotal.study.checks import check
from pivotal.study.checks.node import Problem
from pivotal.study.conventions import directed, handed_down
from pivotal.study.defaults import completed
from pivotal.study.model import Study
from pivotal.study.recipe_base import SHIPPED
from pivotal.study.schema import problems
from pivotal.study.toml import faults, parsed, text_of

_LIBRARY = Path(__file__).parent / "library"


def load(study: str | Path) -> Study:
    """Read and check a study.

    Parameters
    ----------
    study
        The name of a study that comes with the package (``"true-ad3"``, in any case), or the path of a study file.

    Raises
    ------
    StudyError
        If the file is wrong: all its faults, each with its line, what was found and what would be right.
    UsageError
        If there is no such study and no such file.

    Examples
    --------
    >>> load("true-ad3").id
    'TRuE-AD3'
    """
    path = study_path(study)
    return read(source_text(path), path.name, folder=path.parent, shipped=path.parent == _LIBRARY)


def read(text: str, name: str = "study.toml", *, folder: Path | None = None, shipped: bool = False) -> Study:
    """Read and check the text of a study file; `name` is how faults speak of it, `folder` where its data set lies.

    The expressions in a study that is `shipped` with the package are not read again: its tests have read them.
    """
    data = directed(handed_down(completed(parsed(text, name))))
    found, study = _validated(data, SHIPPED if shipped else None)
    found += check(data)
    if folder is not None:
        found += _data_set(data, folder)
    if found or study is None:
        raise StudyError(faults(found, text, name))
    return study


def shipped() -> list[str]:
    """The names of the studies that come with the package."""
    return sorted(path.stem for path in _LIBRARY.glob("*.toml"))


def library_path(name: str) -> Path:
    """The file of a study that comes with the package.

    Raises
    ------
    UsageError
        If none has this name.
    """
    names = shipped()
    if name.lower() not in names:
        raise UsageError(f"{name!r} is no study of the package. {nearest(name, names)}")
    return _LIBRARY / f"{name.lower()}.toml"


def study_path(study: str | Path) -> Path:
    """The file of a study, given by name or by path."""
    path = Path(study)
    if path.is_file():
        return path
    if isinstance(study, Path) or path.suffix == ".toml" or len(path.parts) > 1:
        raise UsageError(f"there is no study file {str(study)!r}. Studies of the package: {', '.join(shipped())}.")
    return library_path(study)


def source_text(study: str | Path) -> str:
    """The text of a study file."""
    return text_of(study_path(study))


def source_hash(study: str | Path) -> str:
    """The SHA-256 of a study file, as 64 hexadecimal digits."""
    return sha256(study_path(study).read_bytes()).hexdigest()


def _validated(data: dict[str, Any], context: dict[str, bool] | None) -> tuple[list[Problem], Study | None]:
    """What the model finds wrong. Through JSON, where strict means no guessing: "2" is no number, true is no 1."""
    try:
        return [], Study.model_validate_json(json.dumps(data, default=str), strict=True, context=context)
    except ValidationError as error:
        return problems(error.errors(include_url=False), data), None


def _data_set(data: dict[str, Any], folder: Path) -> list[Problem]:
    head = data.get("study")
    file = head.get("data") if isinstance(head, dict) else None
    if not isinstance(file, str):
        return []
    if Path(file).name != file:
        mend = "Put it there and give its name, or leave data out and give --data."
        return [Problem(("study", "data"), f"{file!r}, a path", "the data file lies beside the study file", mend)]
    if (folder / file).is_file():
        return []
    allowed = "the data set of a real trial lies beside its study file"
    return [Problem(("study", "data"), f"{file!r}, which is not there", allowed, f"Put {file!r} into {folder}.")]
