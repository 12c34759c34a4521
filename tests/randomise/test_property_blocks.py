"""What holds exactly for permuted blocks, and that they are equally probable."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chisquare

from pivotal.randomise import allocate_blocks
from pivotal.randomise.blocks import _arrangements, draw_blocks


def _rng(seed):
    return np.random.Generator(np.random.SFC64(seed))


def _naive(stratum, n_strata, ratio, sizes, rng):
    """The specification: patient by patient, from the same blocks."""
    blocks = draw_blocks(stratum.shape, n_strata, ratio, sizes, rng)
    bounds = blocks.bounds.tolist()
    arm = np.empty(stratum.shape, dtype=np.int8)
    for r, row in enumerate(stratum):
        block = r * blocks.per_replicate
        for s in range(n_strata):
            place = bounds[block]
            for n in np.flatnonzero(row == s):
                arm[r, n] = blocks.entries[place]
                place += 1
                block += place == bounds[block + 1]
            block += place > bounds[block]  # what is left of a block is unused
        assert block <= (r + 1) * blocks.per_replicate
    return arm


@pytest.mark.parametrize("n_strata", [1, 4, 300])
@pytest.mark.parametrize(
    ("ratio", "sizes"), [((2, 2, 1), (5,)), ((1, 1), (4, 6, 8)), ((1, 1, 1), (18,)), ((3, 1), (4, 8))]
)
def test_batch_equals_the_patient_by_patient_specification(n_strata, ratio, sizes):
    stratum = _rng(1).integers(0, n_strata, (23, 131))
    batch = allocate_blocks(stratum, ratio, sizes, n_strata, _rng(2))
    assert np.array_equal(batch, _naive(stratum, n_strata, ratio, sizes, _rng(2)))


def test_batches_of_replicates_do_not_show(monkeypatch):
    stratum = _rng(3).integers(0, 4, (57, 40), dtype=np.uint8)
    whole = allocate_blocks(stratum, [2, 1], [3, 6], 4, _rng(4))
    monkeypatch.setattr("pivotal.randomise.blocks.PER_STRATUM", 70)  # 7 replicates at a time
    assert np.array_equal(whole, allocate_blocks(stratum, [2, 1], [3, 6], 4, _rng(4)))


def test_every_complete_block_of_every_stratum_has_the_ratio():
    stratum = _rng(5).integers(0, 4, (200, 330), dtype=np.uint8)
    arm = allocate_blocks(stratum, [2, 2, 1], [5], 4, _rng(6))
    complete = 0
    for r in range(200):
        for s in range(4):
            mine = arm[r, stratum[r] == s]
            blocks = mine[: mine.size // 5 * 5].reshape(-1, 5)
            complete += len(blocks)
            assert (np.sort(blocks, axis=1) == [0, 0, 1, 1, 2]).all()
    assert complete > 200 * 60


def test_mixed_sizes_never_leave_more_imbalance_than_half_the_largest_block():
    stratum = _rng(7).integers(0, 3, (100, 200), dtype=np.uint8)
    arm = allocate_blocks(stratum, [1, 1], [4, 6, 8], 3, _rng(8))
    excess = np.where(arm == 0, 1, -1)[..., None] * (stratum[..., None] == np.arange(3))
    worst = np.abs(excess.cumsum(axis=1)).max()
    assert worst == 4


def test_mixed_sizes_are_equally_frequent_and_balanced():
    blocks = draw_blocks((300, 200), 1, (1, 1), (4, 6, 8), _rng(9))
    sizes = np.diff(blocks.bounds)
    assert set(sizes.tolist()) == {4, 6, 8}
    assert chisquare([(sizes == k).sum() for k in (4, 6, 8)]).pvalue > 0.001
    treated = np.add.reduceat(blocks.entries, blocks.bounds[:-1].astype(np.intp), dtype=np.int64)
    assert (2 * treated == sizes).all()


def test_table_holds_every_distinct_order_once():
    table = [tuple(row) for row in _arrangements((2, 2, 1)).tolist()]
    assert table == sorted(set(permutations([0, 0, 1, 1, 2])))
    assert len(table) == 30


@pytest.mark.parametrize("rows", [100_000, 10], ids=["table", "shuffle"])
def test_every_distinct_order_is_equally_frequent(rows, monkeypatch):
    """Seed 11; 60,000 blocks, 2,000 expected of each of 30 orders; fails by chance 1 in 1,000 seeds."""
    monkeypatch.setattr("pivotal.randomise.blocks.TABLE_ROWS", rows)
    arm = allocate_blocks(np.zeros((1_000, 300), np.uint8), [2, 2, 1], [5], 1, _rng(11))
    seen = Counter(map(tuple, arm.reshape(-1, 5).tolist()))
    assert len(seen) == 30
    assert chisquare(list(seen.values())).pvalue > 0.001


def test_strata_and_replicates_are_independent():
    """Chi-square of the first block's order in stratum 0 against stratum 1, and replicate against the next; seed 12."""
    stratum = np.repeat(np.array([[0, 1]], np.uint8), 2, axis=1).repeat(20_000, axis=0)
    arm = allocate_blocks(stratum, [1, 1], [2], 2, _rng(12))
    for one, other in [(arm[:, 0], arm[:, 2]), (arm[:-1, 0], arm[1:, 0])]:
        assert chisquare(np.bincount(2 * one + other, minlength=4)).pvalue > 0.001


