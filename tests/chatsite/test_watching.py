"""A real site that answers, fails and is stopped: what its metrics and its log say."""

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.played import told
from tests.scripted_server import Connection, answer, event_stream, scripted_server
from tests.signed_in import PASSWORD, SignedIn, signed_in

KEY = "sk-canary-key-93ab"
TEXT = "canary-question-5d11"
SAID = "canary-answer-e07a"
REQUEST_ID = "req_watching_1"


def sample(text: str, name: str, **labels: str) -> float:
    """The sum of the samples of this name that have these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def ended(count: int) -> Any:
    return lambda text: sample(text, "chatsite_turns_ended_total") == count


async def test_the_metrics_of_a_site_are_what_it_did(tmp_path: Path) -> None:
    async with signed_in(tmp_path) as person:
        await person.ask("/echo It is the tide that rises and falls.")
        await person.until("/metrics", ended(1))
        await person.ask("/fail")
        await person.until("/metrics", ended(2))
        conversation = await person.ask("/wait 30")
        await person.until(
            "/metrics", lambda text: sample(text, "chatsite_turns", model="scripted")
        )
        await person.browser.post(f"/c/{conversation}/stop")
        text = await person.until("/metrics", ended(3))

    ends = "chatsite_turns_ended_total"
    for status in ("complete", "failed", "stopped"):
        assert sample(text, ends, status=status, model="scripted") == 1
    assert sample(text, "chatsite_turns") == 0
    assert sample(text, "chatsite_first_word_seconds_count") == 1
    frames = sample(text, "chatsite_frame_delay_seconds_count")
    assert frames >= 1
    infinite = sample(text, "chatsite_frame_delay_seconds_bucket", le="+Inf")
    assert infinite == frames
    assert sample(text, "chatsite_provider_errors_total", code="overloaded") >= 1
    assert sample(text, "chatsite_calls_total", status="settled") == 1
    assert sample(text, "chatsite_calls_total", status="stopped") == 1
    assert sample(text, "chatsite_tokens_total", **{"class": "output"}) > 0
    assert sample(text, "chatsite_database_up") == 1
    assert sample(text, "chatsite_build_info", version="0.1.0") == 1
    assert sample(text, "process_resident_memory_bytes") > 0
    assert sample(text, "process_open_fds") > 0
    assert sample(text, "chatsite_event_loop_lag_seconds_count") > 0


async def upstream(connection: Connection) -> None:
    """A provider that lists one model, answers once, and refuses by quoting."""
    request = connection.server.requests[-1]
    if request.method == "GET":
        await answer(200, {"data": [{"id": "canary", "type": "model"}]})(connection)
    elif b"/fail" not in request.body:
        said = [f"data: {json.dumps(event)}\n\n".encode() for event in told(SAID)]
        await event_stream(said)(connection)
    else:
        words = f"Cannot take {request.body.decode()} with {KEY}"
        error = {"error": {"type": "invalid_request_error", "message": words}}
        await answer(400, error, f"request-id: {REQUEST_ID}")(connection)


async def live_through(person: SignedIn) -> None:
    """A good and a failing answer, wrong pages, a wrong password, an error."""
    await person.ask(f"{TEXT}", "canary")
    await person.until("/metrics", ended(1))
    await person.ask(f"/fail {TEXT}", "canary")
    await person.until("/metrics", ended(2))
    await person.page(f"/conversations/?q={TEXT}")
    await person.page(f"/nothing/%0d%0aforged?token={TEXT}")
    await person.page(f"/setup/{TEXT}/")
    form = {"login": "grace", "password": f"{PASSWORD}!"}
    await person.browser.post("/accounts/login/", data=form)
    await person.browser.get("/", headers={"Host": f"evil\t{'x' * 10}"})


@pytest.mark.parametrize("form", ["lines", "json"])
async def test_the_log_tells_what_happened_and_nothing_private(
    tmp_path: Path, form: str
) -> None:
    async with (
        scripted_server(upstream) as provider,
        signed_in(
            tmp_path,
            LOG_FORMAT=form,
            LOG_LEVEL="DEBUG",
            ANTHROPIC_BASE_URL=provider.url,
            ANTHROPIC_API_KEY=KEY,
            DEFAULT_MODEL="canary",
        ) as person,
    ):
        await live_through(person)
        session = person.browser.cookies["session"]
        log = person.log()

    secret_key = (tmp_path / "secret-key").read_text().strip()
    everything = "\n".join(log)
    for secret in (KEY, TEXT, SAID, PASSWORD, session, secret_key):
        assert secret not in everything
    assert not any(line.startswith("forged") for line in log)
    (failed,) = [line for line in log if REQUEST_ID in line]
    assert "invalid_request" in failed
    for name in ("request_id", "turn", "conversation", "person"):
        assert name in failed
    assert any("POST /c/ 201" in line for line in log)
    if form == "json":
        assert all(json.loads(line)["level"] for line in log)
