"""Where the patients of a real trial come from, when its data are data sets as the field stores them (ADaM).

ADSL has a row a patient; a parameter's values are rows of a data set of the basic data structure. `where` is SQL, as
in recipes.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pivotal.study.base import Name, Part, Sourced
from pivotal.study.recipes import Expression

Dataset = Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[A-Z][A-Z0-9_]*$")]


class Origin(Part):
    """Where a parameter's values stand: a row a patient and visit; for a time to event a row a patient."""

    dataset: Dataset
    where: Expression | None = Field(default=None, description="which of its rows; PARAMCD is the parameter by default")
    value: Name = "AVAL"
    visit: Name = "AVISIT"
    censor: Name | None = Field(default=None, description="of a time to event: the column that is 0 where it came")

    def condition(self, parameter: str) -> str:
        """Which rows, as SQL."""
        return self.where if self.where is not None else f"PARAMCD = '{parameter}'"


class Disposition(Sourced):
    """How ADSL says who completed, and why the others left."""

    completed: Expression = Field(description="true of a row of ADSL whose patient completed")
    reason: Name = Field(description="the column with the reason of those who did not")
