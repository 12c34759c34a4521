"""Output that is never half-written: made beside its place, moved there when whole."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pivotal.errors import UsageError


@contextmanager
def whole(directory: Path) -> Iterator[Path]:
    """A temporary folder beside `directory`; what is written there is moved into it when the block ends well.

    Files of the same name are replaced; other files in `directory` stay. After an error or an interrupt nothing is
    left behind.
    """
    directory = directory.absolute()
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"--out is {directory}, which is a file; a folder is wanted. Name another place.")
    directory.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        yield temporary
        _move(temporary, directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary file beside `path`; it is moved there when the block ends well, and else is gone."""
    path = path.absolute()
    if path.is_dir():
        raise UsageError(f"--out is {path}, which is a folder; a file is wanted. Name a file in it.")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _move(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            os.replace(path, place)


def write_json(path: Path, content: Any) -> None:
    """Write JSON, indented, UTF-8; NaN and infinity are errors (they are not JSON)."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
