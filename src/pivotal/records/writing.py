"""Writing one trial as data sets: ADSL, ADEFF and SCREEN, each as Parquet and CSV, and a README."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pivotal.records.datasets import adeff, adsl, mark
from pivotal.records.files import SUFFIXES
from pivotal.records.layout import ADEFF, ADSL, SCREEN
from pivotal.records.longterm import README as PERIODS
from pivotal.records.longterm import SETS, long_term_sets, with_sequence
from pivotal.records.screened import screen
from pivotal.study.model import Study
from pivotal.trials import Trials

SIMULATED = "SIMULATED: these patients are made up. No person stands behind any row (SIMFL = Y in every row)."
REAL = "Real patients (SIMFL = N in every row)."

README = """{head}

{study}: {title}

adsl       a row a patient: arm, baseline variables, stratification factors, how the patient left
adeff      a row a patient, parameter and visit: value, baseline, change
{periods}screening  screening counts, where they are known

Each is there as Parquet and as CSV (UTF-8) with the same numbers. A missing value is an empty field; in adeff a value
that is missing has no row. Pivotal reads Parquet where both are there, so that a corrected CSV needs its Parquet
removed. Its messages count the header of a CSV file as row 1; a Parquet file has no header.
"""


def write(study: Study, trials: Trials, directory: str | Path) -> list[Path]:
    """Write one trial's data sets into a folder, replacing those of an earlier one.

    Parameters
    ----------
    study
        The trial.
    trials
        Its patients, R = 1.
    directory
        Folder, made if it is not there.

    Returns
    -------
    list of pathlib.Path
        ``adsl``, ``adeff`` and, where there are, ``screening`` and those of the periods (`longterm`), each as Parquet
        and CSV, and ``README.txt``.

    Raises
    ------
    UsageError
        If the batch has more than one trial.

    Notes
    -----
    `read` gives back the same patients, bit for bit, from either format. Every file is written whole beside its place
    before the first is moved there.
    """
    folder = Path(directory)
    frames = {ADSL: with_sequence(adsl(study, trials), trials), ADEFF: adeff(study, trials)}
    frames |= long_term_sets(study, trials)
    if trials.screening is not None:
        frames[SCREEN] = screen(study, trials.screening, mark(trials))
    folder.mkdir(parents=True, exist_ok=True)
    with _beside(folder) as put:
        for name, frame in frames.items():
            put(f"{name.lower()}.parquet", frame.write_parquet)
            put(f"{name.lower()}.csv", frame.write_csv)
        put("README.txt", lambda path: _readme(study, trials, path))
    return [folder / f"{name.lower()}{suffix}" for name in frames for suffix in SUFFIXES] + [folder / "README.txt"]


def _readme(study: Study, trials: Trials, path: Path) -> None:
    head = SIMULATED if trials.virtual else REAL
    periods = PERIODS if trials.longterm is not None else ""
    text = README.format(head=head, study=study.id, title=study.study.title, periods=periods)
    path.write_text(text, encoding="utf-8")


Put = Callable[[str, Callable[[Path], object]], None]


@contextmanager
def _beside(folder: Path) -> Iterator[Put]:
    """Files written under other names beside their places and moved there together at the end, or not at all."""
    waiting: dict[Path, Path] = {}

    def put(name: str, writer: Callable[[Path], object]) -> None:
        part = folder / f".{name}.{os.getpid()}.part"
        waiting[part] = folder / name
        writer(part)

    try:
        yield put
        _clear(folder)
        for part, place in waiting.items():
            part.replace(place)
    finally:
        for part in waiting:
            part.unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Screening counts and periods of an earlier trial must not stand beside this one's patients."""
    for name in (SCREEN, *SETS):
        for suffix in SUFFIXES:
            (folder / f"{name.lower()}{suffix}").unlink(missing_ok=True)
