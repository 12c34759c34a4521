"""A room stands on those above it and imports nothing from those below it (docs/map.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pivotal

SOURCE = Path(pivotal.__file__).parent
ROOMS = (
    "errors", "files", "stats", "instruments", "study", "trials", "randomise", "cohort", "records", "derive", "plan",
    "simulate", "label", "report", "validate", "api", "cli", "__main__",
)  # fmt: skip
MAY_NOT_KNOW = {
    "stats": set(ROOMS) - {"stats"},
    "instruments": {"study", "files"},
    "randomise": {"plan", "stats", "study"},
    "cohort": {"stats", "plan", "derive", "records"},
    "records": {"stats", "plan"},
    "derive": {"stats"},
    "label": set(ROOMS) - {"errors", "files", "study", "instruments", "trials", "cohort", "label"},
    "report": {"stats", "plan", "simulate", "cohort", "derive"},
    "cli": {"stats"},
}


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "pivotal":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("pivotal.")}
    return found & set(ROOMS)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


FILES = [path for path in sorted(SOURCE.rglob("*.py")) if room_of(path) != "__init__"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_run_one_way(path):
    room = room_of(path)
    allowed = set(ROOMS[: ROOMS.index(room) + 1]) - MAY_NOT_KNOW.get(room, set())
    assert imported_rooms(path) <= allowed


def test_import_pivotal_is_light():
    code = "import sys, pivotal; print(sorted({m.split('.')[0] for m in sys.modules} & {'numpy', 'polars', 'scipy'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
