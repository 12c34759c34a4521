"""The steps of a recipe, each a function of a frame: `apply` finds the one for a step's type.

A step does one thing that the field has a name for, to all rows at once, and knows nothing of the study. A frame with a
column `REPLICATE` holds many trials; a step that looks across rows of a patient looks within a replicate.
"""

from pivotal.derive.steps import dates, events, grades, made, rows, subject, values, visits
from pivotal.derive.steps.step import apply

__all__ = ["apply", "dates", "events", "grades", "made", "rows", "subject", "values", "visits"]
