"""Tables of a report as rows: `rows_of` finds the function for a table's kind.

Counting is done for all arms, categories and, where a frame has a column `REPLICATE`, all replicates at once.
"""

from pivotal.plan.tables import characteristics, endpoint, flags, model, signals, survival
from pivotal.plan.tables.endpoint import endpoint_rows
from pivotal.plan.tables.table import rows_of, table_rows

__all__ = [
    "characteristics", "endpoint", "endpoint_rows", "flags", "model", "rows_of", "signals", "survival", "table_rows",
]  # fmt: skip
