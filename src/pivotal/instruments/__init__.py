"""Scores of skin and itch: how they are made up, their ranges and their bands. No wording of items.

The parameters that the package knows stand in `PARAMETERS`, by PARAMCD.
"""

from __future__ import annotations

from dataclasses import dataclass

from pivotal.instruments import bsa, easi, iga, itch


@dataclass(frozen=True, slots=True)
class Instrument:
    """One parameter: what it is called, its range, and whether it takes whole numbers only.

    Attributes
    ----------
    code
        PARAMCD.
    label
        PARAM.
    low, high
        Ends of the range, both possible.
    integer
        Whether only whole numbers occur.
    step
        Distance of neighbouring values.
    """

    code: str
    label: str
    low: float
    high: float
    integer: bool
    step: float


PARAMETERS: dict[str, Instrument] = {
    one.code: one
    for one in (
        Instrument("IGA", "Investigator's Global Assessment", iga.LOW, iga.HIGH, True, 1.0),
        Instrument("EASI", "Eczema Area and Severity Index, total", 0.0, easi.MAXIMUM, False, 0.05),
        *(
            Instrument(code, f"EASI {name}, weighted part of the total", 0.0, round(72 * max(weights), 2), False, 0.05)
            for code, name, weights in zip(easi.REGIONS, easi.REGION_NAMES, easi.WEIGHTS_BY_REGION, strict=True)
        ),
        Instrument("BSA", "Body surface affected, %", 0.0, bsa.HIGH, False, 0.1),
        Instrument("ITCHNRS", "Worst itch in 24 hours, numerical rating scale", itch.LOW, itch.HIGH, True, 1.0),
    )
}
"""The parameters by PARAMCD."""

__all__ = ["PARAMETERS", "Instrument", "bsa", "easi", "iga", "itch"]
