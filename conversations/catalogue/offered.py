"""The models on offer, for pages and turns; nothing here waits for a network.

Providers are shared by the whole process and built from the settings at first use.
What they hold open belongs to an event loop: each loop that asked closes its own with
`close`. A test brings its own providers with `use`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.conf import settings

from conversations.catalogue.backends import configured
from conversations.catalogue.decisions import NONE_TAKEN, Decision, OwnPrice, decided
from conversations.messages_api import ProviderError
from conversations.providers.base import ModelInfo, Provider
from conversations.providers.breaker import Breaker, State
from conversations.providers.renamed import RenamedProvider

REFRESH_TIMEOUT_S = 15.0
REFRESH_EVERY_S = 600.0
FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 300.0

_ASKING = "The model provider is being asked for its models."
_NONE_LISTED = "The model provider lists no models. DEFAULT_MODEL can name one."
_REFUSED = "The model provider does not accept this site's credential."
_UNREACHABLE = "The model provider cannot be reached at the moment."
_WORDS = {
    "base_url": "ANTHROPIC_BASE_URL or OPENAI_BASE_URL is not the URL of a server.",
    "cloud_url": "The address of the cloud is not the URL of a server.",
    "missing_extra": "A package for this cloud is not installed: the extra clouds.",
    "project": "ANTHROPIC_VERTEX_PROJECT_ID is not set.",
    "region": "AWS_REGION is not set.",
    "resource": "ANTHROPIC_FOUNDRY_RESOURCE is not set.",
    "authentication": _REFUSED,
    "permission": _REFUSED,
    "billing": "The model provider asks for payment.",
    "connect_failed": _UNREACHABLE,
    "connection_lost": _UNREACHABLE,
    "timeout": _UNREACHABLE,
    "overloaded": "The model provider is overloaded at the moment.",
    "rate_limited": "The model provider has had too many requests for the moment.",
}

logger = logging.getLogger(__name__)


class UnknownModel(KeyError):  # noqa: N818 - a lookup that found nothing
    """No provider offers the model of this id."""


@dataclass(slots=True)
class _Offer:
    """What one provider offers; `asked` once it has answered or failed."""

    provider: Provider
    models: Sequence[ModelInfo]
    asked: bool = False
    problem: str = ""


@dataclass(slots=True)
class _Catalogue:
    offers: list[_Offer]
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    told: dict[str, tuple[ModelInfo, Provider]] = field(default_factory=dict)
    breakers: dict[str, Breaker] = field(default_factory=dict)
    by_id: dict[str, tuple[ModelInfo, Provider]] = field(default_factory=dict)

    def index(self) -> None:
        """Note who serves what; of two with one id the later goes by a longer one."""
        told: dict[str, tuple[ModelInfo, Provider]] = {}
        for offer in self.offers:
            renamed = RenamedProvider(offer.provider)
            for model in offer.models:
                known = told.setdefault(model.id, (model, offer.provider))
                if known[1] is not offer.provider:
                    other = renamed.renamed(model)
                    told.setdefault(other.id, (other, renamed))
        self.told = told
        # At once, for other threads are reading.
        self.by_id = dict(self._decided())

    def _decided(self) -> Iterator[tuple[str, tuple[ModelInfo, Provider]]]:
        now = datetime.now(UTC)
        for key, (model, provider) in self.told.items():
            decision = self.decisions.get(key, NONE_TAKEN)
            if decision.enabled:
                yield key, (decided(model, decision, now), provider)


class _Current:
    """The catalogue of this process."""

    catalogue: _Catalogue | None = None


def offered_models() -> Sequence[ModelInfo]:
    """Every model that may be chosen now, the back ends' own order kept."""
    return [model for model, _ in _catalogue().by_id.values()]


def default_model() -> ModelInfo | None:
    """`DEFAULT_MODEL`, else the newest active Sonnet, else the first listed.

    None as long as nothing is offered; `problem` says why.
    """
    return default_among(offered_models())


def default_among(models: Sequence[ModelInfo]) -> ModelInfo | None:
    """The same, of these models alone."""
    named = [each for each in models if each.id == settings.DEFAULT_MODEL]
    sonnets = [each for each in models if each.line == "sonnet" and not each.deprecated]
    newest = max(sonnets, key=lambda each: each.created_at, default=None)
    return next(iter(named), None) or newest or next(iter(models), None)


def model_info(model_id: str) -> ModelInfo | None:
    """The model of this id, or None if it is not offered (any more)."""
    found = _catalogue().by_id.get(model_id)
    return found[0] if found else None


def told_models() -> Sequence[ModelInfo]:
    """Every model as its server says it is, whatever was decided about it."""
    return [model for model, _ in _catalogue().told.values()]


