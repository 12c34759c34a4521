"""What all steps of a recipe share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Expression = Annotated[str, Field(min_length=1, max_length=2000, description="an SQL expression over a row's columns")]
