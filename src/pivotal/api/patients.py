"""Single patients of a trial, and their pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pivotal.api.common import folder_of, loaded
from pivotal.errors import UsageError
from pivotal.files import whole
from pivotal.study import Study

if TYPE_CHECKING:
    from pivotal.records.patient import Profile


def profiles(
    study: Study | str, data: Path | str | None, patients: Sequence[str] = (), *, where: str | None = None
) -> list[Profile]:
    """What a trial's data say of single patients: who, treatments, events, what was measured.

    Parameters
    ----------
    study
        A study, or the name or path of one.
    data
        As in `analyse`.
    patients
        USUBJID of each, or SUBJID where only one patient has it.
    where
        Further patients: those of whom an SQL condition is true, in ADSL or in another data set (``AESER = 'Y'``).

    Returns
    -------
    list of Profile
        A patient each, in the order asked for.

    Raises
    ------
    UsageError
        If no patient is asked for, or one is not there: with the nearest identifiers.
    DataError
        If the data are wrong.
    """
    from pivotal.derive.given import trial_library
    from pivotal.derive.profile import patients_where, profile, sure_of

    if not patients and where is None:
        raise UsageError("no patient is asked for. Name one by --patient, or say which by --where \"AESER = 'Y'\".")
    beside = folder_of(study)
    study = loaded(study)
    library = trial_library(study, Path(data) if data is not None else None, beside)
    chosen = sure_of(library, patients) + (patients_where(library, where) if where is not None else [])
    return [profile(study, library, patient) for patient in dict.fromkeys(chosen)]


def write_profiles(made: Sequence[Profile], folder: Path, *, asked: str = "") -> list[Path]:
    """Write a page a patient and `index.html` into a folder; all of them or none.

    Parameters
    ----------
    made
        Patients, from `profiles`.
    folder
        Where to.
    asked
        Words of the index that say who these patients are.

    Returns
    -------
    list of Path
        The index, then the pages.
    """
    from pivotal.report.profile import entry_of, index_page, profile_page

    names = [f"{one.patient.replace('/', '_')}.html" for one in made]
    with whole(folder) as place:
        for one, name in zip(made, names, strict=True):
            (place / name).write_text(profile_page(one), encoding="utf-8")
        entries = [entry_of(one, name) for one, name in zip(made, names, strict=True)]
        simulated = any(one.simulated for one in made)
        text = index_page(made[0].study, entries, simulated=simulated, asked=asked)
        (place / "index.html").write_text(text, encoding="utf-8")
    return [folder / "index.html", *(folder / name for name in names)]
