"""Traces name the work and its figures, and nothing that anyone said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.otlp_receiver import attributes, otlp_receiver
from tests.settings_child import run_python
from tests.signed_in import signed_in

TEXT = "canary-question-44be"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
_LOADED = """
import sys
import chatsite.asgi
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""
_MISSING = """
import sys
sys.modules["opentelemetry"] = None
import chatsite.asgi
print("serves")
"""


def ended(count: int) -> Callable[[str], bool]:
    return lambda text: (
        count
        == sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "chatsite_turns_ended_total"
        )
    )


async def test_a_turn_is_traced_from_its_request_to_its_provider(
    tmp_path: Path,
) -> None:
    with otlp_receiver() as receiver:
        async with signed_in(
            tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
            OTEL_SERVICE_NAME="the-chat",
            TRUSTED_PROXIES="1",
            METRICS_TOKEN="canary-token",
            LOG_LEVEL="INFO",
        ) as person:
            person.browser.headers["Authorization"] = "Bearer canary-token"
            person.browser.headers["traceparent"] = f"00-{TRACE}-{PARENT}-01"
            await person.ask(f"/echo {TEXT}")
            await person.until("/metrics", ended(1))
            del person.browser.headers["traceparent"]
            await person.ask(f"/fail {TEXT}")
            await person.until("/metrics", ended(2))
            log = person.log()

    asked, _ = receiver.named("POST /c/")
    turn, failed = receiver.named("turn")
    call, broken = receiver.named("chat scripted")
    assert asked.trace_id.hex() == turn.trace_id.hex() == call.trace_id.hex() == TRACE
    assert asked.parent_span_id.hex() == PARENT
    assert turn.parent_span_id == asked.span_id
    assert call.parent_span_id == turn.span_id
    assert attributes(asked)["http.response.status_code"] == 201
    assert attributes(turn)["chatsite.status"] == "complete"
    about = attributes(call)
    assert about["gen_ai.request.model"] == "scripted"
    assert about["gen_ai.provider.name"] == "scripted"
    assert about["gen_ai.usage.output_tokens"] > 0
    assert about["chatsite.attempt"] == 1
    assert attributes(failed)["error.type"] == "overloaded"
    assert attributes(broken)["error.type"] == "overloaded"
    assert failed.trace_id != turn.trace_id
    assert receiver.services == {"the-chat"}
    assert b"canary" not in receiver.bodies
    assert any(f"trace={TRACE}" in line and "POST /c/" in line for line in log)


async def test_a_stranger_does_not_choose_the_trace(tmp_path: Path) -> None:
    with otlp_receiver() as receiver:
        async with signed_in(
            tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url
        ) as person:
            person.browser.headers["traceparent"] = f"00-{TRACE}-{PARENT}-01"
            await person.page("/nothing-here/")
            person.log()

    assert receiver.spans
    assert all(span.trace_id.hex() != TRACE for span in receiver.spans)


def test_where_nothing_is_traced_nothing_is_imported(tmp_path: Path) -> None:
    result = run_python("-c", _LOADED, data_dir=tmp_path)
    assert result.stdout.strip() == "[]", result.stderr


def test_without_the_extra_it_is_said_and_the_site_serves(tmp_path: Path) -> None:
    where: dict[str, Any] = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    result = run_python("-c", _MISSING, data_dir=tmp_path, **where)
    assert "install the extra `tracing`" in result.stderr
    assert result.stdout.strip() == "serves"
