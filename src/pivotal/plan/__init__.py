"""The analysis plan made executable."""

from pivotal.plan.plan import Plan

__all__ = ["Plan"]
