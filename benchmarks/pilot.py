"""How long the CDISC pilot takes from XPT to report: run by hand, `python benchmarks/pilot.py [FOLDER]`.

FOLDER holds the trial's SDTM as transport files (and vital signs, which the public package lacks, as CSV), there or in
its sub-folders `sdtm_xpt` and `sdtm_csv`; by default `../shared/data/cdiscpilot01`. Every analysis data set is derived,
every table made. Number to reach: `pivotal run cdisc-pilot-01` below 40 s on two cores, the command whole, in a process
of its own. Seconds of the processors are told too, which other work on the machine does not lengthen as much.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLACE = Path(__file__).resolve().parents[2] / "shared" / "data" / "cdiscpilot01"
FOLDERS = ("sdtm_xpt", "sdtm_csv")
LIMIT = 40


def main() -> None:
    """Run the command; tell its time and memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=PLACE)
    parser.add_argument("--times", type=int, default=3, help="how often; the best and the worst are told")
    given = parser.parse_args()
    if not given.folder.is_dir():
        print(f"{given.folder} is not there: nothing to time. Give the folder of the pilot's SDTM.")
        return
    with tempfile.TemporaryDirectory() as temporary:
        data = gathered(given.folder, Path(temporary) / "data")
        seconds = [timed(data, Path(temporary) / f"run-{n}") for n in range(given.times)]
        size = sum(file.stat().st_size for file in data.iterdir()) / 1e6
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cores, busy = len(os.sched_getaffinity(0)), (used.ru_utime + used.ru_stime) / given.times
    print(f"{size:.0f} MB of SDTM to report: {min(seconds):.1f} to {max(seconds):.1f} s on {cores} cores", end=" ")
    print(f"({busy:.1f} s of processors), {used.ru_maxrss / 1024**2:.2f} GB at the peak")
    print(f"below {LIMIT} s: {'yes' if max(seconds) < LIMIT else 'no'}")


def gathered(folder: Path, place: Path) -> Path:
    """One folder with links to all files: what a user has."""
    place.mkdir()
    inner = [folder / name for name in FOLDERS if (folder / name).is_dir()] or [folder]
    for file in (file for one in inner for file in one.iterdir() if file.is_file()):
        (place / file.name).symlink_to(file.resolve())
    return place


def timed(data: Path, out: Path) -> float:
    """Seconds of the whole command."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "pivotal", "run", "cdisc-pilot-01", "--data", str(data), "--out", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
