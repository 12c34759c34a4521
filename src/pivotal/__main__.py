"""``python -m pivotal``."""

from pivotal.cli import main

main()
