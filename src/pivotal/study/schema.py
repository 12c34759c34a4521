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
        places.setdefault(_place(error, data, shape), []).append(error)
    return [_problem(path, found, data, shape) for path, found in places.items()]


def _place(error: ErrorDetails, data: Any, shape: Shape) -> Path:
    """The path in the file, without the names of the branches of a union that pydantic tried."""
    path: Path = ()
    annotation: Any = shape.model
    tag = False
    for part in error["loc"]:
        if tag:
            tag = False
            continue
        known = part in data if isinstance(data, Mapping) else isinstance(data, list) and part in range(len(data))
        if not known and error["type"] == "missing" and part == error["loc"][-1]:
            return (*path, part)
        if not known:
            break
        annotation = _inner(annotation, part, data)
        data = data[part]
        tag = _discriminator(annotation) is not None
        path = (*path, part)
    return path


def _problem(path: Path, errors: list[ErrorDetails], data: Any, shape: Shape) -> Problem:
    error = errors[0]
    kind, name = error["type"], _name(path)
    if kind.startswith("union_tag_"):
        return _no_kind(path, error, data, shape)
    if kind == "missing" and isinstance(path[-1], int):
        path = path[:-1]
    elif kind == "missing" and _at(data, path[:-1]).get(name, _ABSENT) is _ABSENT:
        return Problem(path, "missing", f"{_owner(path, shape)} needs {_article(name)}", f"Add {name.rstrip('_')}.")
    if kind == "extra_forbidden":
        allowed = fields(_model(path[:-1], data, shape))
        return Problem(
            path, "not a known key", f"{_owner(path, shape)} has no key of this name", nearest(name, allowed)
        )
    if kind == "sql":
        return _no_expression(path, error, data)
    if kind == "value_error":
        message = str(error["ctx"]["error"]) if "ctx" in error else error["msg"]
        return Problem(path, "not consistent", message, "Correct it.")
    if kind == "literal_error":
        choices = ", ".join(map(repr, _options(path, data, shape)))
        return Problem(path, shown(_at(data, path)), f"{name} is one of {choices}", _mend_name(data, path, shape))
    kinds = " or ".join(dict.fromkeys(_allowed(error) for error in errors))
    return Problem(path, shown(_at(data, path)), f"{_subject(path, data, shape)} is {kinds}", _mend(name, errors))


def _no_kind(path: Path, error: ErrorDetails, data: Any, shape: Shape) -> Problem:
    """A step or a table of no kind that there is."""
    key = _discriminator(_annotation(path, data, shape)) or "kind"
    if error["type"] == "union_tag_not_found":
        return Problem((*path, key), "missing", f"{spell(path)} needs {_article(key)}", f"Add {key}.")
    given = _at(data, path)[key]
    kinds = _models(_branches(_annotation(path, data, shape)))
    options = [str(option) for model in kinds for option in _tags(model, key)]
    return Problem(
        (*path, key), shown(given), f"{_article(key)} is one of the kinds known", nearest(str(given), options)
    )


def _no_expression(path: Path, error: ErrorDetails, data: Any) -> Problem:
    name = _reached((*path[:2], "id" if path[0] == "tables" else "name"), data)
    of = f" of {name}" if isinstance(name, str) else ""
    allowed = f"an expression{of} is SQL over the columns of a row ({error['ctx']['why']})"
    mend = "Mend it: column names as they are, texts in single quotes, functions that SQL has."
    return Problem(path, shown(_at(data, path)), allowed, mend)


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
    options = _options(path, data, shape)
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


def _subject(path: Path, data: Any, shape: Shape) -> str:
    """What a place is called: by its key; one that the author chose, by what it stands in."""
    chosen = isinstance(path[-1], int) or _model(path[:-1], data, shape) is None
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


def _model(path: Path, data: Any, shape: Shape) -> type[BaseModel] | None:
    branches = _branches(_annotation(path, data, shape), _reached(path, data))
    return next(iter(_models(branches)), None)


def _models(branches: list[Any]) -> list[type[BaseModel]]:
    return [branch for branch in branches if isinstance(branch, type) and issubclass(branch, BaseModel)]


def _options(path: Path, data: Any, shape: Shape) -> tuple[Any, ...]:
    found: list[Any] = []
    for branch in _branches(_annotation(path, data, shape)):
        if get_origin(branch) is Literal:
            found.extend(get_args(branch))
    return tuple(found)


def _annotation(path: Path, data: Any, shape: Shape) -> Any:
    annotation: Any = shape.model
    for part in path:
        annotation = _inner(annotation, part, data)
        data = _reached((part,), data)
    return annotation


def _inner(annotation: Any, part: str | int, data: Any) -> Any:
    """The annotation of one element of what `data` holds."""
    return next((a for a in (_step(b, part) for b in _branches(annotation, data)) if a is not None), None)


def _reached(path: Path, data: Any) -> Any:
    """What stands at a path; None where nothing does."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _discriminator(annotation: Any) -> str | None:
    """The key by which a union tells its kinds apart: `step`, `kind`; None where it has none."""
    for part in getattr(annotation, "__metadata__", ()):
        key = getattr(part, "discriminator", None)
        if isinstance(key, str):
            return key
    return None


def _tags(model: Any, key: str) -> tuple[Any, ...]:
    return get_args(model.model_fields[key].annotation)


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


def _branches(annotation: Any, data: Any = None) -> list[Any]:
    """The alternatives of a union, without None and without what only annotates; of kinds, the one that `data` is."""
    if hasattr(annotation, "__metadata__"):
        branches = _branches(get_args(annotation)[0], data)
        key = _discriminator(annotation)
        if key is None or not isinstance(data, Mapping):
            return branches
        return [branch for branch in branches if data.get(key) in _tags(branch, key)] or branches
    if get_origin(annotation) in (Union, types.UnionType):
        return [b for a in get_args(annotation) for b in _branches(a, data)]
    return [annotation]
