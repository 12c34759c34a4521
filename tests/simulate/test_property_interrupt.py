"""Ctrl-C, given to the command and its worker processes as a terminal gives it, leaves nothing and says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_an_interrupted_simulation_leaves_nothing(tmp_path):
    options = ["--endpoint", "IGA-TS", "--scenario", "published", "--replicates", "50000000", "--workers", "2"]
    command = [sys.executable, "-m", "pivotal", "simulate", "true-ad3", *options, "--out", "made"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True) as running:
        for line in running.stderr:
            if line.strip() == "published":
                break
        os.killpg(running.pid, signal.SIGINT)
        rest = running.stderr.read()
        assert running.wait(60) == 130
    assert "nothing was written" in rest
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_interruption_in_the_safety_screen_leaves_nothing_either(tmp_path, monkeypatch, capsys):
    """Everything else of a small simulation is done by then."""
    from pivotal import cli
    from pivotal.simulate import operating

    def interrupted(*_given, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr(operating, "safety_characteristics", interrupted)
    options = ["--scenario", "published", "--replicates", "4", "--workers", "1", "--no-grids"]
    monkeypatch.setattr(sys, "argv", ["pivotal", "simulate", "true-ad3", *options, "--out", str(tmp_path / "made")])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 130
    assert "nothing was written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
