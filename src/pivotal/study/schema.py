"""What pydantic finds wrong with a study file, or another of its kind, said in plain sentences."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from pivotal.errors import nearest
from pivotal.study.checks.node import Problem, shown
from pivotal.study.lines import Path, spell
from pivotal.study.model import Study

_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "finite_number": "a number, neither infinite nor nan",
    "string": "a text in quotes",
    "bool": "true or false",
    "tuple": "a list in square brackets",
    "list": "a list in square brackets",
    "dict": "a table of keys and values",
    "model": "a table of keys and values",
    "date": "a date, as 2025-09-18",
}
_BOUNDS = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
_SPECIAL = {
    "ratio": "Remove the arm or set ratio = 1.",
    "size": "Set the number of patients randomised in one trial.",
}

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file is held against: its model, and how a sentence speaks of such a file."""

    model: type[BaseModel] = Study
    file: str = "a study file"


STUDY = Shape()


def problems(errors: Sequence[ErrorDetails], data: Mapping[str, Any], shape: Shape = STUDY) -> list[Problem]:
    """One problem for each place that pydantic complains about."""
    places: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        if error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]:
            continue  # long enough, but for elements that are themselves wrong
        places.setdefault(_place(error, data), []).append(error)
    return [_problem(path, found, data, shape) for path, found in places.items()]


def _place(error: ErrorDetails, data: Any) -> Path:
    """The path in the file, without the names of the branches of a union that pydantic tried."""
    path: Path = ()
    for part in error["loc"]:
        known = part in data if isinstance(data, Mapping) else isinstance(data, list) and part in range(len(data))
        if known:
            data = data[part]
        elif error["type"] == "missing" and part == error["loc"][-1]:
            return (*path, part)
        else:
            break
        path = (*path, part)
    return path


def _problem(path: Path, errors: list[ErrorDetails], data: Any, shape: Shape) -> Problem:
    error = errors[0]
    kind, name = error["type"], _name(path)
    if kind == "missing" and isinstance(path[-1], int):
        path = path[:-1]
    elif kind == "missing" and _at(data, path[:-1]).get(name, _ABSENT) is _ABSENT:
        return Problem(path, "missing", f"{_owner(path, shape)} needs {_article(name)}", f"Add {name}.")
    if kind == "extra_forbidden":
        allowed = fields(_model(path[:-1], shape))
        return Problem(
            path, "not a known key", f"{_owner(path, shape)} has no key of this name", nearest(name, allowed)
        )
    if kind == "value_error":
        message = str(error["ctx"]["error"]) if "ctx" in error else error["msg"]
        return Problem(path, "not consistent", message, "Correct it.")
    if kind == "literal_error":
        choices = ", ".join(map(repr, _options(path, shape)))
        return Problem(path, shown(_at(data, path)), f"{name} is one of {choices}", _mend_name(data, path, shape))
    kinds = " or ".join(dict.fromkeys(_allowed(error) for error in errors))
    return Problem(path, shown(_at(data, path)), f"{_subject(path, shape)} is {kinds}", _mend(name, errors))


def _allowed(error: ErrorDetails) -> str:
    kind = error["type"]
    context = error.get("ctx", {})
    if kind in ("greater_than_equal", "greater_than", "less_than_equal", "less_than"):
        key = next(k for k in _BOUNDS if k in context)
        number = "a whole number" if isinstance(error["input"], int) and isinstance(context[key], int) else "a number"
        return f"{number} {_BOUNDS[key]} {context[key]:g}"
    if kind == "too_short":
        return f"a list of at least {context['min_length']}"
    if kind == "too_long":
        return f"a list of at most {context['max_length']}"
    if kind == "string_too_short":
        return "a text that is not empty"
    if kind == "string_too_long":
        return f"a text of at most {context['max_length']} characters"
    if kind == "string_pattern_mismatch":
        return "a text of up to 8 capitals, digits and underscores that begins with a letter, as IGA"
    if kind == "missing":
        return "a list of two numbers"
    first = kind.removesuffix("_type").removesuffix("_parsing").removesuffix("_from_float")
    return _KINDS.get(first, error["msg"])


def _mend(name: str, errors: list[ErrorDetails]) -> str:
    if name in _SPECIAL:
        return _SPECIAL[name]
    context = errors[0].get("ctx", {})
    for key, word in (("ge", "or more"), ("le", "or less")):
        if key in context:
            return f"Set {name} = {context[key]:g} {word}."
    return f"Correct {name}."


def _mend_name(data: Any, path: Path, shape: Shape) -> str:
    value = _at(data, path)
    options = _options(path, shape)
    texts = [o for o in options if isinstance(o, str)]
    return nearest(value, texts) if isinstance(value, str) and texts else f"Use one of: {', '.join(map(str, options))}."


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _name(path: Path) -> str:
    """The key that a path ends with, or that holds the element."""
    return next((part for part in reversed(path) if isinstance(part, str)), "the file")


def _owner(path: Path, shape: Shape) -> str:
    return spell(path[:-1]) if len(path) > 1 else shape.file


def _subject(path: Path, shape: Shape) -> str:
    """What a place is called: by its key; one that the author chose, by what it stands in."""
    chosen = isinstance(path[-1], int) or _model(path[:-1], shape) is None
    return f"each of {spell(path[:-1])}" if chosen else _article(_name(path))


def _article(name: str) -> str:
    words = name.rstrip("_").replace("_", " ")
    if words.endswith("s") and not words.endswith("ss"):
        return words
    return f"{'an' if words[:1].lower() in 'aeio' else 'a'} {words}"


# ---------------------------------------------------------------- which part of the model a path speaks of


def fields(model: type[BaseModel] | None) -> list[str]:
    """The keys that a part of a study file may have."""
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model(path: Path, shape: Shape) -> type[BaseModel] | None:
    annotation = _annotation(path, shape)
    return next((a for a in _branches(annotation) if isinstance(a, type) and issubclass(a, BaseModel)), None)


def _options(path: Path, shape: Shape) -> tuple[Any, ...]:
    found: list[Any] = []
    for branch in _branches(_annotation(path, shape)):
        if get_origin(branch) is Literal:
            found.extend(get_args(branch))
    return tuple(found)


def _annotation(path: Path, shape: Shape) -> Any:
    annotation: Any = shape.model
    for part in path:
        annotation = next((a for a in (_step(b, part) for b in _branches(annotation)) if a is not None), None)
    return annotation


def _step(branch: Any, part: str | int) -> Any:
    """The annotation of one element of an annotated thing; None where it has no such element."""
    if isinstance(branch, type) and issubclass(branch, BaseModel):
        for name, field in branch.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
        return None
    arguments = get_args(branch)
    if isinstance(part, int) and get_origin(branch) is tuple:
        return arguments[0]
    return arguments[1] if get_origin(branch) is dict else None


def _branches(annotation: Any) -> list[Any]:
    """The alternatives of a union, without None and without what only annotates."""
    if hasattr(annotation, "__metadata__"):
        return _branches(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [b for a in get_args(annotation) for b in _branches(a)]
    return [annotation]
