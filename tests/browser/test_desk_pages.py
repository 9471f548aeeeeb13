"""The language panel as a person meets it: a cited message is marked, and a reply is approved within five clicks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from app.bench.browser import settle

pytestmark = pytest.mark.browser
COLD = 150_000


def click(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_timeout(200)
    settle(page)


def test_a_citation_marks_its_message_and_the_address_holds_the_thread(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/issues?lang=en")
    settle(page, timeout=COLD)
    # A row of the queue: its button bears a merchant's name.
    page.locator('[class*="st-key-issues-queue-"] button').first.click()
    page.get_by_text("Word for word from the messages").wait_for(timeout=COLD)
    settle(page)
    expect(page).to_have_url(re.compile("ticket="))
    click(page, "Message 1")
    marked = page.locator('[class*="st-key-issues-thread-"]').filter(has_text="cited")
    expect(marked).to_have_count(1)
    expect(marked).to_be_in_viewport()
    page.reload()
    settle(page)
    expect(page.get_by_text("Word for word from the messages")).to_have_count(1)


def test_a_reply_is_approved_within_five_clicks_and_survives_a_reload(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/reply_desk?lang=en")
    settle(page, timeout=COLD)
    page.locator('[class*="st-key-desk-open-"] button').first.click()
    page.get_by_role("button", name="Draft a reply").wait_for(timeout=COLD)
    settle(page)
    click(page, "Draft a reply")
    reply = page.get_by_role("textbox", name="Reply")
    expect(reply).not_to_be_empty()
    text = reply.input_value()
    click(page, "Approve")
    page.get_by_text("It leaves only when you send it").wait_for()
    page.reload()
    settle(page)
    page.get_by_text("It leaves only when you send it").wait_for()
    expect(reply).to_have_value(text)
    head = page.locator(".st-key-desk-thread-head")
    page.get_by_role("button", name="Message 1").last.click()
    settle(page)
    head.evaluate("head => { for (let each = head; each; each = each.parentElement) each.scrollTop = 9999 }")
    expect(head).not_to_be_in_viewport()
    page.locator('[class*="st-key-desk-open-"] button:visible').nth(2).click()
    expect(head).to_be_in_viewport(timeout=COLD)


def test_a_chat_is_answered_survives_a_reload_and_goes_to_a_person(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/chat?lang=en")
    settle(page, timeout=COLD)
    expect(page.get_by_role("button", name="Talk to a person")).to_be_in_viewport()
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill("<b>How long</b> do I have to appeal a penalty?")
    box.press("Enter")
    page.get_by_text("Machine", exact=True).wait_for(timeout=COLD)
    settle(page)
    expect(page).to_have_url(re.compile("chat="))
    page.reload()
    settle(page)
    expect(page.get_by_text("<b>How long</b> do I have to appeal a penalty?")).to_have_count(1)
    click(page, "Talk to a person")
    expect(page.get_by_text("A person has this conversation; the machine stays silent.")).to_be_in_viewport()
