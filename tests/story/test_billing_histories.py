"""Random histories of accounts: the product's billing and the reference model say the same, to the cent."""

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import monotonic

import pytest
from tests.support.billing_differences import differences, differing, random_history, shown, shrunk

SHARDS = 8
HISTORIES = 2_000
SOAKED = 100_000
DIFFERED = (
    2000042, 2000928, 2001827, 2003128, 2004072, 3001918, 3003314, 3003622, 3004922, 3004994, 5078249,
    20075084, 20098443, 20031206, 20052798, 20076899,
)  # fmt: skip
AT_ONCE = 500  # histories that one process compares before it takes the next


def agree(differ: list[int]) -> None:
    """Fails where seeds differ; the first is shown as short as it goes."""
    if differ:
        past = shrunk(random_history(differ[0]))
        pytest.fail(f"seeds {differ}, the first as\n{shown(past)}\n" + "\n".join(differences(past)))


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_histories_come_out_as_the_reference_model_says(shard: int) -> None:
    share = HISTORIES // SHARDS
    agree(differing(range(shard * share, (shard + 1) * share)))


def test_histories_that_once_differed_come_out_the_same() -> None:
    agree([seed for seed in DIFFERED if differing(range(seed, seed + 1))])


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
def test_a_hundred_thousand_histories_come_out_as_the_reference_model_says(
    record_property: Callable[[str, object], None],
) -> None:
    """On every core at once. TOCSIN_SOAK_SEED names the first seed, for others than the usual ones."""
    first = int(os.environ.get("TOCSIN_SOAK_SEED", "1000000"))
    record_property("first_seed", first)
    parts = [range(start, start + AT_ONCE) for start in range(first, first + SOAKED, AT_ONCE)]
    began = monotonic()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        differ = [seed for found in processes.map(differing, parts) for seed in found]
    compared, cores = sum(map(len, parts)), os.cpu_count()
    took = f"{monotonic() - began:.0f} s on {cores} cores"
    print(f"\n{compared:,} histories from seed {first} on: {len(differ)} differ; {took}")  # noqa: T201
    agree(differ)
