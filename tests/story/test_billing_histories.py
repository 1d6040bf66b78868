"""Random histories of accounts: the product's billing and the reference model say the same, to the cent."""

import os
from collections.abc import Callable

import pytest
from tests.support.billing_differences import differences, random_history, shown, shrunk

SHARDS = 8
HISTORIES = 2_000
SOAKED = 100_000


def compare(seeds: range) -> None:
    """Every seed's history twice; the first that differs is shown as short as it goes."""
    for seed in seeds:
        past = random_history(seed)
        if differences(past):
            past = shrunk(past)
            pytest.fail(f"seed {seed}\n{shown(past)}\n" + "\n".join(differences(past)))


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_histories_come_out_as_the_reference_model_says(shard: int) -> None:
    share = HISTORIES // SHARDS
    compare(range(shard * share, (shard + 1) * share))


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
def test_a_hundred_thousand_histories_come_out_as_the_reference_model_says(
    record_property: Callable[[str, object], None],
) -> None:
    first = int(os.environ.get("TOCSIN_SOAK_SEED", "1000000"))
    record_property("first_seed", first)
    compare(range(first, first + SOAKED))
