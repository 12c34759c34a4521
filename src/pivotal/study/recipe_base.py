"""What all steps of a recipe share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

SHIPPED = {"shipped": True}
"""What a study of the package is validated with: its expressions were read when the package was tested."""


def readable(expression: str, info: ValidationInfo) -> str:
    """The expression itself, if it is one.

    Raises
    ------
    PydanticCustomError
        If it is no SQL expression over the columns of a row, with what the reader of SQL says.
    """
    if info.context == SHIPPED:
        return expression  # reading SQL loads a library that `pivotal show` needs for nothing else
    import polars as pl

    try:
        read = pl.sql_expr(expression)
    except pl.exceptions.PolarsError as error:
        raise PydanticCustomError("sql", "{why}", {"why": str(error).splitlines()[0]}) from None
    if ".subplan(" in str(read):
        raise PydanticCustomError("sql", "{why}", {"why": "it asks a query of its own"})
    return expression


Expression = Annotated[
    str,
    Field(min_length=1, max_length=2000, description="an SQL expression over a row's columns"),
    AfterValidator(readable),
]
