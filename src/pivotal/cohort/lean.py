"""Frozen dataclasses whose cached properties stay behind when they are pickled."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


class Lean:
    """A dataclass that is pickled without what it has cached, so that a job sent to a worker stays small."""

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: self.__dict__[field.name] for field in fields(self)}  # type: ignore[arg-type]
