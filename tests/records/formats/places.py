"""Where reference files lie: those that come with the repository, and the rest where they are at hand."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[3]
HERE = ROOT / "tests" / "data" / "datasetjson"
SHARED = ROOT.parent / "shared" / "data" / "datasetjson"
PILOT = ROOT.parent / "shared" / "data" / "cdiscpilot01"
ALL = SHARED if SHARED.is_dir() else HERE
