"""Whatever stands in a bundle, a product file or a patient's facts: an answer or a fault, never another error.

Seeded; each run spoils one to three places with values of every kind.
"""

from __future__ import annotations

import copy
import json
import random
import tomllib

import fhir_made as b

from pivotal.errors import PivotalError
from pivotal.label import covers, load_product, read_patient
from pivotal.label.checks import check
from pivotal.label.days import a_day
from pivotal.label.judgement import judgement
from pivotal.label.load import product_path, read_product

PRODUCT = load_product("opzelura")
DAY = a_day("2025-09-18")
JUNK = [None, True, -1, 0, 3.7, 1e308, "", "x", "2020", [], [1], ["a"], {}, {"a": 1}, [{}], [[]], {"coding": [{}]},
        {"coding": "x"}, {"value": "x"}, "Patient/p1", {"reference": 5}, {"text": 5}]  # fmt: skip
FACTS = [None, True, -1, 0, 5, 3.7, float("nan"), float("inf"), "", "x", "2020", "5 years", "10 %", "yes", "unknown",
         "mild", "atopic dermatitis", "vitiligo", 10**30, "３", "½", b"x", [1], [1, 2], {"a": 1}, "\x00",
         "1e400"]  # fmt: skip
NAMES = ["age", "iga", "bsa", "severity", "condition", "birth date", "immunocompromised", "topical failed", "segmental",
         "AGE", "patient", "id"]  # fmt: skip


def places(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from places(part, (*path, key))


def spoilt(data, rng):
    data = copy.deepcopy(data)
    for _ in range(rng.randint(1, 3)):
        path = rng.choice(list(places(data)))
        parent = data
        for key in path[:-1]:
            parent = parent[key]
        if rng.random() < 0.25:
            del parent[path[-1]]
        else:
            parent[path[-1]] = copy.deepcopy(rng.choice(JUNK))
        if not data:
            break
    return data


def test_spoilt_bundles(tmp_path):
    rng = random.Random(20251124)
    panel = b.IGA | {"id": "panel", "component": [{"code": {"text": "BSA"}, "valueQuantity": {"value": 10}}]}
    whole = b.child(statement=b.STATEMENT_R5 | {"id": "s"}, panel=panel)
    path = tmp_path / "bundle.json"
    answered = 0
    for _ in range(500):
        path.write_text(json.dumps(spoilt(whole, rng)), encoding="utf-8")
        try:
            patients, notes = read_patient(PRODUCT, path, {}, on=DAY)
        except PivotalError:
            continue
        answered += judgement(covers(PRODUCT, patients, on=DAY), notes) != ""
    assert 100 < answered < 500


def test_spoilt_product_files():
    rng = random.Random(20251125)
    whole = tomllib.loads(product_path("opzelura").read_text(encoding="utf-8"))
    assert check(whole) == []
    found = [bool(check(spoilt(whole, rng))) for _ in range(150)]
    assert any(found)


def test_spoilt_lines_of_a_product_file():
    rng = random.Random(20251126)
    lines = product_path("opzelura").read_text(encoding="utf-8").splitlines()
    wrong = 0
    for _ in range(60):
        mine = lines.copy()
        del mine[rng.randrange(len(mine))]
        try:
            read_product("\n".join(mine), "mine.toml")
        except PivotalError:
            wrong += 1
    assert wrong > 10


def test_spoilt_facts():
    rng = random.Random(20251127)
    answered = 0
    for _ in range(1_000):
        facts = {name: rng.choice(FACTS) for name in rng.sample(NAMES, rng.randint(0, 6))}
        try:
            answered += judgement(covers(PRODUCT, facts, on=DAY)) != ""
        except PivotalError:
            continue
    assert answered > 50
