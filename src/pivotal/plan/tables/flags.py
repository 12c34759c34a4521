"""How many patients have each of some flags."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pivotal.plan.rows import row
from pivotal.plan.tables.people import People
from pivotal.plan.tables.table import TOTAL, key, rows_of, subjects
from pivotal.records.dataset import Library
from pivotal.study.model import Study
from pivotal.study.tables import Flags
from pivotal.trials import Row


@rows_of.register
def flags(table: Flags, study: Study, data: Library) -> Iterator[Row]:
    """For each flag and column: `n`, `N`, `rate`."""
    people = People.of(subjects(table, data))
    arm = people.arms(table, study)
    columns = {each.name: arm == a for a, each in enumerate(study.arms)}
    if table.total:
        columns[TOTAL] = arm >= 0
    for flag, words in table.flags.items():
        flagged = people.holds(f"\"{flag}\" = 'Y'" if flag in people.frame.columns else flag)
        for column, there in columns.items():
            n, total = (flagged & there).sum(axis=1), there.sum(axis=1)
            rate = np.divide(n, total, out=np.full(total.shape, np.nan), where=total > 0)
            for statistic, value in (("n", n), ("N", total), ("rate", rate)):
                yield row(key(table, statistic=statistic, arm=column, groups=(("flag", words),)), value)
