"""One patient's record, gathered from a trial's data sets."""

from pivotal.derive.profile.gather import profile
from pivotal.derive.profile.patients import patients_where, sure_of

__all__ = ["patients_where", "profile", "sure_of"]
