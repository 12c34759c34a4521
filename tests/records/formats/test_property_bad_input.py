"""What is broken is refused with a place, and never a traceback of something else."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
import zlib
from io import BytesIO

import polars as pl
import pytest

from pivotal.errors import DataError, UsageError
from pivotal.records.dataset import Column, dataset
from pivotal.records.formats import archives, budget, read_dataset, read_library, write_dataset

FRAME = pl.DataFrame({"USUBJID": ["01-701-1015", "01-701-1023", "Žofie"], "AGE": [63.0, 64.0, None]})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def faults(read, *args, **options):
    with pytest.raises(DataError) as caught:
        read(*args, **options)
    return [str(fault) for fault in caught.value.faults]


def written(folder, name, **options):
    write_dataset(dataset("DM", FRAME), folder / name, **options)
    return folder / name


@pytest.mark.parametrize("version", [5, 8])
@pytest.mark.parametrize("cut", [0, 1, 79, 80, 240, 320, 560, 700, 960, 1000])
def test_a_transport_file_that_is_cut_off(folder, version, cut):
    path = written(folder, "dm.xpt", version=version)
    path.write_bytes(path.read_bytes()[:cut])
    assert len(faults(read_dataset, path)) == 1


def test_a_transport_file_that_ends_within_a_row(folder):
    wide = dataset("DM", pl.DataFrame({"A": ["x" * 150] * 4, "B": [1.0, 2.0, 3.0, 4.0]}))
    write_dataset(wide, folder / "dm.xpt")
    whole = (folder / "dm.xpt").read_bytes()
    (folder / "dm.xpt").write_bytes(whole[:-160])
    assert "cut off within row 4" in faults(read_dataset, folder / "dm.xpt")[0]
    write_dataset(wide, folder / "dm.xpt", version=8)
    whole = (folder / "dm.xpt").read_bytes()
    (folder / "dm.xpt").write_bytes(whole[:-240])
    assert "its header says 4" in faults(read_dataset, folder / "dm.xpt")[0]


def test_what_follows_a_transport_file(folder):
    path = written(folder, "dm.xpt")
    path.write_bytes(path.read_bytes() + b"garbage")
    assert "not a multiple of 80" in faults(read_dataset, path)[0]


def test_variables_that_overlap_and_names_that_stand_twice(folder):
    path = written(folder, "dm.xpt")
    broken = bytearray(path.read_bytes())
    broken[640 + 140 + 84 : 640 + 140 + 88] = struct.pack(">l", 5)
    path.write_bytes(broken)
    assert "byte 5 of a row" in faults(read_dataset, path)[0]
    path.write_bytes(written(folder, "x.xpt").read_bytes().replace(b"AGE     ", b"USUBJID "))
    assert "there 2 times" in faults(read_dataset, path)[0]


def test_a_number_that_is_blank_and_a_date_that_is_none(folder):
    dates = pl.DataFrame({"D": [1.0, 2.5, 9e9]})
    columns = (Column(name="D", type="float", format="DATE9."),)
    write_dataset(dataset("DM", dates).__class__(name="DM", frame=dates, columns=columns), folder / "dm.xpt")
    found = faults(read_dataset, folder / "dm.xpt")
    assert [text.split(" is ")[0].split("dm.xpt ")[1] for text in found] == ["row 2: D", "row 3: D"]
    path = written(folder, "age.xpt")
    path.write_bytes(path.read_bytes().replace(struct.pack(">Q", 0x423F000000000000), b" " * 8))
    assert "row 1: AGE is blank bytes" in faults(read_dataset, path)[0]


def test_two_encodings_in_one_transport_file(folder):
    frame = pl.DataFrame({"SITE": ["Zürich", "Genf", "Orléans"], "N": [1.0, 2.0, 3.0]})
    write_dataset(dataset("DM", frame), folder / "dm.xpt")
    path = folder / "dm.xpt"
    path.write_bytes(path.read_bytes().replace("Orléans".encode(), "Orléans".encode("cp1252") + b" "))
    found = faults(read_dataset, path)
    assert len(found) == 1
    assert "row 3: SITE is 'Orl\\xe9ans', which is not utf-8; in windows-1252 it would be 'Orléans'" in found[0]
    assert read_dataset(path, encoding="latin-1").frame["SITE"][2] == "Orléans"


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
def test_encodings_are_found(folder, encoding):
    frame = pl.DataFrame({"SITE": ["Zürich", "Genf – 1", "“Orléans”"]})
    write_dataset(dataset("DM", frame), folder / "dm.xpt", encoding=encoding)
    read = read_dataset(folder / "dm.xpt")
    assert read.frame.equals(frame)
    assert read.more["encoding"] == encoding
    (folder / "dm.csv").write_bytes(frame.write_csv().encode(encoding))
    assert read_dataset(folder / "dm.csv").frame.equals(frame)


def test_two_encodings_in_one_csv_file(folder):
    (folder / "dm.csv").write_bytes(b"A,SITE\n1,Z\xc3\xbcrich\n2,Orl\xe9ans\n")
    assert "row 3: SITE is 'Orl\\xe9ans'" in faults(read_dataset, folder / "dm.csv")[0]


def test_an_unknown_encoding(folder):
    with pytest.raises(UsageError, match="klingon"):
        read_dataset(written(folder, "dm.xpt"), encoding="klingon")


@pytest.mark.parametrize("cut", [1, 40, 300, -3])
def test_json_that_ends_in_the_middle(folder, cut):
    path = written(folder, "dm.json")
    path.write_bytes(path.read_bytes()[:cut])
    assert "at its end in the middle" in faults(read_dataset, path)[0]


def test_lines_of_json_that_are_broken(folder):
    path = written(folder, "dm.ndjson")
    lines = path.read_text().splitlines()
    lines[1] = lines[1][:-3]
    lines[3] = "[oops]"
    path.write_text("\n".join(lines))
    found = faults(read_dataset, path)
    assert ["line 2 is" in found[0], "line 4 is" in found[1]] == [True, True]
    path.write_text("\n".join(written(folder, "x.ndjson").read_text().splitlines()[:-1]))
    assert "records is 3, and the file has 2 rows" in faults(read_dataset, path)[0]


def changed(folder, **changes):
    content = json.loads(written(folder, "dm.json").read_text())
    (folder / "dm.json").write_text(json.dumps(content | changes))
    return folder / "dm.json"


def test_rows_of_another_width_and_values_of_another_type(folder):
    found = faults(read_dataset, changed(folder, rows=[["a", 1], ["b"], ["c", 2, 3]], records=3))
    assert ["row 2 is made of 1 values" in found[0], "row 3 is made of 3 values" in found[1]] == [True, True]
    found = faults(read_dataset, changed(folder, rows=[[1, 1], ["b", "x"], ["c", 2]]))
    assert ["row 1: USUBJID is 1" in found[0], "row 2: AGE is 'x'" in found[1]] == [True, True]


def test_metadata_that_are_wrong(folder):
    column = {"itemOID": "X", "name": "A", "label": "", "dataType": "string"}
    found = faults(read_dataset, changed(folder, columns=[column, column | {"name": "a"}], rows=[]))
    assert "column A is there 2 times" in found[0]
    found = faults(read_dataset, changed(folder, columns=[column | {"dataType": "blob"}], name=3))
    assert len(found) == 2
    assert "NaN" in faults(read_dataset, changed(folder, rows=[["a", float("nan")]]))[0]


def test_partial_dates_in_a_column_of_dates(folder):
    column = {"itemOID": "X", "name": "ADT", "label": "", "dataType": "date", "targetDataType": "integer"}
    rows = [["2013-01-31"], ["2013-02"], ["2013-02-30"], [None]]
    found = faults(read_dataset, changed(folder, columns=[column], rows=rows))
    assert ["row 2: ADT is '2013-02'" in found[0], "row 3: ADT" in found[1], len(found)] == [True, True, 2]
    text = column | {"targetDataType": None}
    assert read_dataset(changed(folder, columns=[text], rows=rows)).frame["ADT"].dtype == pl.String


def test_csv_of_another_width_with_names_twice_or_other_types(folder):
    (folder / "dm.csv").write_text("A,B\n1,2\n3\n4,5,6\n")
    assert len(faults(read_dataset, folder / "dm.csv")) == 2
    (folder / "dm.csv").write_text("A,a,\n1,2,3\n")
    assert len(faults(read_dataset, folder / "dm.csv")) == 2
    (folder / "dm.csv").write_text("A\n1\nx\n")
    found = faults(read_dataset, folder / "dm.csv", columns=[Column(name="A", type="integer")])
    assert "row 3: A is 'x'" in found[0]


def test_na_is_a_text_unless_the_caller_says_otherwise(folder):
    (folder / "dm.csv").write_text("COUNTRY,N\nNA,1\nCH,NA\n,007\n")
    assert read_dataset(folder / "dm.csv").frame.rows() == [("NA", "1"), ("CH", "NA"), (None, "007")]
    assert read_library(folder, missing=["NA"])["DM"].frame.rows() == [(None, "1"), ("CH", None), (None, "007")]


@pytest.mark.parametrize("suffix", ["xpt", "json", "ndjson", "dsjc", "parquet", "csv", "csv.gz", "zip"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe nothing of the kind", b"PK\x03\x04half"])
def test_files_of_something_else(folder, suffix, content):
    (folder / f"dm.{suffix}").write_bytes(content)
    if (suffix, content[:1]) not in (("csv", b"\x00"), ("csv", b"P")):
        assert faults(read_library, folder)
    assert [p.name for p in folder.iterdir()] == [f"dm.{suffix}"]


def test_two_files_of_one_data_set_and_a_folder_of_none(folder):
    written(folder, "dm.xpt")
    written(folder, "dm.json")
    found = faults(read_library, folder)
    assert "dm.json" in found[0]
    assert "dm.xpt" in found[0]
    (folder / "dm.xpt").unlink()
    (folder / "dm.json").rename(folder / "dm.sas7bdat")
    assert "dm.sas7bdat" in faults(read_library, folder)[0]
    assert "unknown kind" in faults(read_dataset, folder / "dm.sas7bdat")[0]
    assert "missing" in faults(read_library, folder / "none")[0]


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_paths_that_climb_out_and_links(folder, tmp_path):
    data = written(tmp_path, "dm.xpt").read_bytes()
    link = zipfile.ZipInfo("link.xpt")
    link.external_attr = 0o120777 << 16
    zipped(folder / "a.zip", {"../dm.xpt": data, "/etc/dm.xpt": data, "C:\\dm.xpt": data, link: "/etc/passwd"})
    assert len(faults(read_library, folder)) == 4
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dm.xpt", "in"]


def test_a_zip_in_a_zip_is_read_and_no_deeper(folder, tmp_path):
    data = written(tmp_path, "dm.xpt").read_bytes()
    inner = zipped(BytesIO(), {"dm.xpt": data}).getvalue()
    zipped(folder / "a.zip", {"b.zip": inner, "readme.txt": "x"})
    assert read_library(folder)["DM"].source.endswith("a.zip:b.zip:dm.xpt")
    assert read_library(folder / "a.zip")["DM"].frame.height == 3
    zipped(folder / "a.zip", {"c.zip": zipped(BytesIO(), {"b.zip": inner}).getvalue()})
    assert "archive within" in faults(read_library, folder)[0]


def test_bombs_go_off_while_they_are_unpacked(folder, monkeypatch):
    monkeypatch.setattr(budget, "FREE", 2**20)
    taken = []
    monkeypatch.setattr(budget.Budget, "take", lambda self, size: taken.append(size))
    zipped(folder / "a.zip", {"dm.xpt": bytes(64 * 2**20)})
    assert "times its size" in faults(read_library, folder)[0]
    (folder / "a.zip").unlink()
    for name, content in {"a.dsjc": zlib.compress(bytes(64 * 2**20)), "a.csv.gz": gzip.compress(bytes(2**26))}.items():
        (folder / name).write_bytes(content)
        assert "times its size" in faults(read_library, folder)[0]
        (folder / name).unlink()
    assert sum(taken) < 3 * 20 * 2**20


def test_a_library_has_a_largest_size_and_number_of_files(folder, monkeypatch):
    zipped(folder / "a.zip", {f"{n}.csv": "A\n1\n" for n in range(8)})
    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    assert "more than 5 files" in faults(read_library, folder)[0]
    monkeypatch.setattr(archives, "MAX_MEMBERS", 50)
    monkeypatch.setattr(budget.Budget, "__init__", lambda self: setattr(self, "left", 20))
    assert "larger than" in faults(read_library, folder)[0]


def test_a_compressed_file_that_is_cut_off_or_has_a_tail(folder):
    path = written(folder, "dm.dsjc")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert "cut off" in faults(read_dataset, path)[0]
    path.write_bytes(whole + b"tail")
    assert "do not belong" in faults(read_dataset, path)[0]
    path.write_bytes(gzip.compress(zlib.decompress(whole)))
    assert read_dataset(path).frame.equals(FRAME)
