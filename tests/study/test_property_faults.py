"""What a wrong study file is told: the file, the line, the key, what was found, what is right; all of it at once."""

import copy
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal.errors import StudyError, UsageError
from pivotal.study import load, read, source_text, template
from pivotal.study.checks import check

TEMPLATE = template()


def faults(text, name="my.toml"):
    with pytest.raises(StudyError) as caught:
        read(text, name)
    return [str(fault) for fault in caught.value.faults]


def spoilt(*edits, text=TEMPLATE):
    """The template with each first occurrence replaced, and the line of the last replacement."""
    line = 0
    for old, new in edits:
        assert old in text, old
        line = text[: text.index(old)].count("\n") + 1
        text = text.replace(old, new, 1)
    return text, line


def test_the_sentence():
    text, _ = spoilt(("ratio = 1", "ratio = 0"))
    line = text[: text.index("ratio = 0")].count("\n") + 1
    assert faults(text) == [
        f"my.toml:{line}: arms[0].ratio is 0; a ratio is a whole number of at least 1. Remove the arm or set ratio = 1."
    ]


EDGE = 'edges = [{ from = "IGA-TS", to = "EASI75", weight = 1 }]'
LEVELS = 'levels = [{ label = "2", any_of = [2] }, { label = "3", any_of = [3] }]'
RATE = 'visit = "Week 4", arms = { "Vehicle" = 8.0, "Active" = 25.0 }'
ONE = [
    # the schema
    ('id = "MY-TRIAL"', "id = 5", "study.id", "5; an id is a text in quotes"),
    ("phase = 2 ", "fase = 2 ", "study.fase", "not a known key", "Did you mean 'phase'?"),
    ("phase = 2 ", "phase = 5 ", "study.phase", "5; phase is one of 1, 2, 3, 4"),
    ("size = 150", "size = 1.5", "population.size", "1.5; a size is a whole number"),
    ("size = 150", 'size = "150"', "population.size", '"150"; a size is a whole number'),
    ("alpha = 0.05", "alpha = 0", "testing.alpha", "0; an alpha is a number above 0"),
    ("alpha = 0.05", "alpha = nan", "testing.alpha", "neither infinite nor nan"),
    ('role = "primary"', 'role = "primery"', "endpoints[0].role", "Did you mean 'primary'?"),
    (
        'method = "logistic wald"',
        'method = "logistic wold"',
        "endpoints[0].analysis.method",
        "Did you mean 'logistic wald'?",
    ),
    ("baseline = true", 'baseline = "yes"', "visits[0].baseline", '"yes"; a baseline is true or false'),
    ("day = 29", "day = true", "visits[1].day", "true; a day is a whole number"),
    ("range = [0, 72] }", "range = [0] }", "variables.EASI.range", "[0]; a range is a list of two numbers"),
    ('name = "EASI"', 'name = "easi"', "parameters[1].name", "capitals"),
    ('"Vehicle" = 8.0', '"Vehicle" = [8]', "scenarios[0].rates[0].arms.Vehicle", "a list of two numbers or a number"),
    ("at_least = 18, ", "", "population.criteria[0]", "compares with nothing"),
    # names
    ('name = "Active"', 'name = "Vehicle"', "arms[1].name", "another arm of this name"),
    ('name = "Week 8"', 'name = "Week 4"', "visits[2].name", "another visit of this name"),
    ('{ name = "EASI75", endpoint', '{ name = "IGA-TS", endpoint', "testing.hypotheses[1].name", "another hypothesis"),
    ('visit = "Week 8"', 'visit = "Week8"', "endpoints[0].visit", "Did you mean 'Week 8'?"),
    ('visits = ["Week 4"]', 'visits = ["Weak 4"]', "endpoints[0].visits[0]", "Did you mean 'Week 4'?"),
    ('population = "ITT"', 'population = "IIT"', "endpoints[0].population", "Did you mean 'ITT'?"),
    ('parameter = "IGA"', 'parameter = "IGAS"', "endpoints[0].derive.parameter", "Did you mean 'IGA'?"),
    (
        'measures = ["IGA", "EASI"]',
        'measures = ["IGA", "EASI", "BSA"]',
        "visits[0].measures[2]",
        "Use one of: IGA, EASI.",
    ),
    (
        'variable = "IMMUNOC", is',
        'variable = "IMUNOC", is',
        "population.criteria[2].variable",
        "Did you mean 'IMMUNOC'?",
    ),
    ('variable = "IGA"\n', 'variable = "IGE"\n', "randomisation.strata[0].variable", "Did you mean 'IGA'?"),
    (
        'assumed = "a plain choice" },\n  { variable = "SEX"',
        'source = "EXX" },\n  { variable = "SEX"',
        "cohort.baseline[0].source",
        "Did you mean 'EX'?",
    ),
    ('arm = "Active", comparator', 'arm = "Activ", comparator', "testing.hypotheses[0].arm", "Did you mean 'Active'?"),
    ('endpoint = "IGA-TS", arm', 'endpoint = "IGATS", arm', "testing.hypotheses[0].endpoint", "Did you mean 'IGA-TS'?"),
    ('to = "EASI75"', 'to = "EASI50"', "testing.edges[0].to", "Did you mean 'EASI75'?"),
    ('like = "expected"', 'like = "expect"', "scenarios[1].like", "Did you mean 'expected'?"),
    ('response_as = { "Active"', 'response_as = { "Actve"', "scenarios[1].response_as.Actve", "Did you mean 'Active'?"),
    ('"Active" = 25.0', '"Activ" = 25.0', "scenarios[0].rates[0].arms.Activ", "Did you mean 'Active'?"),
    ('arm = "Active", percent', 'arm = "Aktive", percent', "scenarios[0].dropout[1].arm", "Did you mean 'Active'?"),
    ('variable = "IGA", percent', 'variable = "IGB", percent', "cohort.screening[0].variable", "Did you mean 'IGA'?"),
    # allocation, visits
    ("control = true\n", "", "arms", "without a control"),
    ("ratio = 2\n", "ratio = 2\ncontrol = true\n", "arms[1].control", "true on a second arm"),
    ("block_sizes = [3, 6]", "block_sizes = [3, 5]", "randomisation.block_sizes[1]", "multiple of 3"),
    ("block_sizes = [3, 6]", "block_sizes = []", "randomisation.block_sizes", "permuted blocks need their sizes"),
    (LEVELS, 'levels = [{ label = "2", any_of = [2] }]', "randomisation.strata[0].levels", "open at IGA = 3"),
    (
        LEVELS,
        LEVELS.replace("any_of = [3]", "at_least = 2"),
        "randomisation.strata[0].levels[1]",
        "an overlap: IGA = 2",
    ),
    (LEVELS, LEVELS.replace('"3"', '"2"'), "randomisation.strata[0].levels[1].label", "another level of this name"),
    ("baseline = true\n", "", "visits", "without a baseline"),
    ("day = 29\n", "day = 29\nbaseline = true\n", "visits[1].baseline", "true on a second visit"),
    ("day = 29", "day = 60", "visits[2].day", "visits stand in order of time"),
    ("to_week = 8", "to_week = 0", "periods[0].to_week", "a period ends after its start"),
    # criteria
    (
        'unit = "years" },\n  { id = "I2"',
        'unit = "yeers" },\n  { id = "I2"',
        "population.criteria[0].unit",
        "Set unit = 'years'",
    ),
    (
        'unit = "years" },\n  { id = "I2"',
        'unit = "months" },\n  { id = "I2"',
        "population.criteria[0].unit",
        "Convert the bound",
    ),
    ('unit = "years", range', 'unit = "yrs", range', "variables.AGE.unit", "no unit has this name"),
    ("at_least = 18", "at_least = 180", "population.criteria[0].at_least", "the variable runs from 0 to 100"),
    ("at_least = 18", "at_least = 18, below = 18", "population.criteria[0]", "no value of AGE passes"),
    ("is = true }", "any_of = [1] }", "population.criteria[2].any_of", "the variable is true or false"),
    ("any_of = [2, 3] }", "is = true }", "population.criteria[1].is", "the variable is a whole number"),
    # endpoints
    (
        'derive = { parameter = "IGA", value_at_most = 1, improvement_at_least = 2 }',
        'derive = { parameter = "IGA", quantity = "change" }',
        "endpoints[0].derive.quantity",
        "binary",
    ),
    ("value_at_most = 1", "value_at_most = 9", "endpoints[0].derive.value_at_most", "IGA runs from 0 to 4"),
    (", percent_improvement_at_least = 75", "", "endpoints[1].derive", "without a condition"),
    ('covariates = ["IGA"]', 'covariates = ["IGB"]', "endpoints[0].analysis.covariates[0]", "Did you mean 'IGA'?"),
    ('covariates = ["IGA"]', 'covariates = ["EASI"]', "endpoints[0].analysis.covariates[0]", "not numbers"),
    ('method = "logistic wald"', 'method = "ancova"', "endpoints[0].analysis.method", "the endpoint is binary"),
    # testing
    (
        EDGE,
        EDGE.replace("weight = 1 }]", 'weight = 0.7 }, { from = "IGA-TS", to = "IGA-TS", weight = 0.2 }]'),
        "testing.edges[1].to",
        "another hypothesis",
    ),
    (EDGE, EDGE.replace("}]", '}, { from = "IGA-TS", to = "EASI75", weight = 0.5 }]'), "testing.edges[1]", None),
    (
        'arm = "Active", comparator = "Vehicle", weight = 1',
        'arm = "Active", comparator = "Active", weight = 1',
        "testing.hypotheses[0].comparator",
        "two different arms",
    ),
    (
        'comparator = "Vehicle" }',
        'comparator = "Vehicle", weight = 0.5 }',
        "testing.hypotheses",
        "weights that sum to 1.5",
    ),
    (", weight = 1 },\n", " },\n", "testing.hypotheses", "without weight"),
    # patients, scenarios
    ("{ F = 0.6, M = 0.4 }", "{ F = 0.6, M = 0.5 }", "cohort.baseline[1].shares", "a sum of 1.1"),
    ("{ F = 0.6, M = 0.4 }", "{ F = 0.6, W = 0.4 }", "cohort.baseline[1].shares.W", "category"),
    ("mean = 38, sd = 14, ", "", "cohort.baseline[0]", "without a target"),
    ("values = [1, 4]", "values = [1, 3]", "cohort.screening[0].values[1]", "no criterion turns away IGA = 3"),
    ("values = [1, 4]", "values = [1, 5]", "cohort.screening[0].values[1]", "the variable runs from 0 to 4"),
    (RATE, RATE.replace(', "Active" = 25.0', ""), "scenarios[0].rates[0].arms", "Add 'Active'."),
    (RATE, RATE.replace("25.0", "125.0"), "scenarios[0].rates[0].arms.Active", "between 0 and 100"),
    (RATE, RATE.replace("25.0", "[25, 20]"), "scenarios[0].rates[0].arms.Active", "x from 0 to n"),
    (RATE, RATE.replace("Week 4", "Baseline"), "scenarios[0].rates[0].visit", "is not summarised there"),
    ('like = "expected"', 'like = "null"', "scenarios[1].like", "may not stand on itself"),
    ('like = "expected"', 'like = "expected"\ndropout_times = 9', "scenarios[1].dropout_times", "would leave"),
    ("percent = 15.0, ", "x = 3, ", "scenarios[0].dropout[0]", "without a number"),
    ("differences = [0, 0.15", "differences = [0, 0.95", "grids[0].differences[1]", "within 0 to 1"),
    ("sizes = [60", "sizes = [3", "grids[0].sizes[0]", "at least 4 patients"),
    ('patients = "virtual" ', 'patients = "real" ', "study.patients", "a [data] section says"),
]


