"""The analysis plan made executable."""

from pivotal.plan.plan import Plan
from pivotal.plan.published import recompute

__all__ = ["Plan", "recompute"]
