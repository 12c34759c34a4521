"""How near numbers must be, and why."""

# R prints 15 significant digits; our closed forms lose at most a few.
PRINTED = 1e-11
# Estimates and p-values that rest on an iteration of the other program (glm, score limits to 1e-10, brent roots).
ESTIMATE = 1e-6
# Standard errors of an iterated fit: glm takes them from the weights one step before its last.
STANDARD_ERROR = 1e-5
# scoreci stops its bisection at 1e-10 to 1e-12 in the difference: absolute.
SCORE_LIMIT = 1e-9
# Exact values recomputed to 1e-14; ours are exponentials of sums of gammaln.
EXACT = 1e-9
# Profile limits by uniroot at 1e-12 on glm refits.
PROFILE = 1e-7
# The same arithmetic in another order or batch: BLAS may sum differently.
SAME = 1e-12
# Roots of a bracketed search whose function values carry that rounding.
SAME_ROOT = 1e-10
