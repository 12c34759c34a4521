"""Virtual patients after the blinded weeks: sequences, the course of the skin, treatment as needed, events."""

from pivotal.cohort.longterm.follow import follow, followings, has_long_term

__all__ = ["follow", "followings", "has_long_term"]