def test_same_seed_same_arms_and_another_seed_others():
    stratum = _rng(13).integers(0, 4, (10, 50))
    first = allocate_blocks(stratum, [2, 2, 1], [5, 10], 4, _rng(14))
    assert np.array_equal(first, allocate_blocks(stratum, [2, 2, 1], [5, 10], 4, _rng(14)))
    assert not np.array_equal(first, allocate_blocks(stratum, [2, 2, 1], [5, 10], 4, _rng(15)))


@pytest.mark.parametrize("sizes", [[5], [5, 10]])
def test_what_is_drawn_does_not_depend_on_the_strata(sizes):
    after = []
    for values in (np.zeros((10, 52), int), _rng(16).integers(0, 4, (10, 52))):
        rng = _rng(17)
        allocate_blocks(values, [2, 2, 1], sizes, 4, rng)
        after.append(rng.random())
    assert after[0] == after[1]


def test_types_do_not_matter_and_nothing_is_too_small():
    stratum = _rng(18).integers(0, 4, (10, 50))
    arms = [allocate_blocks(stratum.astype(t), [1, 1], [2], 4, _rng(19)) for t in (np.uint8, np.int64)]
    assert arms[0].dtype == np.int8
    assert np.array_equal(*arms)
    for shape in [(0, 5), (5, 0)]:
        assert allocate_blocks(np.zeros(shape, int), [1, 1], [2], 4, _rng(20)).shape == shape


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"block_sizes": [4]}, r"block_sizes\[0\] is 4; with ratio 2:2:1 a block size is a multiple of 5\. Set"),
        ({"block_sizes": [5, 0]}, r"block_sizes\[1\] is 0; with ratio 2:2:1"),
        ({"block_sizes": [5, 5]}, r"block_sizes\[1\] is 5 again"),
        ({"block_sizes": []}, r"block_sizes is empty; .* block_sizes = \[5\]"),
        ({"block_sizes": [5.0]}, r"block_sizes\[0\] is 5\.0; "),
        ({"ratio": [2, 0]}, r"ratio\[1\] is 0; a ratio is a whole number of at least 1\. Remove the arm"),
        ({"ratio": [5]}, r"ratio has 1 arms"),
        ({"n_strata": 3}, r"stratum holds 3; with n_strata = 3 a stratum is 0 to 2\."),
        ({"n_strata": 0}, r"n_strata is 0; "),
        ({"stratum": [[0, -1]]}, r"stratum holds -1; "),
        ({"stratum": [0, 1]}, r"stratum is int64 of shape \(2,\); .* stratum\[None, :\]"),
        ({"stratum": [[0.0, 1.0]]}, r"stratum is float64 of shape \(1, 2\); "),
    ],
)
def test_errors_say_what_was_found_what_is_allowed_and_how_to_mend_it(change, message):
    right = {"stratum": [[0, 1, 2, 3]], "ratio": [2, 2, 1], "block_sizes": [5], "n_strata": 4}
    with pytest.raises(ValueError, match=message):
        allocate_blocks(**(right | change), rng=_rng(1))
