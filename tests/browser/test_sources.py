"""What an answer is taken from, and how a reader gets there."""

from playwright.sync_api import expect

from tests.browser.chat import Chat, body


def test_notes_lead_to_the_sources_and_open_what_was_quoted(going: Chat) -> None:
    answer = going.asked("/search")
    sources = answer.locator(".sources > ol > li")
    expect(sources).to_have_count(3)
    link = sources.first.get_by_role("link", name="Tide tables")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")

    answer.get_by_role("link", name="Source 3").click()

    quote = "Wind from the west, steady; clear sky."
    expect(sources.last.get_by_text(quote)).to_be_visible()
    said = body(answer).inner_text()
    assert "the harbour is 3.2 m deep at low water." in said
    assert "Sources" not in said


def test_steps_unfold_what_was_found_and_run(going: Chat) -> None:
    answer = going.asked("/search tides")
    steps = answer.locator("[data-part=aside] .step")
    expect(steps).to_have_count(4)
    expect(steps.nth(1)).to_contain_text("Searched the web for “tides”")

    steps.nth(3).locator("summary").click()

    expect(steps.nth(3).get_by_text("high water: 06:12, 18:37")).to_be_visible()
    expect(steps.nth(3)).to_contain_text("file_scripted_tides")
