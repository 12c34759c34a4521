"""Pivotal: a randomised trial written down once; simulated, randomised, analysed and reported from it."""

__version__ = "0.1.0"
