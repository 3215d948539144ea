"""Prices by day, and what an answer's usage costs at one."""

from datetime import date

import pytest

from conversations.ledger.prices import (
    Price,
    cost_of_call,
    cost_picodollars,
    dollars,
    price_of,
)

TODAY = date(2026, 11, 22)
PRICE = Price(
    input=1_000,
    output=5_000,
    cache_write_5m=1_250,
    cache_write_1h=2_000,
    cache_read=100,
    web_search=7,
)


def test_a_price_is_picodollars_per_token() -> None:
    price = price_of("claude-opus-5-5", TODAY)

    assert price is not None
    assert (price.input, price.output) == (4_000_000, 20_000_000)
    assert price.cache_write_5m == 5_000_000
    assert price.cache_write_1h == 8_000_000
    assert price.cache_read == 200_000
    assert price.web_search == 10_000_000_000


@pytest.mark.parametrize(
    ("day", "cache_read"), [(6, 200_000), (7, 100_000), (20, 100_000)]
)
def test_the_price_of_a_day_is_the_one_that_held_then(
    day: int, cache_read: int
) -> None:
    price = price_of("claude-sonnet-5-5", date(2026, 10, day))

    assert price is not None
    assert price.cache_read == cache_read


def test_a_model_has_no_price_before_its_first_day() -> None:
    assert price_of("claude-sonnet-5-5", date(2026, 9, 27)) is None


def test_a_model_that_no_table_names_has_no_known_price() -> None:
    assert price_of("gpt-of-somebody", TODAY) is None


def test_a_cost_is_each_class_of_tokens_times_its_price() -> None:
    usage = {
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_read_input_tokens": 1_000,
        "cache_creation_input_tokens": 70,
        "cache_creation": {
            "ephemeral_5m_input_tokens": 30,
            "ephemeral_1h_input_tokens": 40,
        },
        "server_tool_use": {"web_search_requests": 3},
    }

    cost = cost_picodollars(usage, PRICE)

    assert cost == 10_000 + 100_000 + 100_000 + 37_500 + 80_000 + 21


def test_what_was_written_without_a_split_was_written_for_five_minutes() -> None:
    assert cost_picodollars({"cache_creation_input_tokens": 8}, PRICE) == 10_000


def test_a_split_without_its_sum_counts_too() -> None:
    usage = {"cache_creation": {"ephemeral_5m_input_tokens": 8}}

    assert cost_picodollars(usage, PRICE) == 10_000


@pytest.mark.parametrize(
    ("way", "cost"),
    [
        ({"service_tier": "batch"}, 5_000),
        ({"inference_geo": "us"}, 11_000),
        ({"speed": "fast"}, 20_000),
        ({"service_tier": "standard", "inference_geo": "global"}, 10_000),
    ],
)
def test_the_way_of_serving_modifies_the_price(way: dict[str, str], cost: int) -> None:
    assert cost_picodollars({"input_tokens": 10, **way}, PRICE) == cost


def test_a_summary_made_on_the_way_is_paid_too() -> None:
    steps = [{"type": "compaction", "input_tokens": 5}, {"input_tokens": 10}]

    assert cost_picodollars({"input_tokens": 10, "iterations": steps}, PRICE) == 15_000


@pytest.mark.parametrize(
    ("cached", "cost"),
    [(99_999, 100_000 + 99_999 * 10_000), (100_000, 500_000 + 100_000 * 50_000)],
)
def test_a_long_prompt_makes_the_whole_request_dearer(cached: int, cost: int) -> None:
    price = price_of("claude-haiku-5-5", TODAY)

    assert price is not None
    usage = {"input_tokens": 1, "cache_read_input_tokens": cached}
    assert cost_picodollars(usage, price) == cost


def test_nothing_that_is_unknown_costs_nothing() -> None:
    assert cost_of_call("gpt-of-somebody", {"input_tokens": 1}, TODAY) is None
    assert cost_of_call("claude-opus-5-5", {}, TODAY) is None


@pytest.mark.parametrize(
    ("picodollars", "words"),
    [
        (0, "$0"),
        (99_999_999, "< $0.0001"),
        (4_210_000_000, "$0.0042"),
        (42_100_000_000, "$0.042"),
        (420_000_000_000, "$0.42"),
        (1_234_567 * 10**12, "$1,234,567.00"),
    ],
)
def test_an_amount_is_said_in_dollars(picodollars: int, words: str) -> None:
    assert dollars(picodollars) == words
