"""The command line.

Exit status: 0 done, 1 the data or the study is wrong, 2 wrong usage, 130 interrupted.
"""

from pivotal.cli.commands import app, main

__all__ = ["app", "main"]
