"""The demo page, served as in use: two people in a room, each with a browser of their own."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.sessions import log_in
from chatrooms.services import delete_message
from tests.browser import CHROMIUM, FLAGS, needs_browser
from tests.factories import PASSWORD, RoomFactory, UserFactory
from tests.server import Line, Server

pytestmark = [needs_browser, pytest.mark.django_db(transaction=True)]

ATTACK = "<img src=x onerror=alert(1)>"
# What a page tells of the network in its console, where a test takes the network away.
LINE = re.compile("Failed to load resource")


@pytest.fixture(scope="module")
def server(django_db_setup):
    """On the database of the tests, which is emptied between these."""
    server = Server(THROTTLE_LOGIN="2/min")
    server.start()
    server.connect().close()
    yield server
    server.kill()


@pytest.fixture
def ada(transactional_db):
    return UserFactory(name="Ada", username="ada")


@pytest.fixture
def ben(transactional_db):
    return UserFactory(name="Ben", username="ben")


@pytest.fixture
def room(request, ada, ben, carol):
    messages = getattr(request, "param", 12)
    return RoomFactory(name="Exam week", admins=[ada, carol], members=[ben], messages=messages)


@pytest.fixture
def purge_first(room, ada):
    """Removes the room's first message for good; in a thread without a browser, where Django may ask."""

    def purge():
        first = room.messages.get(seq=1)
        delete_message(room_id=room.pk, message_id=first.pk, by=ada)
        call_command("purge", "--older-than=0h", stdout=StringIO())
        connection.close()

    with ThreadPoolExecutor(1) as thread:
        yield lambda: thread.submit(purge).result()


@pytest.fixture
def remove(room, carol, server):
    """Lets somebody go, by another admin's program."""
    token = log_in(carol, ip_address="192.0.2.1", user_agent="tests").session_key
    line = Line(server.port)
    yield lambda person: line.ask(token, "DELETE", f"rooms/{room.pk}/members/{person.pk}/")
    line.close()


