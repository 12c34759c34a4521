"""What a wrong step or table of a study file is told: its line, its key, and what its kind allows."""

import pytest

from pivotal.errors import StudyError
from pivotal.study import read
from pivotal.study.load import library_path

TEXT = library_path("cdisc-pilot-01").read_text(encoding="utf-8")
KEEP = '''step = "keep", where = "ARMCD <> 'Scrnfail'"'''
WRONG = [
    (KEEP, KEEP.replace("where", "wher"), "datasets[0].steps[0].wher", "not a known key", "Did you mean 'where'?"),
    (KEEP, KEEP.replace('"keep"', '"kep"'), "datasets[0].steps[0].step", "one of the kinds known", "'keep'?"),
    (KEEP, KEEP.replace("step =", "stop ="), "datasets[0].steps[0].step", "missing", "Add step."),
    (KEEP, KEEP.replace("<> 'Scrnfail'", "<"), "datasets[0].steps[0].where", "an expression of ADSL is SQL", "Mend it"),
    (KEEP, KEEP.replace("Scrnfail'", "Scrnfail"), "datasets[0].steps[0].where", "Unterminated string", "quotes"),
    (KEEP, KEEP.replace("ARMCD <>", "(SELECT 1) <>"), "datasets[0].steps[0].where", "a query of its own", ""),
    ('by = "sum"', 'by = "summ"', "columns.MMSETOT.by", "by is one of 'sum'", "Did you mean 'sum'?"),
    ('of = "QSSTRESN"', 'of = "FOO(QSSTRESN)"', "columns.MMSETOT.of", "unsupported function 'foo'", ""),
    ('step = "windows", ', 'step = "windows", dya = "ADY", ', "steps[10].dya", "not a known key", "'day'?"),
    ('kind = "shift"', 'kind = "shft"', "].kind", "one of the kinds known", "Did you mean 'shift'?"),
    ("[[tables]]\n", '[[tables]]\nwhere = "AGE ="\n', "tables[0].where", "an expression of 14-1.01 is SQL", ""),
    ("[[tables]]\n", '[[tables]]\nwher = "AGE"\n', "tables[0].wher", "not a known key", "Did you mean 'where'?"),
    ('shows = "categories"', 'shows = "categorys"', "variables[", "one of the kinds known", "'categories'?"),
    ("from = { dataset", "from = { datset", "parameters[0].from.datset", "not a known key", "Did you mean 'dataset'?"),
]


def faults(text):
    with pytest.raises(StudyError) as caught:
        read(text, "my.toml")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(("old", "new", "key", "words", "mend"), WRONG, ids=[f"{w[2]} {w[3]}" for w in WRONG])
def test_a_fault_follows_the_kind_to_its_key(old, new, key, words, mend):
    assert old in TEXT
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    told = faults(TEXT.replace(old, new, 1))
    mine = [fault for fault in told if key in fault and words in fault]
    assert mine, told
    assert int(mine[0].split(":")[1]) in range(line, line + 3)
    assert mend in mine[0]


def test_all_expressions_at_once():
    told = faults(TEXT.replace("IS NOT NULL", "IS NOT NUL"))
    assert len(told) > 5
    assert all(" is SQL over the columns of a row" in fault for fault in told)
