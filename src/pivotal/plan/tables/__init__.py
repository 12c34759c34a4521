"""Tables of a report as rows: `rows_of` finds the function for a table's kind.

Counting is done for all arms, categories and, where a frame has a column `REPLICATE`, all replicates at once.
"""

from pivotal.plan.tables import exposure, flags, liver, measurements, shifts
from pivotal.plan.tables.table import rows_of

__all__ = ["exposure", "flags", "liver", "measurements", "rows_of", "shifts"]
