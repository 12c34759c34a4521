"""From what was recorded to what is analysed, written once for virtual and real patients."""

from pivotal.derive.endpoint import Derived, derive
from pivotal.derive.factors import Factor, factor, in_set, levels

__all__ = ["Derived", "Factor", "derive", "factor", "in_set", "levels"]
