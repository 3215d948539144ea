"""What a call costs: a dated table of list prices, and usage times price.

Money is whole picodollars (10^-12 US dollars), so that no sum loses a digit. The table
holds Anthropic's own list prices; a model that is not in it has no known price, which
is not a price of nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from conversations.catalogue.offered import own_prices
from conversations.messages_api.usage import Usage, read_usage

PICODOLLARS = 10**12  # in one US dollar
TOKENS_OF_A_LIST_PRICE = 10**6

WEB_SEARCH = PICODOLLARS // 100
# Reading Haiku 5.5 more than this makes every token of the request dearer.
LONG_PROMPT_TOKENS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Picodollars per token, by class of token; per request for `web_search`.

    A prompt of more than `long_prompt_tokens` is charged, with its answer, at
    `long_prompt` throughout.
    """

    input: int
    output: int
    cache_write_5m: int
    cache_write_1h: int
    cache_read: int
    web_search: int = WEB_SEARCH
    long_prompt_tokens: int | None = None
    long_prompt: "Price | None" = None


@dataclass(frozen=True, slots=True)
class _Dated:
    since: date
    price: Price


def price_of(model_id: str, day: date) -> Price | None:
    """The price in force on that day; None where it is not known."""
    own = (_Dated(each.since, Price(**each.amounts)) for each in own_prices(model_id))
    # What the site has set counts before any price of the table.
    known = _held(own, day) or _held(_TABLE.get(model_id, ()), day)
    return max(known, key=lambda each: each.since).price if known else None


def _held(prices: Iterable[_Dated], day: date) -> list[_Dated]:
    return [each for each in prices if each.since <= day]


def day_of(moment: datetime) -> date:
    """The day whose prices hold for a call made then: prices change at midnight UTC."""
    return moment.astimezone(UTC).date()


def cost_picodollars(usage: Mapping[str, Any], price: Price) -> int:
    """What the `usage` of one answer, in the shape of the Messages API, costs."""
    used = read_usage(usage)
    # A summary that the server wrote on the way is not in the sums of the whole.
    unsummed = [step for step in used.iterations if step.kind == "compaction"]
    tokens = sum(_tokens(step, price) for step in (used, *unsummed))
    return _modified(tokens, used) + used.web_search_requests * price.web_search


def cost_of_call(model_id: str, usage: Mapping[str, Any], day: date) -> int | None:
    """What a call of that day cost, in picodollars; None if that cannot be known.

    Neither a model without a price nor an answer without usage costs nothing.
    """
    price = price_of(model_id, day)
    return cost_picodollars(usage, price) if usage and price is not None else None


def dollars(picodollars: int) -> str:
    """An amount for people: cents, and of less than a cent two digits that say it."""
    amount = Decimal(picodollars) / PICODOLLARS
    if not amount:
        return "$0"
    if amount < Decimal("0.0001"):
        return "< $0.0001"
    places = 2 if amount >= Decimal("0.1") else 3 if amount >= Decimal("0.01") else 4
    return f"${amount:,.{places}f}"


def _tokens(used: Usage, price: Price) -> int:
    if (
        price.long_prompt is not None
        and price.long_prompt_tokens is not None
        and used.prompt_tokens > price.long_prompt_tokens
    ):
        price = price.long_prompt
    # Without the split, everything was written for the shorter time.
    written_5m = max(used.cache_write_tokens - used.cache_1h_tokens, 0)
    return (
        used.input_tokens * price.input
        + max(written_5m, used.cache_5m_tokens) * price.cache_write_5m
        + used.cache_1h_tokens * price.cache_write_1h
        + used.cache_read_tokens * price.cache_read
        + used.output_tokens * price.output
    )


def _modified(tokens: int, used: Usage) -> int:
    """What a way of serving makes of the price of the tokens."""
    if used.service_tier == "batch":
        tokens //= 2
    if used.speed == "fast":
        tokens *= 2
    if used.inference_geo == "us":
        tokens = tokens * 11 // 10
    return tokens


def _price(per_million: str, **steps: Any) -> Price:
    """Of US dollars per million tokens: input, output, two cache writes, cache read."""
    each = PICODOLLARS // TOKENS_OF_A_LIST_PRICE
    of_input, of_output, write_5m, write_1h, read = (
        int(Decimal(word) * each) for word in per_million.split()
    )
    return Price(
        input=of_input,
        output=of_output,
        cache_write_5m=write_5m,
        cache_write_1h=write_1h,
        cache_read=read,
        **steps,
    )


def _since(year: int, month: int, day: int, price: Price) -> _Dated:
    return _Dated(date(year, month, day), price)


_OPUS = _price("5 25 6.25 10 0.50")
_SONNET = _price("3 15 3.75 6 0.30")
_HAIKU_4_5 = _price("1 5 1.25 2 0.10")
_FABLE_5 = _price("10 50 12.5 20 1.00")
_FABLE_5_1 = _price("10 50 12.5 20 0.25")
_FABLE_5_2 = _price("8 40 10 16 0.20")
_HAIKU_5_5 = _price(
    "0.10 0.50 0.125 0.20 0.01",
    long_prompt_tokens=LONG_PROMPT_TOKENS,
    long_prompt=_price("0.50 2.50 0.625 1.00 0.05"),
)

# Anthropic's list prices as of 2026-11-22, each with the day from which it holds. The
# day of a model's first price is that of its release.
_TABLE: dict[str, tuple[_Dated, ...]] = {
    "claude-fable-5-2": (_since(2026, 11, 9, _FABLE_5_2),),
    "claude-mythos-5-2": (_since(2026, 11, 9, _FABLE_5_2),),
    "claude-fable-5-1": (_since(2026, 9, 1, _FABLE_5_1),),
    "claude-mythos-5-1": (_since(2026, 9, 1, _FABLE_5_1),),
    "claude-fable-5": (_since(2026, 6, 9, _FABLE_5),),
    "claude-mythos-5": (_since(2026, 6, 9, _FABLE_5),),
    "claude-opus-5-5": (_since(2026, 9, 22, _price("4 20 5 8 0.20")),),
    "claude-opus-5": (_since(2026, 7, 24, _OPUS),),
    "claude-opus-4-8": (_since(2026, 5, 28, _OPUS),),
    "claude-opus-4-7": (_since(2026, 4, 16, _OPUS),),
    "claude-opus-4-6": (_since(2026, 2, 5, _OPUS),),
    "claude-opus-4-5": (_since(2025, 11, 24, _OPUS),),
    "claude-opus-4-5-20251101": (_since(2025, 11, 24, _OPUS),),
    "claude-sonnet-5-5": (
        _since(2026, 9, 28, _price("2 10 2.5 4 0.20")),
        _since(2026, 10, 7, _price("2 10 2.5 4 0.10")),
    ),
    "claude-sonnet-5": (_since(2026, 6, 30, _price("2 10 2.5 4 0.20")),),
    "claude-sonnet-4-6": (_since(2026, 2, 17, _SONNET),),
    "claude-sonnet-4-5": (_since(2025, 9, 29, _SONNET),),
    "claude-sonnet-4-5-20250929": (_since(2025, 9, 29, _SONNET),),
    "claude-haiku-5-5": (_since(2026, 10, 7, _HAIKU_5_5),),
    "claude-haiku-4-5": (_since(2025, 10, 15, _HAIKU_4_5),),
    "claude-haiku-4-5-20251001": (_since(2025, 10, 15, _HAIKU_4_5),),
}
