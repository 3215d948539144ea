"""Traces, for who has a collector for them: what it takes is imported only then."""

import logging

from django.conf import settings

from conversations import spans
from conversations.catalogue import offered
from conversations.providers.traced import TracedProvider

logger = logging.getLogger(__name__)


def begin() -> None:
    """Trace this process where OTEL_EXPORTER_OTLP_ENDPOINT says whereto."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return
    try:
        from chatsite.otlp import OtlpTracer
    except ImportError:
        logger.warning(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but nothing is traced: install the"
            " extra `tracing`."
        )
        return
    spans.trace_with(OtlpTracer(settings.OTEL_SERVICE_NAME))
    offered.wrap(TracedProvider)
