"""From what was recorded to what is analysed, written once for virtual and real patients."""

from pivotal.derive.endpoint import Derived, derive
from pivotal.derive.event import EventTime, days_observed, event_time
from pivotal.derive.factors import Factor, factor, in_set, levels

__all__ = ["Derived", "EventTime", "Factor", "days_observed", "derive", "event_time", "factor", "in_set", "levels"]
