"""The study's preset, handed down to the analyses that do not say whose conventions they follow."""

from __future__ import annotations

import copy
from typing import Any, get_args

from pivotal.study.methods import METHODS, Preset

JSON = dict[str, Any]


def handed_down(data: JSON) -> JSON:
    """A study file as read, the preset of `[study]` in every analysis whose method takes one and that names none.

    An imputation pooled by Rubin's rules takes the program's degrees of freedom with it.

    Examples
    --------
    >>> file = {"study": {"preset": "sas"}, "endpoints": [{"analysis": {"method": "cox"}}]}
    >>> handed_down(file)["endpoints"][0]["analysis"]
    {'method': 'cox', 'preset': 'sas'}
    """
    head = data.get("study")
    preset = head.get("preset") if isinstance(head, dict) else None
    if not isinstance(preset, str) or preset not in get_args(Preset) or not isinstance(data.get("endpoints"), list):
        return data
    data = copy.deepcopy(data)
    for endpoint in data["endpoints"]:
        if isinstance(endpoint, dict):
            _endpoint(endpoint, preset)
    return data


def _endpoint(endpoint: JSON, preset: str) -> None:
    supplementary = endpoint.get("supplementary")
    for analysis in [endpoint.get("analysis"), *(supplementary if isinstance(supplementary, list) else [])]:
        if isinstance(analysis, dict) and analysis.get("method") in TAKING:
            analysis.setdefault("preset", preset)
    imputation = endpoint.get("imputation")
    if isinstance(imputation, dict) and imputation.get("inference", "rubin") == "rubin":
        imputation.setdefault("df", {"sas": "rubin", "r": "barnard-rubin"}[preset])


TAKING = tuple(name for name, spec in METHODS.items() if "preset" in (spec.options or {}))
"""Methods that two programs compute differently."""
