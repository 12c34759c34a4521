"""Cases of somebody else: other data names, other columns, other spellings of the same call."""

import dataclasses
import json

import pytest

from pivotal.validate import compare, read_cases
from pivotal.validate.registry import rule_for

from .held import CASES

SHIPPED = {case.id: case for case in CASES}
# id: the call in the user's words, and the new names of columns, longest first
OTHERS = {
    "anorexia/ancova": (
        "emmeans(lm(After ~ Group + Before, data = mine), ~Group); emmeans(~Group); pairs(reverse = TRUE)",
        {"Postwt": "After", "Prewt": "Before", "Treat": "Group", "TreatCont": "GroupCont", "TreatFT": "GroupFT"},
    ),
    "ancova_hc/additive": (
        "coeftest(lm(score ~ group + before + site, data = mine), vcov = vcovHC)",
        {"armB_act": "groupB_act", "region": "site", "base": "before", "arm": "group", "y": "score"},
    ),
    "ancova_hc/interacted_centred": (
        "lm(score ~ group * centred), centred = before - overall mean; HC0..HC3",
        {"armB_act": "groupB_act", "base": "before", "arm": "group", "y": "score"},
    ),
    "polr/1/trt+x": (
        "polr(ordered(score) ~ grp + age, data = mine, Hess = TRUE)",
        {"trt": "grp", "x": "age", "y": "score"},
    ),
    "glm_nb/2/trt+reg": (
        "glm.nb(n ~ grp + area + offset(log(years)), data = mine)",
        {"exposure": "years", "trt": "grp", "reg": "area", "regS": "areaS", "y": "n"},
    ),
    "poisson_offset/2/trt+reg": (
        "glm(n ~ grp + area + offset(log(years)), family = poisson, data = mine)",
        {"exposure": "years", "trt": "grp", "reg": "area", "regS": "areaS", "y": "n"},
    ),
    "van_elteren/2": (
        "rank sum of grp=1 within centre",
        {"trt": "grp", "st": "centre", "y": "score"},
    ),
}


def renamed(value, names):
    """A result or input with the columns' new names, as keys and as labels."""
    if isinstance(value, dict):
        return {names.get(key, key): renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", OTHERS)
def test_other_names(name, tmp_path):
    call, names = OTHERS[name]
    case = SHIPPED[name]
    head, *rows = (case.folder / case.input["csv"]).read_text().splitlines()
    columns = [column.strip('"') for column in head.split(",")]
    (tmp_path / "mine.csv").write_text("\n".join([",".join(names.get(c, c) for c in columns), *rows]))
    inputs = {**case.input, "csv": "mine.csv", "outcome": "score", "stratum": "centre"}
    result = renamed(case.result, names)
    mine = {"id": "trial/" + name.replace("anorexia", "mine"), "call": call, "input": inputs, "result": result}
    (tmp_path / "mine.json").write_text(json.dumps({"area": "mine", "cases": [mine]}))
    (other,) = read_cases(tmp_path)
    rule = rule_for(other)
    assert rule is not None
    checks = compare(other, rule, rule.run(other))
    assert [check for check in checks if check.agrees is not True] == []


@pytest.mark.parametrize("name", ["ancova_hc/additive", "polr/1/trt+x", "glm_nb/1/trt+reg", "poisson_offset/1/trt+reg"])
def test_missing_rows_are_left_out(name, tmp_path):
    """Patients with anything missing do not enter, as in R: appended rows of NA change nothing."""
    case = SHIPPED[name]
    text = (case.folder / case.input["csv"]).read_text().rstrip("\n")
    width = text.split("\n", 1)[0].count(",")
    (tmp_path / case.input["csv"]).write_text(text + "\n" + ",".join(["NA"] * (width + 1)) + "\n")
    other = dataclasses.replace(case, folder=tmp_path)
    rule = rule_for(other)
    assert [c for c in compare(other, rule, rule.run(other)) if c.agrees is False] == []
