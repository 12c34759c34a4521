"""Claims: verdicts follow the facts, what is unknown decides nothing, and every fault is told with its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pivotal.errors import ClaimsError, UsageError
from pivotal.label import hold, load_claims, load_product
from pivotal.label.claims_load import read_claims
from pivotal.label.facts import catalogue
from pivotal.study import load

HEAD = """
[evidence]
id = "mine"
title = "Mine"
study = "true-ad3"
product = "opzelura"
epidemiology = "us-atopic-dermatitis"

[sources]
NEWS = { cite = "A news report" }

[facts]
"a day" = { day = 2020-02-02, source = "NEWS" }
"a count" = { x = 3, n = 7, source = "NEWS" }
"nothing known" = { text = "vitiligo" }

"""


def claims(*checks, quote="some words", extra=""):
    body = ", ".join(checks)
    return f'{HEAD}[[claims]]\nid = "1"\nclaim = "It is so"\nquote = "{quote}"\n{extra}\nchecks = [{body}]\n'


def verdict(*checks, **more):
    read, facts = read_claims(claims(*checks, **more))
    return hold(read, facts)[0]


RATE = "study.posted.EASI75.Week 8.rate.Ruxolitinib 1.5%"


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (f'{{ fact = "{RATE}", equals = 67.2, unit = "%" }}', "agrees"),
        (f'{{ fact = "{RATE}", equals = 67, unit = "%" }}', "agrees"),
        (f'{{ fact = "{RATE}", equals = 67, digits = 1, unit = "%" }}', "contradicts"),
        (f'{{ fact = "{RATE}", equals = 68, unit = "%" }}', "contradicts"),
        (f'{{ fact = "{RATE}", at_least = 67.2, unit = "%" }}', "agrees"),
        (f'{{ fact = "{RATE}", above = 67.2, unit = "%" }}', "contradicts"),
        (f'{{ fact = "{RATE}", at_least = 60, below = 70, unit = "%" }}', "agrees"),
        (f'{{ fact = "{RATE}", between = [67.3, 70], unit = "%" }}', "contradicts"),
        ('{ fact = "study.eligible.AGE", at_least = 2, below = 12, unit = "years" }', "agrees"),
        ('{ fact = "study.eligible.AGE", between = [2, 11], unit = "years" }', "agrees"),
        ('{ fact = "study.eligible.AGE", at_least = 2, unit = "years" }', "contradicts"),
        ('{ fact = "study.eligible.BSA", between = [3, 20], unit = "%" }', "agrees"),
        ('{ fact = "study.eligible.BSA", at_most = 20, unit = "%" }', "contradicts"),
        ('{ fact = "product.AD-2025.IMMUNOC", is = true }', "contradicts"),
        ('{ fact = "product.AD-2025.effective", equals = "2025" }', "agrees"),
        ('{ fact = "product.AD-2025.effective", equals = 2025-09-19 }', "contradicts"),
        ('{ fact = "product.AD-2025.use", words = "topical" }', "agrees"),
        ('{ fact = "product.AD-2025.use", any_of = ["topical"] }', "contradicts"),
        ('{ fact = "product.strength", words = "1.5 %" }', "agrees"),
        ('{ fact = "epidemiology.people.aged 12 and over", above = 20000000, unit = "people" }', "agrees"),
        ('{ fact = "epidemiology.people.aged 12 and over", above = 22000000, unit = "people" }', "cannot be decided"),
        ('{ fact = "epidemiology.people.aged 2 to 11", at_most = 1900000, unit = "people" }', "contradicts"),
        ('{ fact = "epidemiology.people.aged 2 to 11", equals = 2000000, unit = "people" }', "contradicts"),
        ('{ fact = "facts.a count", equals = 3, unit = "patients" }', "agrees"),
        ('{ fact = "facts.a day", equals = 2020-02-02 }', "agrees"),
        ('{ fact = "product.VIT-2022.condition", same_as = "facts.nothing known" }', "contradicts"),
        ('{ fact = "product.AD-2025.strength", leaves_out = true }', "cannot be decided"),
    ],
)
def test_comparisons(check, expected):
    assert verdict(check).verdict == expected


def test_no_wins_over_unknown_and_unknown_over_yes():
    no = f'{{ fact = "{RATE}", equals = 1, unit = "%" }}'
    yes = '{ fact = "study.randomised", equals = 330, unit = "patients" }'
    unknown = '{ fact = "product.strength", leaves_out = true }'
    assert verdict(yes, unknown).verdict == "cannot be decided"
    assert verdict(yes, unknown, no).verdict == "contradicts"
    assert verdict(yes, yes).verdict == "agrees"


def test_a_claim_on_which_no_fact_bears_cannot_be_decided():
    found = verdict()
    assert found.verdict == "cannot be decided"
    assert found.why == "no fact of the study or the product bears on it"


def test_readings_that_agree_decide():
    first = '{ reading = "a", fact = "study.randomised", equals = 330, unit = "patients" }'
    second = '{ reading = "b", fact = "study.planned", equals = 315, unit = "patients" }'
    third = '{ reading = "b", fact = "study.planned", equals = 330, unit = "patients" }'
    assert verdict(first, second).verdict == "agrees"
    assert verdict(first, third).verdict == "cannot be decided"


@pytest.mark.parametrize(("quote", "expected"), [("it works.", "agrees"), ("it works in the", "cannot be decided")])
def test_a_sentence_that_breaks_off(quote, expected):
    yes = '{ fact = "study.randomised", equals = 330, unit = "patients" }'
    assert verdict(yes, quote=quote, extra="ends = true").verdict == expected


def test_verdicts_follow_the_facts():
    """With a label that covers severe disease the first claim of the news report would be right."""
    read, _ = load_claims("true-ad3-news")
    product = load_product("opzelura")
    severe = [
        c.model_copy(update={"any_of": ("mild", "moderate", "severe")}) if c.id == "severity" else c
        for c in product.indication("AD-2025").criteria
    ]
    indications = tuple(
        i.model_copy(update={"criteria": tuple(severe)}) if i.id == "AD-2025" else i for i in product.indications
    )
    other = product.model_copy(update={"indications": indications})
    facts = catalogue(read, load("true-ad3"), other, None)
    first = replace_claims(read, "1")
    assert hold(first, facts)[0].verdict == "agrees"


def replace_claims(read, name):
    return read.model_copy(update={"claims": tuple(c for c in read.claims if c.id == name)})


def test_a_trial_whose_tests_are_all_posted_and_small_met_its_endpoints():
    study = load("true-ad3")
    posted = tuple(p.model_copy(update={"p": "0.01"}) if p.p is not None else p for p in study.posted)
    met = catalogue(study=study.model_copy(update={"posted": posted}))["study.met.secondary"]
    assert met.value == -1  # EASI75 has no posted test
    endpoints = tuple(e for e in study.endpoints if e.name != "EASI75")
    whole = study.model_copy(update={"posted": posted, "endpoints": endpoints})
    assert catalogue(study=whole)["study.met.secondary"].value == 1


def faults(text):
    with pytest.raises(ClaimsError) as caught:
        read_claims(text, "mine.toml")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "place", "piece"),
    [
        (claims(quote="word " * 16), "claims[0].quote", "16 words long; a quote has at most 15 words"),
        (claims('{ fact = "study.randomized", equals = 330 }'), "checks[0].fact", "'study.randomised'"),
        (claims('{ fact = "xyz", equals = 330 }'), "checks[0].fact", "Facts begin with one of: study, product"),
        (claims('{ fact = "study.eligible.AGE", at_least = 24, unit = "months" }'), "checks[0].unit", "is in years"),
        (claims(f'{{ fact = "{RATE}", equals = 67.2 }}'), "checks[0]", "Add unit"),
        (claims('{ fact = "study.randomised", equals = 330, unit = "%" }'), "checks[0].unit", "is in patients"),
        (claims('{ fact = "study.arms.Vehicle.ratio", equals = 1, unit = "%" }'), "checks[0].unit", "has no unit"),
        (claims('{ fact = "study.randomised", words = "many" }'), "checks[0].words", "is a number"),
        (claims('{ fact = "study.randomised", equals = "many", unit = "patients" }'), "equals", "Use a number"),
        (claims('{ fact = "product.AD-2025.SEVERITY", any_of = ["grave"] }'), "any_of[0]", "no category"),
        (claims('{ fact = "product.AD-2025.SEVERITY", equals = "mild" }'), "checks[0].equals", "what criteria let in"),
        (claims('{ fact = "study.eligible.AGE", at_least = 250, unit = "years" }'), "at_least", "0 to 100"),
        (claims('{ fact = "study.randomised" }'), "checks[0]", "says nothing"),
        (claims('{ fact = "study.randomised", equals = 1, words = "x" }'), "checks[0]", "give one, or two checks"),
        (claims('{ fact = "product.strength", same_as = "facts.a dya" }'), "checks[0].same_as", "'facts.a day'"),
        (claims(extra="ends = true", quote=""), "claims[0].ends", "only quoted words"),
        (claims().replace('study = "true-ad3"', 'study = "true-ad33"'), "evidence.study", "'true-ad3'"),
        (claims().replace('source = "NEWS"', 'source = "NWES"', 1), "source", "'NEWS'"),
        (claims() + claims().split("[[claims]]")[1].join(["[[claims]]", ""]), "claims[1].id", "another claim"),
        (claims().replace("x = 3, n = 7", "x = 3"), "facts", "x together with n"),
        (HEAD, "claims", "a file of claims needs claims"),
    ],
)
def test_faults(text, place, piece):
    found = faults(text)
    assert any(place in fault and piece in fault for fault in found), found
    assert all(fault.startswith("mine.toml") for fault in found)


def test_all_faults_at_once():
    text = claims('{ fact = "xyz", equals = 1 }', '{ fact = "study.randomised", words = "x" }', quote="w " * 20)
    assert len(faults(text)) == 3


def test_no_such_file():
    with pytest.raises(UsageError, match="Did you mean 'true-ad3-news'"):
        load_claims("true-ad3-newz")


def test_unknown_is_never_no():
    read, facts = load_claims("true-ad3-news")
    blank = {
        name: replace(one, kind="truth", value=-1) if one.name.startswith("study.met") else one
        for name, one in facts.items()
    }
    assert hold(replace_claims(read, "5"), blank)[0].verdict == "cannot be decided"
