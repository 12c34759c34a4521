"""Tables that ask how much an endpoint's conclusion hangs on what nobody saw."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pivotal.study.base import Name
from pivotal.study.table_base import EndpointTable

Deltas = Annotated[tuple[Annotated[float, Field(allow_inf_nan=False)], ...], Field(min_length=1, max_length=200)]
"""What is added to imputed values, in the parameter's unit."""


class TippingPoint(EndpointTable):
    """An endpoint's analysis with imputed values moved by one delta after another, and where the conclusion is lost.

    Deltas come on top of the imputation's own `delta`, so that those of 0 are the endpoint's own analysis. All are of
    the same imputations. Arms outside the pair keep what the imputation gives them.
    """

    kind: Literal["tipping point"]
    analysis: Name | None = Field(default=None, description="one of the endpoint's analyses; the main one by default")
    arm: Name | None = Field(default=None, description="the arm of the comparison; each but the comparator by default")
    comparator: Name | None = Field(default=None, description="control by default")
    deltas: Deltas = Field(description="added to imputed values of the arm, one after another: [0, 1, 2, 3]")
    comparator_deltas: Deltas = Field(default=(0.0,), description="likewise of the comparator; several make a grid")
