"""Trials a second of log-rank tests and Cox's model, beside lifelines in a loop where it can be found.

Run with one thread, in any environment that has NumPy, SciPy and this package:

    OMP_NUM_THREADS=1 python benchmarks/survival.py [trials] [trials for lifelines]

lifelines may live in an environment of its own: LIFELINES_PYTHON names its interpreter (by default .venv/bin/python
beside this folder), which reads the same trials and times its own loop while this process waits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

PATIENTS, SEED = 300, 20261125
PYTHON = os.environ.get("LIFELINES_PYTHON", str(Path(__file__).resolve().parents[1] / ".venv/bin/python"))

LOOP = """
import json, sys, time, warnings
import numpy as np
try:
    import lifelines
    import pandas as pd
    from lifelines.statistics import logrank_test
except ImportError:
    sys.exit("lifelines is not installed")
warnings.simplefilter("ignore")
data = np.load(sys.argv[1])
times, events, arm, x = (data[name] for name in ("time", "event", "arm", "x"))
one, zero = arm == 1, arm == 0

def log_rank(i):
    test = logrank_test(times[i][one], times[i][zero], events[i][one], events[i][zero])
    return test.test_statistic

def cox(i, adjusted):
    frame = {"time": times[i], "event": events[i], "arm": arm} | ({"x": x[i]} if adjusted else {})
    return lifelines.CoxPHFitter().fit(pd.DataFrame(frame), "time", "event").params_["arm"]

found = {"version": lifelines.__version__}
for name, run in (("log-rank", log_rank), ("cox", lambda i: cox(i, False)), ("cox + x", lambda i: cox(i, True))):
    run(0)
    began = time.perf_counter()
    values = [float(run(i)) for i in range(len(times))]
    found[name] = {"seconds": (time.perf_counter() - began) / len(times), "values": values}
print(json.dumps(found))
"""


def trials(count: int) -> dict[str, np.ndarray]:
    """Exponential times, a third censored, two arms, one covariate."""
    rng = np.random.default_rng(SEED)
    arm, x = np.tile([0, 1], PATIENTS // 2), rng.standard_normal((count, PATIENTS))
    survival = rng.exponential(np.exp(0.4 * arm - 0.5 * x))
    censoring = rng.uniform(0, 3, survival.shape)
    return {"time": np.minimum(survival, censoring), "event": survival <= censoring, "arm": arm, "x": x}


def methods(data: dict[str, np.ndarray]) -> dict[str, Callable[[], np.ndarray]]:
    """What is timed; each gives the number that lifelines gives too."""
    from pivotal.stats import fit_cox, log_rank

    times, events, arm, x = (data[name] for name in ("time", "event", "arm", "x"))
    both = np.stack(np.broadcast_arrays(arm, x), axis=2).astype(np.float64)
    return {
        "log-rank": lambda: log_rank(times, events, arm).statistic,
        "cox": lambda: fit_cox(times, events, arm[:, None]).coefficients[:, 0],
        "cox + x": lambda: fit_cox(times, events, both).coefficients[:, 0],
    }


def lifelines(data: dict[str, np.ndarray], count: int) -> dict | str:
    """Time lifelines on the first trials; a sentence where it cannot be run."""
    if not Path(PYTHON).is_file():
        return f"no interpreter at {PYTHON}: set LIFELINES_PYTHON"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trials.npz"
        np.savez(file, **{name: part if name == "arm" else part[:count] for name, part in data.items()})
        done = subprocess.run([PYTHON, "-c", LOOP, str(file)], capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def main(count: int, few: int) -> None:
    data = trials(count)
    theirs = lifelines(data, few)
    print(f"{count:,} trials of {PATIENTS} patients, seed {SEED}; lifelines on the first {few}")
    if isinstance(theirs, str):
        print(f"lifelines was not timed: {theirs}")
    else:
        print(f"lifelines {theirs['version']}")
    for name, run in methods(data).items():
        best, values = np.inf, np.zeros(0)
        for _ in range(3):
            began = time.perf_counter()
            values = run()
            best = min(best, time.perf_counter() - began)
        line = f"{name:10} {count / best:9,.0f} trials/s"
        if not isinstance(theirs, str):
            other = theirs[name]
            apart = np.abs(values[:few] - other["values"]).max()
            line += f"   lifelines {1 / other['seconds']:7.1f} trials/s   ratio {other['seconds'] * count / best:6.0f}"
            line += f"   largest difference {apart:.1e}"
        print(line)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, int(sys.argv[2]) if len(sys.argv) > 2 else 100)
