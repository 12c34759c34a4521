"""Made-up trials for tests of the plan: independent draws, no model behind them."""

from __future__ import annotations

import numpy as np

from pivotal.study.load import load
from pivotal.trials import Trials

RATES = (0.15, 0.4, 0.6)


def study():
    return load("true-ad3")


def trials(seed: int, replicates: int = 6, size: int = 120) -> Trials:
    """Trials of the shape of TRuE-AD3 with independent scores; some patients leave early."""
    rng = np.random.default_rng(seed)
    trial = study()
    shape = (replicates, size)
    names = tuple(v.name for v in trial.visits)
    arm = rng.permuted(np.tile(np.arange(size) % 5, (replicates, 1)), axis=1)
    arm = np.array([0, 1, 1, 2, 2], dtype=np.int8)[arm]
    last = np.where(rng.random(shape) < 0.15, rng.integers(0, len(names) - 1, shape), len(names) - 1).astype(np.int8)
    subject = {
        "AGE": rng.integers(2, 12, shape).astype(np.float64),
        "SEX": rng.integers(0, 2, shape).astype(np.int8),
        "IGA": rng.integers(2, 4, shape).astype(np.int8),
        "EASI": rng.integers(20, 400, shape) / 20,
        "BSA": rng.integers(30, 201, shape) / 10,
        "ITCHNRS": rng.integers(4, 11, shape).astype(np.int8),
    }
    subject["ITCHNRS"][subject["AGE"] < 6] = -1
    values = {}
    better = rng.random(shape) < np.array(RATES)[arm]
    for v, visit in enumerate(trial.visits):
        present = last >= v
        for parameter in ("IGA", "EASI", "BSA", "ITCHNRS"):
            if parameter not in visit.measures:
                continue
            base = subject[parameter]
            after = np.where(better, np.floor(base * 0.2), base).astype(base.dtype)
            now = base if visit.baseline else after
            gone = -1 if base.dtype.kind == "i" else np.nan
            values[parameter, visit.name] = np.where(present & (base >= 0), now, gone).astype(base.dtype)
    return Trials(
        arms=tuple(a.name for a in trial.arms),
        visits=names,
        arm=arm,
        subject=subject,
        values=values,
        last_visit=last,
        reason=np.where(last < len(names) - 1, 1, 0).astype(np.int8),
        reasons=("completed", "withdrawal by subject"),
        categories={"SEX": ("F", "M")},
    )
