"""Virtual patients after the blinded weeks: treatment sequences, course, treatment as needed, events."""

from pivotal.cohort.longterm.follow import follow, followings, has_long_term

__all__ = ["follow", "followings", "has_long_term"]
