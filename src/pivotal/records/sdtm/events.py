"""AE: the adverse events of both periods."""

from __future__ import annotations

import numpy as np
import polars as pl

from pivotal.records.define.describing import Description, Field
from pivotal.records.sdtm.drawn import Drawn, iso
from pivotal.records.sdtm.people import DAY, DOMAIN, EPOCH, STUDY, SUBJECT, collected, sequence
from pivotal.trials.longterm import SEVERITIES

AE = Description(
    name="AE",
    label="Adverse Events",
    structure="One record per adverse event per subject",
    class_="EVENTS",
    keys=("STUDYID", "USUBJID", "AESTDTC", "AESEQ"),
    fields=(
        STUDY,
        DOMAIN,
        SUBJECT,
        sequence("AE"),
        collected("AETERM", "Reported Term for the Adverse Event", "Topic"),
        Field(name="AEDECOD", label="Dictionary-Derived Term", role="Synonym Qualifier"),
        Field(name="AEBODSYS", label="Body System or Organ Class", role="Record Qualifier"),
        Field(name="AESEV", label="Severity/Intensity", role="Record Qualifier", origin="Collected",
              source="Investigator", codelist="own"),
        Field(name="AESER", label="Serious Event", role="Record Qualifier", origin="Collected", source="Investigator",
              codelist="NY"),
        EPOCH,
        collected("AESTDTC", "Start Date/Time of Adverse Event", "Timing", date=True),
        collected("AEENDTC", "End Date/Time of Adverse Event", "Timing", date=True),
        Field(name="AESTDY", label="Study Day of Start of Adverse Event", role="Timing", origin="Derived", method=DAY),
        Field(name="AEENDY", label="Study Day of End of Adverse Event", role="Timing", origin="Derived", method=DAY),
    ),
    comment="AEENDTC is missing where the event was not over at the end of the period. Terms are as posted: AETERM is "
    "AEDECOD, and no words of patients are drawn.",
)  # fmt: skip


def ae(drawn: Drawn) -> pl.DataFrame | None:
    """A row an adverse event; None where none are drawn."""
    later = drawn.trials.longterm
    if later is None:
        return None
    rows = later.events
    systems, terms = (pl.Series(names, dtype=pl.String) for names in zip(*later.terms, strict=True))
    term = pl.Series(rows.term.astype(np.int64))
    ongoing = pl.Series(rows.end < 0)
    epochs = np.array([drawn.period_epoch(name) for name in later.periods], dtype=object)
    made = drawn.rows("AE", rows.subject, {
        "AETERM": terms.gather(term), "AEDECOD": terms.gather(term),
        "AEBODSYS": systems.gather(term), "AESEV": np.array(SEVERITIES, dtype=object)[rows.severity].tolist(),
        "AESER": np.where(rows.serious, "Y", "N"), "EPOCH": epochs[rows.period - 1].tolist(),
        "AESTDTC": iso(drawn.on(rows.start, rows.subject)),
        "AEENDTC": iso(drawn.on(rows.end, rows.subject)).set(ongoing, None),
        "AESTDY": rows.start.astype(np.int64),
        "AEENDY": pl.Series(rows.end.astype(np.int64)).set(ongoing, None),
    })  # fmt: skip
    made = made.sort("who", "AESTDY", maintain_order=True)
    return made.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("who").alias("AESEQ"))