def decide(decisions: Mapping[str, Decision]) -> None:
    """Offer models by these decisions from here on, each under the model's id."""
    catalogue = _catalogue()
    catalogue.decisions = decisions
    catalogue.index()


def groups_of(model_id: str) -> frozenset[int]:
    """The keys of the groups that alone may use the model; empty for everyone."""
    return _decision(model_id).groups


def fallbacks_of(model_id: str) -> Sequence[str]:
    """The ids of the models that answer where this one cannot, in their order."""
    return [each for each in _decision(model_id).fallbacks if model_info(each)]


def breaker_of(model_id: str) -> Breaker:
    """The breaker of the back end that serves the model; raises `UnknownModel`."""
    return _catalogue().breakers.setdefault(provider_of(model_id).name, Breaker())


def breaker_states() -> dict[str, State]:
    """How this process stands to each back end that it has asked, by name."""
    breakers = dict(_catalogue().breakers)
    return {name: breaker.state for name, breaker in breakers.items()}


def own_prices(model_id: str) -> Sequence[OwnPrice]:
    """The prices that the site has set for the model, the newest first."""
    return _decision(model_id).prices


def _decision(model_id: str) -> Decision:
    return _catalogue().decisions.get(model_id, NONE_TAKEN)


def provider_of(model_id: str) -> Provider:
    """Who serves the model; raises `UnknownModel`."""
    try:
        return _catalogue().by_id[model_id][1]
    except KeyError:
        raise UnknownModel(model_id) from None


def problem() -> str:
    """What the page says of back ends that are down, asked, or list nothing."""
    offers = _catalogue().offers
    problems = [offer.problem for offer in offers if offer.problem]
    if problems or offered_models():
        return " ".join(problems)
    return _NONE_LISTED if all(offer.asked for offer in offers) else _ASKING


async def refresh() -> bool:
    """Ask every provider for its models; True if all of them answered.

    Takes at most `REFRESH_TIMEOUT_S`. Of one that fails, the models known before stay.
    """
    catalogue = _catalogue()
    answered = await asyncio.gather(*map(_ask, catalogue.offers))
    catalogue.index()
    return all(answered)


async def keep_fresh(*, first_retry_s: float = FIRST_RETRY_S) -> None:
    """Refresh as long as the process runs; never returns.

    A back end that fails is asked again soon, then more and more rarely.
    """
    retry_s = first_retry_s
    while True:
        if await refresh():
            retry_s = first_retry_s
            await asyncio.sleep(REFRESH_EVERY_S)
        else:
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)


async def close() -> None:
    """Close what this event loop opened, and end the local model."""
    catalogue = _Current.catalogue
    if catalogue is not None:
        await asyncio.gather(*(offer.provider.aclose() for offer in catalogue.offers))


@contextmanager
def use(providers: Sequence[Provider]) -> Iterator[None]:
    """Offer these providers alone, in the whole process, until the context is left.

    For tests and benchmarks. Who brings providers closes them.
    """
    before = _Current.catalogue
    _Current.catalogue = _of(providers)
    try:
        yield
    finally:
        _Current.catalogue = before


def wrap(wrapper: Callable[[Provider], Provider]) -> None:
    """Have the providers of this process called through `wrapper` from here on."""
    catalogue = _catalogue()
    for offer in catalogue.offers:
        offer.provider = wrapper(offer.provider)
    catalogue.index()


def _catalogue() -> _Catalogue:
    if _Current.catalogue is None:
        _Current.catalogue = _of(configured())
    return _Current.catalogue


def _of(providers: Sequence[Provider]) -> _Catalogue:
    catalogue = _Catalogue([_Offer(each, each.known) for each in providers])
    catalogue.index()
    return catalogue


async def _ask(offer: _Offer) -> bool:
    code = ""
    try:
        async with asyncio.timeout(REFRESH_TIMEOUT_S):
            offer.models = await offer.provider.models()
    except ProviderError as error:
        code = error.code
    except TimeoutError:
        code = "timeout"
    except Exception:  # what nobody foresaw must not end the asking for good
        logger.exception("The models of %s could not be read", offer.provider.name)
        code = "internal"
    offer.asked = True
    if code:
        _log_once(offer, code)
    offer.problem = _words_of(code)
    return not code


def _words_of(code: str) -> str:
    usual = f"The model provider does not answer as expected ({code})."
    return _WORDS.get(code, usual) if code else ""


def _log_once(offer: _Offer, code: str) -> None:
    if offer.problem != _words_of(code):
        logger.warning("No models from %s: %s", offer.provider.name, code)