# Rows are made before: where the browser is, Django asks the database nothing.
@pytest.fixture
def browse(room, remove, purge_first, server):
    """The page in a browser of its own; `browse.complaints` is what browsers have complained of."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def browse():
            page = browser.new_context().new_page()
            page.set_default_timeout(60_000)  # a busy machine is no finding
            page.on("pageerror", lambda error: browse.complaints.append(str(error)))
            page.on("console", lambda said: LINE.match(said.text) or browse.complaints.append(said.text))
            page.on("dialog", lambda dialog: dialog.accept())
            page.goto(f"http://127.0.0.1:{server.port}/demo/room/")
            return page

        browse.complaints = []
        yield browse
        browser.close()


@pytest.fixture
def visit(browse):
    """The page of somebody who has logged in."""

    def visit(person, password=PASSWORD):
        page = browse()
        log_in_on(page, person, password)
        return page

    return visit


def log_in_on(page, person, password=PASSWORD):
    page.get_by_label("E-mail or username").fill(person.username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def open_room(page):
    page.get_by_role("link", name="Exam week").click()
    page.get_by_text("Live", exact=True).wait_for()


def say(page, words):
    page.get_by_label("Message", exact=True).press_sequentially(words)
    page.get_by_label("Message", exact=True).press("Enter")


def item(page, words):
    return page.get_by_role("listitem").filter(has=page.get_by_text(words, exact=True))


def words(page):
    """All that stands in the room, from top to bottom."""
    return page.locator("#messages .content").all_inner_texts()


def shows(page, said):
    """Wait until exactly this stands in the room."""
    page.wait_for_function(
        """said => {
            const items = document.querySelectorAll("#messages li:not(.waiting) .content");
            return JSON.stringify(Array.from(items, (item) => item.textContent)) === JSON.stringify(said);
        }""",
        arg=said,
    )
    assert words(page) == said


@pytest.mark.parametrize("room", [60], indirect=True)
def test_two_people_see_at_once_what_the_other_does(browse, visit, remove, ada, ben, room, server):
    his = visit(ben, password="guessed")
    his.get_by_text("password you specified are not correct").wait_for()
    log_in_on(his, ben)
    open_room(his)
    hers = visit(ada)
    unread = item(hers, "Exam week").locator(".unread")
    assert unread.inner_text() == "60 unread"
    open_room(hers)
    hers.get_by_text("Here now: Ben").wait_for()

    # What was said before, the older on demand.
    before = [f"Message {number}" for number in range(1, 61)]
    shows(hers, before[10:])
    hers.get_by_role("button", name="Older messages").click()
    shows(hers, before)
    assert hers.get_by_role("button", name="Older messages").is_hidden()
    unread.wait_for(state="hidden")

    # Typing, and text that stays text.
    his.get_by_label("Message", exact=True).press_sequentially(ATTACK)
    hers.get_by_text("Ben is typing…").wait_for()
    assert not his.get_by_text("is typing…").is_visible()
    his.get_by_label("Message", exact=True).press("Enter")
    item(hers, ATTACK).wait_for(timeout=5_000)
    assert hers.get_by_text("Ben is typing…").is_hidden()
    assert hers.locator("#messages img").count() == his.locator("#messages img").count() == 0
    # One's own can be edited; an admin deletes what anybody has said.
    assert item(hers, ATTACK).get_by_role("button", name="Edit").is_hidden()
    item(his, ATTACK).get_by_role("button", name="Edit").click()
    his.get_by_label("Other words").fill("Better words")
    his.get_by_label("Other words").press("Enter")
    item(hers, "Better words").get_by_text("edited").wait_for(timeout=5_000)
    assert item(hers, ATTACK).count() == 0
    item(hers, "Better words").get_by_role("button", name="Delete").click()
    item(his, "Better words").wait_for(state="detached", timeout=5_000)

    # Who is removed is told, and says nothing more here.
    assert remove(ben)[0] == 204
    his.get_by_text("You are not in this room any more.").wait_for(timeout=10_000)
    assert his.get_by_label("Message", exact=True).evaluate("field => field.matches('[inert] *')")
    item(his, "Exam week").wait_for(state="detached")

    # Who leaves is logged out on the server as well; who comes back too often is told to wait.
    token = his.evaluate("sessionStorage.getItem('token')")
    his.get_by_role("button", name="Log out").click()
    his.get_by_role("heading", name="Log in").wait_for()
    with closing(Line(server.port)) as line:
        assert line.ask(token, "GET", "me/")[0] == 401
    assert his.evaluate("sessionStorage.length") == 0
    log_in_on(his, ben)
    his.get_by_text(re.compile(r"^Too many attempts. Try again in \d+ seconds.$")).wait_for()
    assert browse.complaints == []


def test_who_loses_the_line_misses_nothing_and_doubles_nothing(browse, visit, ada, ben, server, purge_first):
    hers, his = visit(ada), visit(ben)
    open_room(hers)
    open_room(his)
    said = [f"Message {number}" for number in range(1, 13)]

    # His network goes; both go on, and each sees what the other has said when it is back.
    his.context.set_offline(True)
    his.get_by_text("Connection lost, trying again…").wait_for()
    for one in ("Mine", "Mine, too"):
        say(his, one)
    for one in ("Hers", "Hers, too"):
        say(hers, one)
    shows(hers, said := [*said, "Hers", "Hers, too"])
    assert words(his)[-2:] == ["Mine", "Mine, too"]
    his.context.set_offline(False)
    shows(hers, said := [*said, "Mine", "Mine, too"])
    shows(his, said)

    # The server hears him, but he does not hear the server: he says it again by the same id.
    sent = []

    def lose_the_first_answer(route):
        sent.append(route.request.post_data_json)
        answer = route.fetch()
        if answer.status == 201:
            # His own stream is faster, and tells him already that it has arrived.
            item(his, "Once").get_by_role("button", name="Edit").wait_for()
            route.abort()
        else:
            route.fulfill(response=answer)

    his.route("**/messages/", lose_the_first_answer)
    with his.expect_response("**/messages/") as second:
        say(his, "Once")
    assert second.value.status == 200
    assert len(sent) == 2
    assert sent[0] == sent[1]
    his.unroute("**/messages/")
    for page in (hers, his):
        shows(page, [*said, "Once"])

    # The server is killed. When it is back, a message has been purged, of which no event tells.
    server.kill()
    for page in (hers, his):
        page.get_by_text("Connection lost, trying again…").wait_for()
    say(his, "While it was down")
    purge_first()
    server.start()
    said.remove("Message 1")
    for page in (hers, his):
        shows(page, [*said, "Once", "While it was down"])
    assert browse.complaints == []


def test_the_parser_of_events_keeps_to_the_standard(browse):
    stream = (
        "\ufeff: a comment\r\n\r\nid: 7\nevent: message\ndata: Grüße 👋\n\n"
        "data\rdata: 2\rid\0: no\rid: 8\0\r\r"
        "event: deleted\r\ndata:{}\r\nretry: 9\r\nnonsense\r\n\r\n"
        "event: nothing\n\nid: 9\n\ndata:  x\n\ndata: cut off"
    )
    read = """async ([bytes, size]) => {
        const {eventsOf} = await import("/static/demo/lyceum.js");
        const events = [];
        const body = new ReadableStream({
            start(controller) {
                for (let at = 0; at < bytes.length; at += size)
                    controller.enqueue(Uint8Array.from(bytes.slice(at, at + size)));
                controller.close();
            },
        });
        for await (const {id, type, data} of eventsOf(body)) events.push([id, type, data]);
        return events;
    }"""
    page = browse()

    for size in (1, 2, 3, 1000):
        assert page.evaluate(read, [list(stream.encode()), size]) == [
            ["7", "message", "Grüße 👋"],
            ["7", "message", "\n2"],
            ["7", "deleted", "{}"],
            ["9", "message", " x"],
        ]
