"""The commented study file that `pivotal init` writes: valid as it stands, made to be changed."""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).with_name("template.toml")


def template() -> str:
    """The text of the commented study file."""
    return _FILE.read_text(encoding="utf-8")
