"""What tests of several rooms share: `pilot.py` and the like can be imported."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
