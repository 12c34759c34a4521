"""One virtual trial as SDTM (docs/define.md): the subjects' domains and the trial's design."""

from pivotal.records.sdtm.domains import DOMAINS, Made, sdtm
from pivotal.records.sdtm.drawn import Drawn, reference_days
from pivotal.records.sdtm.reading import as_collected

__all__ = ["DOMAINS", "Drawn", "Made", "as_collected", "reference_days", "sdtm"]
