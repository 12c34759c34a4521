"""The list of one trial is a replicate of the batch, complete and reproducible."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from pivotal.randomise import allocate_blocks, allocate_simple, randomisation_list

ARMS = ["high", "low", "vehicle"]
STRATA = ["IGA 2, 2-6", "IGA 2, 7-11", "IGA 3, 2-6"]


def _list(**changes):
    settings = {"ratio": [2, 2, 1], "block_sizes": [5, 10], "strata": STRATA, "per_stratum": 41, "seed": 7}
    return randomisation_list(ARMS, **(settings | changes))


@pytest.mark.parametrize("block_sizes", [[5], [5, 10]])
def test_the_list_is_a_replicate_of_the_batch(block_sizes):
    made = _list(block_sizes=block_sizes)
    stratum = np.repeat(np.arange(3), 41)[None]
    batch = allocate_blocks(stratum, [2, 2, 1], block_sizes, 3, np.random.Generator(np.random.Philox(7)))
    assert made.deal([STRATA[s] for s in stratum[0]]) == tuple(ARMS[a] for a in batch[0])


def test_a_simple_list_is_a_replicate_of_the_batch():
    made = _list(block_sizes=None)
    batch = allocate_simple(123, [2, 2, 1], np.random.Generator(np.random.Philox(7)))
    assert made.arm == tuple(ARMS[a] for a in batch)
    assert set(made.block) == set(made.position) == set(made.block_size) == {0}
    assert made.number_in_stratum == tuple(range(1, 42)) * 3


def test_blocks_are_whole_balanced_and_in_one_stratum():
    made = _list()
    assert set(made.block_size) == {5, 10}
    assert sorted(set(made.block)) == list(range(1, max(made.block) + 1))
    for block in set(made.block):
        rows = [n for n, b in enumerate(made.block) if b == block]
        size = made.block_size[rows[0]]
        assert [made.position[n] for n in rows] == list(range(1, size + 1))
        assert {(made.stratum[n], made.block_size[n]) for n in rows} == {(made.stratum[rows[0]], size)}
        assert [sum(made.arm[n] == arm for n in rows) for arm in ARMS] == [2 * size // 5, 2 * size // 5, size // 5]


def test_every_stratum_has_its_entries_numbered_and_no_block_too_many():
    made = _list()
    assert made.number == tuple(range(1, len(made) + 1))
    for label in STRATA:
        rows = [n for n, s in enumerate(made.stratum) if s == label]
        assert [made.number_in_stratum[n] for n in rows] == list(range(1, len(rows) + 1))
        assert 41 <= len(rows) < 41 + made.block_size[rows[-1]]


def test_dealing_takes_each_stratum_in_its_order():
    made = _list()
    order = np.random.default_rng(1).permutation(np.repeat(np.arange(3), [41, 20, 7]))
    dealt = made.deal([STRATA[s] for s in order])
    for s, label in enumerate(STRATA):
        mine = [arm for arm, k in zip(dealt, order, strict=True) if k == s]
        listed = [arm for arm, k in zip(made.arm, made.stratum, strict=True) if k == label]
        assert mine == listed[: len(mine)]


def test_the_settings_reproduce_the_list_and_another_seed_does_not():
    made = _list()
    again = randomisation_list(
        made.arms,
        made.ratio,
        per_stratum=made.per_stratum,
        seed=made.seed,
        block_sizes=made.block_sizes,
        strata=made.strata,
    )
    assert again == made
    assert _list(seed=8).arm != made.arm
    assert (made.generator, made.numpy_version) == ("Philox", np.__version__)


def test_the_list_is_kept_from_change_and_gives_its_columns():
    made = _list()
    with pytest.raises(FrozenInstanceError):
        made.seed = 8
    assert list(made.columns()) == [
        "number",
        "stratum",
        "number_in_stratum",
        "block",
        "position",
        "block_size",
        "arm",
    ]
    assert {len(column) for column in made.columns().values()} == {len(made)}


def test_a_list_is_known_by_its_bits():
    """Golden: this package 0.1.0, NumPy 2.4.6, 2026-11-23. A change here means that old lists change too."""
    made = _list(block_sizes=[5], strata=["all"], per_stratum=15, seed=20240501)
    assert "".join(arm[0] for arm in made.arm) == "vllhhhlvhlvhllh"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strata": ["a", "b", "a"]}, r"strata\[2\] is 'a' again"),
        ({"strata": "abc"}, r"strata is 'abc'; it is a list"),
        ({"strata": []}, r"strata is \[\]; it is a list of at least one label"),
        ({"ratio": [1, 1]}, r"arms has 3 labels; ratio has 2 parts"),
        ({"per_stratum": 0}, r"per_stratum is 0; "),
        ({"seed": -1}, r"seed is -1; "),
        ({"block_sizes": [6]}, r"block_sizes\[0\] is 6; with ratio 2:2:1 a block size is a multiple of 5"),
    ],
)
def test_errors_say_what_was_found_what_is_allowed_and_how_to_mend_it(change, message):
    with pytest.raises(ValueError, match=message):
        _list(**change)


def test_dealing_refuses_what_the_list_does_not_hold():
    made = _list(per_stratum=5, block_sizes=[5])
    with pytest.raises(ValueError, match=r"stratum\[1\] is 'IGA 4'; the list's strata are IGA 2, 2-6"):
        made.deal([STRATA[0], "IGA 4"])
    with pytest.raises(ValueError, match=r"stratum\[5\] is 'IGA 3, 2-6', number 6 of it; the list has 5 entries"):
        made.deal([STRATA[2]] * 6)
