"""Time to an event, censored where there was none."""

from __future__ import annotations

import polars as pl

from pivotal.derive.steps.step import apply
from pivotal.records.dataset import Library
from pivotal.study.recipe_subject import TimeToEvent


@apply.register
def time_to_event(step: TimeToEvent, frame: pl.DataFrame, known: Library) -> pl.DataFrame:
    """Date and time of the event or of censoring; 0 for an event, 1 for a censored time."""
    happened = pl.col(step.event).is_not_null()
    date = pl.when(happened).then(pl.col(step.event)).otherwise(pl.col(step.censor))
    texts = [
        pl.when(happened).then(pl.lit(event)).otherwise(pl.lit(censored)).alias(name)
        for name, (event, censored) in step.texts.items()
    ]
    return frame.with_columns(date.alias(step.date)).with_columns(
        ((pl.col(step.date) - pl.col(step.start)).dt.total_days() + 1).alias(step.time),
        pl.when(happened).then(0.0).otherwise(1.0).alias(step.censored),
        *texts,
    )
