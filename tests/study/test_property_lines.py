"""The locator finds every key that `tomllib` finds, on its line."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pivotal.study import shipped, source_text, template
from pivotal.study.lines import line_of, locate, spell


def paths(value, path=()):
    yield from [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths(child, (*path, key))


@pytest.mark.parametrize("text", [*map(source_text, shipped()), template()], ids=[*shipped(), "template"])
def test_every_key_is_found(text):
    found = locate(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    rows = text.splitlines()
    for path, line in found.items():
        key = next(part for part in reversed(path) if isinstance(part, str))
        assert 1 <= line <= len(rows)
        if isinstance(path[-1], str):
            assert key in rows[line - 1], (spell(path), line)


KEYS = st.text("abcXYZ_-09", min_size=1, max_size=4) | st.sampled_from(["a b", "ä.ö", "#", "[", '"', "'"])
TEXTS = st.text("ab #=[]{}\",'\n\\", max_size=8)
SCALARS = st.integers(-9, 9) | st.booleans() | TEXTS | st.sampled_from([1.5, -2.0])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)
FILES = st.tuples(TABLES, st.lists(st.tuples(KEYS, st.booleans(), TABLES), max_size=4))


def written(value, data):
    """A value as TOML, its lists now and then over several lines."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {written(v, data)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        between = data.draw(st.sampled_from([", ", ",\n  ", ", # a note, with ] in it\n"]))
        return "[" + between.join(written(v, data) for v in value) + "]"
    if isinstance(value, str) and "'''" not in value and not value.endswith("'") and data.draw(st.booleans()):
        return f"'''\n{value}'''"
    return json.dumps(value)


@given(FILES, st.data())
def test_any_file(file, data):
    """Files of top-level keys, tables and arrays of tables, each key on the line where it was written."""
    top, parts = file
    lines, expected = [], {}

    def put(table, path):
        for key, value in table.items():
            expected[(*path, key)] = len("\n".join(lines).split("\n")) + 1 if lines else 1
            lines.append(f"{json.dumps(key)} = {written(value, data)}")

    put(top, ())
    many, used = {}, set(top)
    for name, array, table in parts:
        if name in used or (name in many and not array):
            continue
        if array:
            path = (name, many.setdefault(name, 0))
            many[name] += 1
        else:
            path = (name,)
            used.add(name)
        lines.append(f"[[{json.dumps(name)}]]" if array else f"[{json.dumps(name)}]")
        if not array and name in many:
            lines.pop()
            continue
        expected[path] = len("\n".join(lines).split("\n"))
        put(table, path)
        used |= set() if array else {name}
    text = "\n".join(lines) + "\n"
    found = locate(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    assert {path: found[path] for path in expected} == expected


def test_the_nearest_line_there_is():
    lines = locate('[a]\nb = [\n  { c = 1 },\n  { d.e = "x" },\n]\n')
    assert lines[("a", "b", 1, "d", "e")] == 4
    assert line_of(lines, ("a", "b", 0, "missing")) == 3
    assert line_of(lines, ("nowhere",)) is None


def test_a_path_is_spelt_as_in_the_file():
    assert spell(("arms", 1, "ratio")) == "arms[1].ratio"
    assert spell(("study", "facts", "prior treatment")) == 'study.facts."prior treatment"'