@pytest.mark.parametrize(("old", "new", "key", "words", "more"), [(*row, "")[:5] for row in ONE])
def test_each_fault_has_its_line_and_key(old, new, key, words, more):
    text, _ = spoilt((old, new))
    found = faults(text)
    mine = [fault for fault in found if fault.split(": ", 1)[1].startswith(f"{key} is ")]
    assert mine, found
    assert any(all(word in fault for word in (words, more) if word) for fault in mine), mine
    line = int(mine[0].split(":")[1])
    row = text.splitlines()[line - 1]
    last = key.replace("]", "").replace("[", ".").split(".")
    named = [part for part in last if not part.isdigit()]
    assert named[-1] in row or last[-1].isdigit() or named[-1] in ("data", "missing", "patients"), row


def test_edges_that_leave_a_hypothesis():
    more = EDGE.replace("}]", '}, { from = "IGA-TS", to = "other", weight = 0.5 }]')
    third = '{ name = "other", endpoint = "IGA-TS", arm = "Active", comparator = "Vehicle" },\n]\nedges'
    text, _ = spoilt((EDGE, more), ("]\nedges", third))
    (fault,) = faults(text)
    assert "testing.edges[1] is too much; the edges that leave a hypothesis sum to at most 1" in fault


def test_a_circle_of_scenarios():
    text, _ = spoilt(('name = "expected"\n', 'name = "expected"\nlike = "null"\n'))
    assert len([fault for fault in faults(text) if "may not stand on itself" in fault]) == 2


