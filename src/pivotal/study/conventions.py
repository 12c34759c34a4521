"""What one part of a study file says for others: its preset for the analyses, `better` for improvements."""

from __future__ import annotations

import copy
from typing import Any, get_args

from pivotal.study.methods import METHODS, Preset

JSON = dict[str, Any]


def directed(data: JSON) -> JSON:
    """A study file as read, improvements of parameters whose higher values are better being rises.

    Examples
    --------
    >>> file = {"parameters": [{"name": "FEV1", "better": "higher"}],
    ...         "endpoints": [{"derive": {"parameter": "FEV1", "improvement_at_least": 0.2}}]}
    >>> directed(file)["endpoints"][0]["derive"]["improvement"]
    'rise'
    """
    rising = {p.get("name") for p in _tables(data, "parameters") if p.get("better") == "higher"}
    if not rising:
        return data
    data = copy.deepcopy(data)
    for endpoint in _tables(data, "endpoints"):
        derive = endpoint.get("derive")
        if isinstance(derive, dict) and derive.get("parameter") in rising:
            derive.setdefault("improvement", "rise")
    return data


def _tables(data: JSON, key: str) -> list[JSON]:
    rows = data.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


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
    if not isinstance(preset, str) or preset not in get_args(Preset):
        return data
    data = copy.deepcopy(data)
    for endpoint in _tables(data, "endpoints"):
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
