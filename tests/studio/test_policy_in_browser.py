"""The pages in a real browser: under the policy that they are sent with, all that they bring works."""

import pytest
from django.test import Client

from tests.browser import CHROMIUM, FLAGS, needs_browser
from tests.factories import SubjectFactory

pytestmark = needs_browser


@pytest.fixture
def subject(transactional_db):
    return SubjectFactory()


@pytest.fixture
def pass_of_root(transactional_db, root):
    """The cookie of somebody who is logged in to the studio."""
    visit = Client()
    visit.force_login(root)
    return visit.cookies["sessionid"].value


# Rows are made before: where the browser is, Django asks the database nothing.
@pytest.fixture
def browse(subject, pass_of_root, live_server):
    """Opens an address in a page; `browse.refused` is what the browser has refused to run, load or send."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(120_000)  # a busy machine is no finding

        def browse(path):
            page.goto(live_server.url + path, wait_until="networkidle")
            return page

        browse.refused = []
        page.on("pageerror", lambda error: browse.refused.append((page.url, str(error))))
        page.on(
            "console",
            lambda said: (
                "Content Security Policy" in said.text and browse.refused.append((page.url, said.text))
            ),
        )
        yield browse
        browser.close()


def test_pages_of_studio_and_docs_work_under_their_policy(browse, live_server, subject, pass_of_root):
    docs = browse("/api/docs/")
    # Without the mouse: to scroll a page of all calls costs a busy machine half a minute.
    docs.locator(".opblock-summary-control").first.dispatch_event("click")
    docs.locator(".opblock.is-open .parameters-col_description").first.wait_for()
    login = browse("/admin/login/")
    colour = login.evaluate("getComputedStyle(document.querySelector('#header')).backgroundColor")
    login.context.add_cookies([{"name": "sessionid", "value": pass_of_root, "url": live_server.url}])
    table = browse("/admin/materials/subject/?q=e")
    table.locator("#action-toggle").check()
    chosen = table.locator(".action-counter").inner_text()
    browse(f"/admin/materials/subject/{subject.pk}/change/")
    browse("/admin/nothing/here/")

    assert browse.refused == []
    # Style and script of the studio were there.
    assert colour != "rgba(0, 0, 0, 0)"
    assert chosen.startswith("1 of 1")
    # Had there been something, it would have been noticed.
    browse("/admin/").evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))"
    )
    assert len(browse.refused) == 1
