"""LS means by visit against R's emmeans on a fit of mmrm, from a design of covariates by visit."""

import json
from pathlib import Path

import numpy as np
import pytest

import pivotal.validate
from pivotal.stats import fit_mmrm, mmrm_contrasts, visit_design, visit_means_rows
from pivotal.validate.case import read_table

FOLDER = Path(pivotal.validate.__file__).parent / "cases"
CASES = json.loads((FOLDER / "continuous.json").read_text())["cases"]
# mmrm stops its optimiser early (see tests/validate/test_reference_mmrm_optimum.py): in standard errors, and relative.
EARLY, SPREAD, DF = 1e-3, 2e-4, 1e-3


@pytest.mark.parametrize("name", ["sim1/us/Satterthwaite/REML", "sim2/toeph/KenwardRoger/REML"])
def test_ls_means_and_differences_by_visit(name):
    case = next(case for case in CASES if case["id"] == name)
    table = read_table(FOLDER / case["input"]["csv"])
    arms, regions = table.levels("arm"), table.levels("region")
    patient, visit = table.codes("subj"), table.codes("visit")
    patients, visits = patient.max() + 1, visit.max() + 1
    y = np.full((1, patients, visits), np.nan)
    y[0, patient, visit] = table["y"]
    x = np.zeros((patients, len(arms) + len(regions)))
    rows = [np.ones(table.rows), *(table.codes("arm") == k for k in range(1, len(arms))), table["base"]]
    rows += [table.codes("region") == k for k in range(1, len(regions))]
    x[patient] = np.stack(rows, axis=1)
    # y ~ base + region + arm * visit, or base * visit + region + arm * visit
    baseline, region = [len(arms)], [len(arms) + 1, len(arms) + 2]
    design = visit_design(x, visits, common=region if "base*visit" in case["input"]["formula"] else baseline + region)
    df = "kenward-roger" if case["input"]["method"] == "Kenward-Roger" else "satterthwaite"
    fit = fit_mmrm(y, design, structure=case["input"]["covariance"])
    means = visit_means_rows(y, design, list(range(1, len(arms))), [region])[0]
    found = mmrm_contrasts(fit, np.swapaxes(means, 0, 1).reshape(-1, means.shape[-1]), df=df)
    compare(found, case["result"]["lsmeans"], "emmean")
    differences = np.stack([means[b] - means[a] for a, b in pairs(len(arms))], axis=1)
    found = mmrm_contrasts(fit, differences.reshape(-1, means.shape[-1]), df=df)
    compare(found, case["result"]["contrasts"], "estimate")


def pairs(count):
    return [(a, b) for a in range(count) for b in range(a + 1, count)]


def compare(found, expected, estimate):
    assert found.estimate.shape[1] == len(expected)
    for place, row in enumerate(expected):
        assert abs(found.estimate[0, place] - row[estimate]) < EARLY * row["SE"]
        assert found.se[0, place] == pytest.approx(row["SE"], rel=SPREAD)
        assert found.df[0, place] == pytest.approx(row["df"], rel=DF)
        assert abs(found.ci_low[0, place] - row["lower.CL"]) < EARLY * row["SE"]
        assert found.p[0, place] == pytest.approx(row["p.value"], rel=2e-2, abs=1e-4)
