"""Bootstrap samples of patients, within strata, as the number of times each patient is in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pivotal.stats.estimate import Floats


def bootstrap_counts(strata: NDArray[np.int64], samples: int, rng: np.random.Generator) -> Floats:
    """Draw patients with replacement, as many from each stratum as it has.

    Parameters
    ----------
    strata
        Stratum (arm) of each patient, (replicate, patient).
    samples
        Number of samples in each replicate.
    rng
        Source of random numbers; it is advanced by replicate * samples * patient uniform numbers.

    Returns
    -------
    Floats
        How often each patient is drawn, (replicate, sample, patient).

    Examples
    --------
    >>> counts = bootstrap_counts(np.array([[0, 0, 0, 1, 1]]), 2, np.random.default_rng(1))
    >>> counts[0, :, :3].sum(axis=1).tolist(), counts[0, :, 3:].sum(axis=1).tolist()
    ([3.0, 3.0], [2.0, 2.0])
    """
    replicates, patients = strata.shape
    order = np.argsort(strata, axis=1, kind="stable")
    arranged = np.take_along_axis(strata, order, axis=1)
    begins = np.ones(arranged.shape, dtype=np.bool_)
    begins[:, 1:] = arranged[:, 1:] != arranged[:, :-1]
    position = np.arange(patients)
    first = np.maximum.accumulate(np.where(begins, position, 0), axis=1)
    run = np.cumsum(begins, axis=1) - 1
    flat = run + np.arange(replicates)[:, None] * patients
    size = np.bincount(flat.ravel(), minlength=replicates * patients)[flat]
    picked = first[:, None] + np.floor(rng.random((replicates, samples, patients)) * size[:, None]).astype(np.int64)
    chosen = np.take_along_axis(np.broadcast_to(order[:, None], picked.shape), picked, axis=2)
    row = np.arange(replicates * samples).reshape(replicates, samples, 1) * patients
    counts = np.bincount((chosen + row).ravel(), minlength=replicates * samples * patients)
    return np.asarray(counts.reshape(replicates, samples, patients), dtype=np.float64)
