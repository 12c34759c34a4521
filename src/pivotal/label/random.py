"""Random numbers by seed and by name, so that one figure's draws do not depend on what else is drawn."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from pivotal.errors import UsageError

MAX_SEED = 2**64 - 1


def generator(seed: int, name: str) -> np.random.Generator:
    """The generator of what has this name.

    Parameters
    ----------
    seed
        0 to 2**64 - 1.
    name
        What the numbers are for; each name has its own stream.

    Raises
    ------
    UsageError
        If the seed is no such number.

    Notes
    -----
    Philox 4x64-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405), its 128-bit key made of the seed and of the name's
    CRC-32 above 2**62, where no other stream of the package lies.

    Examples
    --------
    >>> float(generator(1, "a").random()) == float(generator(1, "a").random())
    True
    """
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"seed is {seed}; a seed is a whole number from 0 to {MAX_SEED}. Choose one in that range.")
    key = np.array([seed, (1 << 62) | crc32(name.encode())], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
