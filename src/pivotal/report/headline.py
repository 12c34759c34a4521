"""The headline: the primary result in one or two plain sentences, from the rows."""

from __future__ import annotations

from pivotal.report.bundle import Bundle
from pivotal.report.format import (
    capital,
    count,
    fixed,
    listed,
    number_word,
    on_scale,
    p_text,
    percent,
    scale_label,
    short_percent,
    with_limits,
)
from pivotal.report.rows import NOTHING, Comparison
from pivotal.report.wording import level
from pivotal.study.methods import MEASURED


def headline(bundle: Bundle) -> list[str]:
    """One or two sentences; none where there are no results."""
    if not bundle.rows:
        return []
    return [sentence for sentence in (_response(bundle), _decision(bundle)) if sentence]


def _response(bundle: Bundle) -> str:
    endpoint = bundle.primary
    shares = {arm: text for arm in bundle.arms if (text := _share(bundle, arm)) is not None}
    control = bundle.control.name
    active = [f"{text} on {arm}" for arm, text in shares.items() if arm != control]
    if not active or control not in shares:
        return ""
    where = "In this one simulated trial" if bundle.simulated else "In this trial"
    what = endpoint.label.split(":")[0]
    name = f"{_lowered(what)} ({endpoint.name})" if endpoint.name != what else what
    verb = "was, on average," if endpoint.kind in MEASURED else "was reached by"
    rest = f"{verb} {listed(active)}, against {shares[control]} on {control}"
    return f"{where}, {name} at {endpoint.visit} {rest}."


def _lowered(text: str) -> str:
    first = text.split(" ")[0]
    abbreviation = first.isupper() or any(c.isdigit() or c.isupper() for c in first[1:])
    return text if abbreviation else text[:1].lower() + text[1:]


def _share(bundle: Bundle, arm: str) -> str | None:
    endpoint = bundle.primary
    keys = {"endpoint": endpoint.name, "visit": endpoint.visit, "arm": arm}
    if endpoint.kind in MEASURED:
        mean = bundle.rows.get("response", statistic="mean", **keys).value
        return None if mean is None else fixed(mean, 1)
    rate = bundle.rows.get("response", statistic="rate", method="clopper-pearson", **keys).value
    x, n = (bundle.rows.get("response", statistic=s, **keys).value for s in ("n", "N"))
    if x is None or n is None:
        return None
    return f"{count(x)} of {count(n)}" if rate is None else f"{percent(rate)} ({count(x)} of {count(n)})"


def _decision(bundle: Bundle) -> str:
    main = bundle.rows.comparisons(role="main", endpoint=bundle.primary.name, visit=bundle.primary.visit)
    estimates = [_estimate(bundle, c, first=index == 0) for index, c in enumerate(main)]
    joined = "; ".join(text for text in estimates if text)
    tested = _tested(bundle)
    if not joined and not tested:
        return ""
    return f"{capital('. '.join(part for part in (joined, tested) if part))}."


def _estimate(bundle: Bundle, c: Comparison, *, first: bool) -> str:
    shown = with_limits(c["estimate"], c["ci_low"], c["ci_high"], on_scale(c.scale))
    if not shown or c["estimate"].value is None:
        return f"no estimate for {c.arm}: {'; '.join(c.reasons)}" if c.reasons else ""
    p = f", {p_text(c['p'].value)}" if c["p"].value is not None else ""
    interval = f" ({level(bundle.primary.analysis)} CI {shown.split(' (', 1)[1]}" if " (" in shown else ""
    scale = f"{scale_label(c.scale)} " if first else ""
    of = f"for {c.arm} against {c.comparator}" if c.comparator else "per unit of dose, over all arms"
    return f"{scale}{shown.split(' (', 1)[0]}{interval}{p} {of}"


def _tested(bundle: Bundle) -> str:
    hypotheses = bundle.study.testing.hypotheses
    decided = {h.name: bundle.rows.hypothesis(h.name).get("rejected", NOTHING).value for h in hypotheses}
    known = {name: bool(value) for name, value in decided.items() if value is not None}
    if not known:
        return ""
    rejected = [name for name, yes in known.items() if yes]
    kept = [name for name, yes in known.items() if not yes]
    alpha = short_percent(bundle.study.testing.alpha)
    if len(known) == 1:
        return f"The null hypothesis is {'rejected' if rejected else 'not rejected'} at the two-sided {alpha} level"
    if not kept:
        return f"All {number_word(len(known))} null hypotheses are rejected at the two-sided family-wise {alpha} level"
    if not rejected:
        return f"None of the {number_word(len(known))} null hypotheses is rejected at the family-wise {alpha} level"
    which = f"not rejected: {listed(kept)}"
    return (
        f"{capital(number_word(len(rejected)))} of {number_word(len(known))} null hypotheses "
        f"{'is' if len(rejected) == 1 else 'are'} rejected at the two-sided family-wise {alpha} level; {which}"
    )
