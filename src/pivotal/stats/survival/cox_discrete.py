"""The conditional ('exact', discrete) partial likelihood for tied times, over replicates at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pivotal.stats import cholesky
from pivotal.stats.estimate import Floats
from pivotal.stats.survival.cox_design import Standardised
from pivotal.stats.survival.cox_likelihood import TINY, Evaluation, linear_predictor
from pivotal.stats.survival.ordering import Ordered, Places


@dataclass(frozen=True, slots=True)
class DiscreteLikelihood:
    """Given d events among those at risk, which patients they were: a conditional logistic likelihood a time.

    The denominator is the elementary symmetric polynomial e_d of exp(x'β) over the risk set (Cox 1972,
    doi:10.1111/j.2517-6161.1972.tb00899.x; recursion of Gail, Lubin and Rubinstein 1981, doi:10.1093/biomet/68.3.703).
    Risk sets are nested, so e_k of all of them is one running sum of exp(x'β) e_{k-1}.
    """

    ordered: Ordered
    design: Standardised

    def take(self, chosen: Places) -> DiscreteLikelihood:
        """Some replicates."""
        return DiscreteLikelihood(self.ordered.take(chosen), self.design.take(self.ordered, chosen))

    def over(self, ordered: Ordered, values: Floats) -> DiscreteLikelihood:
        """The same likelihood of patients ordered otherwise."""
        return DiscreteLikelihood(ordered, Standardised(values, self.design.scale))

    def evaluate(self, coefficients: Floats) -> Evaluation:
        """Evaluate the likelihood."""
        ordered, x = self.ordered, self.design.values
        m = ordered.moments
        eta = linear_predictor(ordered, x, coefficients)
        log_sum, means, squares = self._polynomials(np.exp(eta) * ordered.present, x)
        event_row = m.position // ordered.width
        loglik = ordered.total(eta.ravel()[m.position], event_row) - ordered.total(log_sum, m.row)
        score = [
            ordered.total(column.ravel()[m.position], event_row) - ordered.total(mean, m.row)
            for column, mean in zip(x, means, strict=True)
        ]
        raw = [ordered.total(square, m.row) for square in squares]
        information = [
            ordered.total(square - means[j] * means[k], m.row)
            for (j, k), square in zip(cholesky.pairs(len(x)), squares, strict=True)
        ]
        return Evaluation(loglik, np.stack(score), np.stack(information), np.stack(raw))

    def _polynomials(self, weight: Floats, x: Floats) -> tuple[Floats, list[Floats], list[Floats]]:
        """At every moment log e_d, and the first and second derivatives of e_d over it."""
        m = self.ordered.moments
        pairs = cholesky.pairs(len(x))
        column = m.end % self.ordered.width + 1
        log_sum = np.zeros(len(m.end))
        means = [np.zeros(len(m.end)) for _ in x]
        squares = [np.zeros(len(m.end)) for _ in pairs]
        order = _Order.zero(weight, len(x))
        for d in range(1, int(m.events.max(initial=0)) + 1):
            order = order.next(weight, x)
            chosen = np.flatnonzero(m.events == d)
            at = m.row[chosen], column[chosen]
            value = np.maximum(order.value[at], TINY)
            log_sum[chosen] = np.log(value) + order.log_scale[m.row[chosen]]
            for found, derivative in zip([*means, *squares], [*order.first, *order.second], strict=True):
                found[chosen] = derivative[at] / value
        return log_sum, means, squares


@dataclass(frozen=True, slots=True)
class _Order:
    """e_k over the first 0, 1, 2, ... positions of every row and its derivatives, over exp(log_scale) of the row."""

    value: Floats
    first: list[Floats]
    second: list[Floats]
    log_scale: Floats

    @classmethod
    def zero(cls, weight: Floats, size: int) -> _Order:
        """e_0 is 1."""
        rows, width = weight.shape
        nought = np.zeros((rows, width + 1))
        return cls(np.ones((rows, width + 1)), [nought] * size, [nought] * len(cholesky.pairs(size)), np.zeros(rows))

    def next(self, weight: Floats, x: Floats) -> _Order:
        """e_{k+1} from e_k: the patient who comes in is among the k + 1, or is not."""
        whole = (weight * self.value[:, :-1]).sum(axis=1)
        scale = np.where(whole > TINY, whole, 1.0)
        theta = weight / scale[:, None]
        old, slopes = self.value[:, :-1], [slope[:, :-1] for slope in self.first]
        first = [_grown(theta * (column * old + slope)) for column, slope in zip(x, slopes, strict=True)]
        second = [
            _grown(theta * (x[j] * x[k] * old + x[j] * slopes[k] + x[k] * slopes[j] + curve[:, :-1]))
            for (j, k), curve in zip(cholesky.pairs(len(x)), self.second, strict=True)
        ]
        return _Order(_grown(theta * old), first, second, self.log_scale + np.log(scale))


def _grown(terms: Floats) -> Floats:
    """Running sums with the 0 before the first."""
    sums = np.zeros((terms.shape[0], terms.shape[1] + 1))
    np.cumsum(terms, axis=1, out=sums[:, 1:])
    return sums
