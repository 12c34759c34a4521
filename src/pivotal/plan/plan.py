"""The study's analysis plan, executable: Trials in, Results out, whatever the number of replicates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pivotal.plan import describe
from pivotal.plan.batch import Batch, visits
from pivotal.plan.effects import effects, p_values
from pivotal.plan.imputed import impute_and_pool, is_imputed
from pivotal.plan.longterm import long_term_rows
from pivotal.plan.methods import Outcome, Pair, run
from pivotal.plan.rows import estimate_rows
from pivotal.plan.tables import endpoint_rows
from pivotal.plan.testing import test_hypotheses
from pivotal.study.model import Analysis, Endpoint, Study
from pivotal.study.tables import EndpointTable
from pivotal.trials import Key, Results, Row, Trials

Scope = Literal["all", "hypotheses"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study does with its patients.

    Attributes
    ----------
    study
        The trial as written down.
    endpoints
        Names of the endpoints to analyse; all of them by default.
    """

    study: Study
    endpoints: tuple[str, ...] | None = None

    def analyse(self, trials: Trials, *, scope: Scope = "all") -> Results:
        """Derive the endpoints, handle what is missing, estimate, and test along the graph.

        Parameters
        ----------
        trials
            One trial (R = 1) or a batch.
        scope
            `all`: every table of the report. `hypotheses`: what the testing strategy needs and the counts of
            responders, for simulation.

        Returns
        -------
        Results
            Rows in reading order.
        """
        batch = Batch(self.study, trials)
        rows = list(self._everything(batch) if scope == "all" else self._confirmatory(batch))
        return Results(self.study.id, tuple(rows), trials.virtual)

    @property
    def chosen(self) -> list[Endpoint]:
        """The endpoints that this plan analyses."""
        return [e for e in self.study.endpoints if self.endpoints is None or e.name in self.endpoints]

    def _everything(self, batch: Batch) -> Iterator[Row]:
        yield from describe.disposition(batch)
        yield from describe.baseline(batch)
        for endpoint in self.chosen:
            for visit in visits(endpoint, self.study):
                yield from describe.response(batch, endpoint, visit)
        tests: dict[tuple[str, Pair | None], Outcome] = {}
        for endpoint in self.chosen:
            for analysis in (endpoint.analysis, *endpoint.supplementary):
                for visit in analysis.visits or (endpoint.visit,):
                    outcomes = self._run(batch, endpoint, analysis, visit, self._pairs(endpoint, analysis))
                    yield from self._rows(endpoint, analysis, visit, outcomes)
                    if analysis is endpoint.analysis and visit == endpoint.visit:
                        tests |= {(endpoint.name, outcome.pair): outcome for outcome in outcomes}
        yield from self._tested(batch, tests)
        names = [endpoint.name for endpoint in self.chosen]
        for table in self.study.tables:
            if isinstance(table, EndpointTable) and table.endpoint in names:
                yield from endpoint_rows(table, batch)
        yield from long_term_rows(batch)

    def _confirmatory(self, batch: Batch) -> Iterator[Row]:
        tests: dict[tuple[str, Pair | None], Outcome] = {}
        for endpoint in self.chosen:
            if endpoint.kind == "binary":
                for visit in visits(endpoint, self.study):
                    if (endpoint.derive.parameter, visit) in batch.trials.values:
                        yield from describe.response(batch, endpoint, visit, intervals=False)
            pairs = self._tested_pairs(endpoint)
            if pairs:
                outcomes = self._run(batch, endpoint, endpoint.analysis, endpoint.visit, pairs)
                yield from self._rows(endpoint, endpoint.analysis, endpoint.visit, outcomes)
                tests |= {(endpoint.name, outcome.pair): outcome for outcome in outcomes}
        yield from self._tested(batch, tests)

    @staticmethod
    def _run(batch: Batch, endpoint: Endpoint, analysis: Analysis, visit: str, pairs: list[Pair]) -> list[Outcome]:
        """One analysis, of the data as they are or of completed data."""
        if not is_imputed(endpoint):
            return run(batch, endpoint, analysis, visit, pairs)
        return impute_and_pool(batch, endpoint, visit, analysis.level, lambda b, e: run(b, e, analysis, visit, pairs))

    def _tested_pairs(self, endpoint: Endpoint) -> list[Pair]:
        found = [h for h in self.study.testing.hypotheses if h.endpoint == endpoint.name]
        return [(self.study.arm_index(h.arm), self.study.arm_index(h.comparator)) for h in found]

    def _pairs(self, endpoint: Endpoint, analysis: Analysis) -> list[Pair]:
        """Every arm against control, or against each before it, and whatever else the hypotheses compare."""
        control, arms = self.study.control, range(len(self.study.arms))
        pairs = [(a, control) for a in arms if a != control]
        if analysis.pairs == "all":
            pairs += [(a, b) for b in arms for a in arms if b < a and control not in (a, b)]
        return list(dict.fromkeys(pairs + self._tested_pairs(endpoint)))

    def _rows(self, endpoint: Endpoint, analysis: Analysis, visit: str, outcomes: list[Outcome]) -> Iterator[Row]:
        for outcome in outcomes:
            key = Key(
                analysis=analysis.name or f"{endpoint.name} {analysis.method}",
                statistic="",
                endpoint=endpoint.name,
                parameter=endpoint.derive.parameter,
                visit=visit,
                population=endpoint.population,
                arm=None if outcome.pair is None else self.study.arms[outcome.pair[0]].name,
                comparator=None if outcome.pair is None else self.study.arms[outcome.pair[1]].name,
                method=outcome.method,
                scale=outcome.scale,
                groups=(("role", "main" if analysis is endpoint.analysis else "supplementary"),),
                dataset="ADEFF",
                where=f"PARAMCD = '{endpoint.derive.parameter}' and AVISIT = '{visit}'",
            )
            yield from estimate_rows(key, outcome.estimate, outcome.extra)

    def _tested(self, batch: Batch, tests: dict[tuple[str, Pair | None], Outcome]) -> Iterator[Row]:
        """Hypotheses of endpoints that were not analysed keep their place in the graph, untested."""
        testing = self.study.testing
        if testing.hypotheses:
            found = effects(batch, tests) if testing.procedure == "dunnett" or testing.intervals else None
            yield from test_hypotheses(self.study, p_values(batch, tests), found)
