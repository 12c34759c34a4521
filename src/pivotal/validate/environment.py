"""What the cases were run with: interpreter, packages, linear algebra, machine, time."""

from __future__ import annotations

import os
import platform
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

JSON = dict[str, Any]


def environment() -> JSON:
    """The environment of this process, for a report."""
    return {
        "pivotal": version("pivotal"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": _packages(),
        "blas": _blas(),
        "system": f"{platform.system()}, {platform.machine()}",
        "platform": platform.platform(),
        "processors": str(os.cpu_count()),
        "installed_in": str(Path(__file__).parents[1]),
        "interpreter": sys.executable,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _packages() -> dict[str, str]:
    """Versions of what the package needs; the extras are left out."""
    named = [text for text in requires("pivotal") or [] if "extra ==" not in text]
    found = {}
    for text in named:
        name = re.split(r"[^\w.-]", text, maxsplit=1)[0]
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _blas() -> list[str]:
    """The linear algebra that numpy and scipy have loaded."""
    import numpy.linalg
    import scipy.linalg
    from threadpoolctl import threadpool_info

    assert numpy.linalg
    assert scipy.linalg
    return sorted(
        f"{info['internal_api']} {info.get('version') or ''}, {info.get('architecture') or 'architecture unknown'}, "
        f"{info['num_threads']} threads"
        for info in threadpool_info()
        if info["user_api"] == "blas"
    )
