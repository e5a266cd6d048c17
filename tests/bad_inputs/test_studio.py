"""Nasty names, as support staff meet them."""

import pytest
from django.utils.html import escape

from tests.bad_inputs.cases import cases_of, value_of
from tests.factories import (
    CategoryFactory,
    KeyframeFactory,
    MaterialFactory,
    MessageFactory,
    OrganizationFactory,
    ProfileFactory,
    RoomFactory,
    RoomMessageFactory,
    SessionFactory,
    SubjectFactory,
    TagFactory,
    ThreadFactory,
    UserFactory,
    UserSettingsFactory,
    VideoSummaryFactory,
)
from tests.studio.pages import page

SHOWN = [case for case in cases_of("string") if "escaped_in_admin" in case.values[0].get("then", "")]


def rows_with(text):
    """A row of each table, with the text wherever a person writes."""
    alice = UserFactory(name=text)
    subject = SubjectFactory(user=alice, name=text, description=text)
    thread = ThreadFactory(user=alice, title=text)
    video = VideoSummaryFactory(user=alice, title=text, description=text, channel_name=text)
    room = RoomFactory(name=text, admins=[alice])
    return [
        alice,
        ProfileFactory(user=alice, bio=text, headline=text),
        UserSettingsFactory(user=alice, model=text, preferences={text: text}),
        SessionFactory(user=alice, kind="api", name=text, user_agent=text),
        OrganizationFactory(name=text, members={alice: "owner"}),
        subject,
        MaterialFactory(user=alice, subject=subject, title=text, content=text),
        thread,
        MessageFactory(thread=thread, content=text, parts=[text], metadata={text: text}),
        video,
        KeyframeFactory(video_summary=video, description=text),
        TagFactory(name=text, description=text),
        CategoryFactory(name=text, description=text),
        room,
        RoomMessageFactory(room=room, user=alice, content=text),
    ]


@pytest.mark.parametrize("case", SHOWN)
def test_what_people_write_is_shown_as_text(case, client, root):
    client.force_login(root)
    text = value_of(case)

    for row in rows_with(text):
        addresses = [
            page(type(row)),
            *(page(type(row), name, row.pk) for name in ("change", "history", "delete")),
        ]
        for answer in map(client.get, addresses):
            assert answer.status_code in {200, 403}, answer.request["PATH_INFO"]
            assert text not in answer.content.decode(), answer.request["PATH_INFO"]
    shown = client.get(page(type(row), "change", row.pk)).content.decode()
    assert escape(text) in shown
