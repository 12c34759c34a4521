"""The whole path, as Python calls: load, simulate, draw, analyse, report, run."""

from pivotal.api.analysis import Analysed, analyse, analyse_data, check_data, read_data
from pivotal.api.design import draw, randomise, simulate, write_trial
from pivotal.api.patients import profiles, write_profiles
from pivotal.api.reporting import OC_FILE, Run, provenance, report, write_run
from pivotal.api.running import run
from pivotal.study import load

__all__ = [
    "OC_FILE",
    "Analysed",
    "Run",
    "analyse",
    "analyse_data",
    "check_data",
    "draw",
    "load",
    "profiles",
    "provenance",
    "randomise",
    "read_data",
    "report",
    "run",
    "simulate",
    "write_profiles",
    "write_run",
    "write_trial",
]