def test_several_faults_at_once_in_the_order_of_the_file():
    """Faults of the schema and of the references come together."""
    text, _ = spoilt(
        ("size = 150", "size = 0"),
        ('visit = "Week 8"', 'visit = "Week8"'),
        ('role = "primary"', 'role = "main"'),
        ("block_sizes = [3, 6]", "block_sizes = [4]"),
        ('comparator = "Vehicle", weight = 1', 'comparator = "Vehicel", weight = 1'),
    )
    found = faults(text)
    keys = [fault.split(": ")[1].split(" is ")[0] for fault in found]
    assert keys == [
        "population.size",
        "randomisation.block_sizes[0]",
        "endpoints[0].role",
        "endpoints[0].visit",
        "testing.hypotheses[0].comparator",
    ]
    lines = [int(fault.split(":")[1]) for fault in found]
    assert lines == sorted(lines)
    for line, piece in zip(lines, ["size = 0", "[4]", "main", "Week8", "Vehicel"], strict=True):
        assert piece in text.splitlines()[line - 1]


def test_syntax():
    assert faults("[study]\nid = \n")[0].startswith("my.toml:2:6 is not TOML; invalid value")
    assert "my.toml:2" in faults('[study]\nid = "x')[0]


@pytest.mark.parametrize("data", [{}, {"study": 5}, {"arms": [1, {}]}, {"visits": {}, "endpoints": [{"derive": 1}]}])
def test_checks_never_stumble(data):
    assert isinstance(check(data), list)


