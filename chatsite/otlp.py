"""Spans by OpenTelemetry's own packages, sent in the background over OTLP.

The packages read their OTEL_ variables themselves. Importing this module needs the
extra `tracing`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.attributes.http_attributes import (
    HTTP_REQUEST_METHOD,
    HTTP_ROUTE,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from conversations import correlation
from conversations.messages_api import ProviderError

_parents = TraceContextTextMapPropagator()
TRACEPARENT = "traceparent"
PREFIX = "chatsite."


class OtlpTracer:
    """Makes the spans of this process; its end sends what is left of them."""

    def __init__(self, service: str) -> None:
        """Begin to send; whether anyone receives them hinders nobody."""
        provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = provider.get_tracer("chatsite")

    @contextmanager
    def span(self, name: str, attributes: dict[str, Any]) -> Iterator[None]:
        """A span below the one that the running code is in, or was begun in."""
        # The words of an exception may quote what people wrote: only its kind is sent.
        with self._tracer.start_as_current_span(
            name,
            context=_parent(attributes.pop(TRACEPARENT, None)),
            kind=_kind(attributes),
            attributes=_named(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            before = correlation.ids().get(TRACEPARENT)
            _hand_on(span)
            try:
                yield
            except Exception as error:
                self.note({"error": _kind_of(error)})
                raise
            finally:
                correlation.add(traceparent=before)

    def note(self, attributes: dict[str, Any]) -> None:
        """Add to the current span; an `error` makes it a failed one."""
        span = trace.get_current_span()
        named = _named(attributes)
        span.set_attributes(named)
        if ERROR_TYPE in named:
            span.set_status(trace.StatusCode.ERROR)
        if HTTP_ROUTE in named:
            span.update_name(f"{getattr(span, 'name', '')} /{named[HTTP_ROUTE]}")


def _parent(traceparent: str | None) -> Context | None:
    """What a trusted proxy says, or what this work was begun by; None: the current."""
    if traceparent is None and not trace.get_current_span().get_span_context().is_valid:
        traceparent = correlation.ids().get(TRACEPARENT)
    return _parents.extract({TRACEPARENT: traceparent}) if traceparent else None


def _hand_on(span: trace.Span) -> None:
    carrier: dict[str, str] = {}
    _parents.inject(carrier)
    correlation.add(trace=trace.format_trace_id(span.get_span_context().trace_id))
    correlation.add(traceparent=carrier.get(TRACEPARENT))


def _kind(attributes: dict[str, Any]) -> trace.SpanKind:
    if HTTP_REQUEST_METHOD in attributes:
        return trace.SpanKind.SERVER
    if any(name.startswith("gen_ai.") for name in attributes):
        return trace.SpanKind.CLIENT
    return trace.SpanKind.INTERNAL


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    """Names as OpenTelemetry has them, the site's own behind its prefix."""
    known = {name: value for name, value in attributes.items() if value is not None}
    return {_name(name): _plain(value) for name, value in known.items()}


def _name(name: str) -> str:
    if name == "error":
        return ERROR_TYPE
    return name if "." in name else PREFIX + name


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | list) else str(value)


def _kind_of(error: Exception) -> str:
    return error.code if isinstance(error, ProviderError) else type(error).__qualname__
