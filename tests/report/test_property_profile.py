"""A patient's page: what it says, what it leaves out, that it is whole and loads nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from pivotal import api
from pivotal.cli import app
from pivotal.derive.profile import profile
from pivotal.records import write
from pivotal.records.patient import Event, Profile, Treatment, Visit
from pivotal.report.profile import entry_of, index_page, profile_page
from pivotal.report.study_days import DayAxis
from pivotal.report.swimmer import NARROW, WIDE, swimmer
from pivotal.study import load
from profile_made import BARE, DEAD, FULL, library

STUDY = load("mrc-1948")
EMPTY = Profile(patient="P-1", study="S", title="T", who=())


def page_of(patient: str) -> str:
    return profile_page(profile(STUDY, library(), patient))


def rects(drawing) -> list[dict[str, str]]:
    tree = ElementTree.fromstring(str(drawing.svg))
    return [dict(one.attrib) for one in tree.iter("{http://www.w3.org/2000/svg}rect")]


class Balanced(HTMLParser):
    VOID = frozenset({"meta", "br", "img", "hr", "input", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("patient", [FULL, DEAD, BARE])
def test_the_page_is_whole_and_loads_nothing(patient):
    text = page_of(patient)
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert not re.findall(r'(?:src|href)="(?!#)', text)
    assert 'http-equiv="Content-Security-Policy"' in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_the_same_patient_gives_the_same_text():
    assert page_of(FULL) == page_of(FULL)


def test_what_a_page_says():
    text = page_of(FULL)
    said = (
        "S-001", "63 years", "Discontinued: adverse event (day 42)", "Rash on arms", "<strong>Serious</strong>",
        "6, goes on", "19 to ?", "? to 14", "15: 50 H; 29: 90 H", "Day 1 is 2014-01-02", "Eczema*",
    )  # fmt: skip
    for words in said:
        assert words in text
    assert "SIMULATED" not in text
    assert "Not recorded for any event: relation, action taken." in text


def test_a_fatal_event_that_is_not_serious_is_pointed_out():
    event = Event(term="Stroke", start=1, end=2, fatal=True, serious=False)
    assert "Recorded as fatal and yet as not serious: Stroke." in profile_page(replace(EMPTY, events=(event,)))
    assert "yet as not serious" not in page_of(DEAD)


def test_what_a_page_leaves_out_is_said():
    text = profile_page(profile(STUDY, library(ADAE=False, EX=False, ADLB=False), BARE))
    assert "Left out, as the data do not hold it: adverse events (no ADAE or AE)" in text
    assert "<table" not in text
    assert "Time line" not in text


def test_names_are_escaped():
    text = profile_page(replace(EMPTY, events=(Event(term="<b>Rash</b>", start=1, end=2),), who=(("A", "<i>"),)))
    assert "<b>" not in text
    assert "<i>" not in text


@pytest.mark.parametrize("narrow", [False, True])
def test_bars_lie_inside_and_last_as_long_as_the_event(narrow):
    made = replace(
        EMPTY,
        treatments=(Treatment("Drug", 1, 100),),
        events=(Event(term="A", start=11, end=20, severity="Mild"), Event(term="B", start=21, end=60, severity="Mild")),
    )
    width = NARROW if narrow else WIDE
    drug, short, long = (one for one in rects(swimmer(made, narrow=narrow)) if float(one["width"]) != 18)
    for one in (drug, short, long):
        assert float(one["x"]) >= 0
        assert float(one["x"]) + float(one["width"]) <= width
    assert float(long["width"]) / float(short["width"]) == pytest.approx(4, rel=0.02)
    assert float(drug["width"]) / float(long["width"]) == pytest.approx(2.5, rel=0.02)
    assert float(short["x"]) + float(short["width"]) == pytest.approx(float(long["x"]), abs=0.2)


def test_the_axis_has_no_day_0():
    axis = DayAxis.of(replace(EMPTY, visits=(Visit("a", -2), Visit("b", 3))), 0.0, 50.0)
    assert [axis.x(day) for day in (-2, -1, 1, 2, 3)] == [0, 10, 20, 30, 40]
    assert axis.x(3, through=True) == 50
    assert axis.x(-400) == 0
    assert 0 not in axis.ticks(10)


def test_events_of_a_term_that_overlap_have_lanes_of_their_own():
    text = str(swimmer(profile(STUDY, library(), FULL)).svg)
    assert len(re.findall(r">Rash</text>", text)) == 2
    apart = replace(EMPTY, events=(Event(term="Rash", start=1, end=2), Event(term="Rash", start=5, end=6)))
    assert len(re.findall(r">Rash</text>", str(swimmer(apart).svg))) == 1


def test_the_legend_has_only_what_occurs():
    text = str(swimmer(profile(STUDY, library(), FULL)).svg)
    assert all(
        f">{words}</text>" in text for words in ("Mild", "Moderate", "Severe", "goes on", "day not known", "serious")
    )
    assert ">led to death</text>" not in text
    assert ">led to death</text>" in str(swimmer(profile(STUDY, library(), DEAD)).svg)


def test_many_events_print_smaller():
    def reduced(many: int) -> float:
        events = tuple(Event(term=f"Event {n}", start=n + 1, end=n + 2) for n in range(many))
        found = re.search(r"zoom: ([\d.]+)", profile_page(replace(EMPTY, events=events)))
        assert found is not None
        return float(found.group(1))

    assert reduced(3) == 1
    small, smaller = reduced(40), reduced(60)
    assert 0.5 <= smaller < small < 1


def test_the_index():
    one = profile(STUDY, library(), FULL)
    text = index_page("S", [entry_of(one, "S-001.html")], simulated=False, asked="Those with AESER = 'Y'.")
    assert '<a href="S-001.html">S-001</a>' in text
    assert "6 events" in text
    assert "1 serious" in text


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write(load("true-ad3"), api.draw("true-ad3", seed=3), folder)
    return folder


def test_virtual_patients_are_marked(drawn, tmp_path):
    out = tmp_path / "one.html"
    done = CliRunner().invoke(
        app, ["profile", "true-ad3", "--data", str(drawn), "--patient", "SIM-0001", "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert "SIMULATED: Wrote" in done.output
    text = out.read_text(encoding="utf-8")
    assert "SIMULATED patient" in text
    assert "<strong>SIMULATED</strong>" in text
    assert "A virtual patient. Nobody was treated." in text


def test_several_patients_are_a_folder(drawn, tmp_path):
    asked = ["profile", "true-ad3", "--data", str(drawn), "--where", "EOSSTT = 'DISCONTINUED' AND AGE < 5"]
    done = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "pages")])
    assert done.exit_code == 0, done.output
    pages = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert "index.html" in pages
    index = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert sorted(re.findall(r'<a href="([^"]+)"', index)) == [name for name in pages if name != "index.html"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--patient", "SIM-9999"], "The nearest are TRuE-AD3-SIM-"), ([], "no patient is asked for")],
)
def test_wrong_usage(drawn, arguments, words):
    done = CliRunner().invoke(app, ["profile", "true-ad3", "--data", str(drawn), *arguments])
    assert words in str(done.exception)