def test_checks_never_stumble_over_a_part_of_another_type():
    """Every part of a study in turn made a number, a text, a list: faults, never an exception of another kind."""
    data = tomllib.loads(TEMPLATE)
    for key in data:
        for junk in (1, "x", [], [1], {}, {"x": 1}, None):
            assert isinstance(check(data | {key: junk}), list)


def places(value, path=()):
    yield from [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


PLACES = list(places(tomllib.loads(TEMPLATE)))
JUNK = st.sampled_from([[[1]], {"a": [1]}, 5, "x", float("nan"), -1, True, 1e308, [], None])


@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=4))
def test_any_value_at_any_place_gives_faults_or_a_study(edits):
    data = tomllib.loads(TEMPLATE)
    for path, junk in edits:
        part = data
        try:
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = copy.deepcopy(junk)  # a file holds no value twice
        except (TypeError, KeyError, IndexError):
            continue
    assert isinstance(check(data), list)


def test_a_continuous_endpoint():
    text, _ = spoilt(
        ('kind = "binary"\nvisit = "Week 8"', 'kind = "continuous"\nvisit = "Week 8"'), text=source_text("true-ad3")
    )
    found = faults(text)
    assert any("endpoints[0].derive.value_at_most is 1; a continuous endpoint has no conditions" in f for f in found)
    assert any('endpoints[0].intercurrent.missing is "non-response"' in f for f in found)
    assert any("endpoints[0].analysis.method" in f and "Use one of: t test, ancova, mmrm" in f for f in found)


def test_an_endpoint_at_a_visit_that_does_not_measure_it():
    text, _ = spoilt(('visits = ["Week 2", "Week 4"]', 'visits = ["Day 3"]'), text=source_text("true-ad3"))
    assert any("endpoints[0].visits[0]" in f and "IGA is not measured there" in f for f in faults(text))


def test_unknown_studies():
    with pytest.raises(UsageError, match="Did you mean 'true-ad3'"):
        load("true-ad33")
    with pytest.raises(UsageError, match="there is no study file"):
        load("no/such.toml")


def test_a_file_by_its_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEMPLATE.replace("\n", "\r\n").encode())
    assert load(path).id == "MY-TRIAL"
    path.write_bytes(b'[study]\nid = "\xff"\n')
    with pytest.raises(StudyError, match=r"mine\.toml:2 is not UTF-8"):
        load(path)


def test_the_data_set_of_a_real_trial_lies_beside_it(tmp_path):
    path = tmp_path / "mrc.toml"
    path.write_text(source_text("mrc-1948"), encoding="utf-8")
    with pytest.raises(StudyError, match=r"'strep_tb\.csv', which is not there"):
        load(path)


def test_a_latent_course_without_its_baseline_is_a_fault():
    from pivotal.study import template

    text = "\n".join(line for line in template().splitlines() if '{ variable = "BSA", mean' not in line)
    with pytest.raises(StudyError, match="latent course needs a row of"):
        read(text, "mine.toml")
