"""Every row leads to the rows that point at it, and each of them back."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

import common.admin
from materials.models import Subject
from media_summaries.models import Tag
from tests.factories import (
    DirectRoomFactory,
    MaterialFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProfileFactory,
    RoomFactory,
    RoomMemberFactory,
    RoomMessageFactory,
    SessionFactory,
    SubjectFactory,
    ThreadFactory,
    UserFactory,
    UserSettingsFactory,
    VideoSummaryFactory,
    VideoSummaryTagFactory,
)
from tests.studio.pages import page, save
from tests.test_schema import MODELS

# Who has put a row in the trash is read on that row; profile and settings stand on their person's page.
KEYS = [
    field
    for model in MODELS
    for field in model._meta.local_fields
    if field.many_to_one and field.name != "deleted_by"
]


def links(answer):
    """The counted links at the top of a row's page, by name."""
    found = re.search(r'<nav class="rows-here".+?</nav>', answer.content.decode(), re.DOTALL)
    spans = re.findall(r'<span>(.+?) <a href="(.+?)">(.+?)</a></span>', found[0]) if found else []
    return {name: (link, count) for name, link, count in spans}


@pytest.mark.parametrize("field", KEYS, ids=str)
def test_a_key_is_followed_both_ways(studio, field):
    target, row = MODELS[field.related_model](), MODELS[field.model]()
    field.model._base_manager.filter(pk=row.pk).update(**{field.name: target})

    there = links(studio.get(page(type(target), "change", target.pk)))
    (link,) = (
        link
        for link, count in there.values()
        if link.startswith(f"{page(field.model)}?{field.name}__id__exact=") and count == "1"
    )
    assert [found.pk for found in studio.get(link).context["cl"].result_list] == [row.pk]

    back = studio.get(page(field.model, "change", row.pk)).content.decode()
    assert page(type(target), "change", target.pk) in back or f'value="{target.pk}"' in back


def test_a_persons_page_leads_to_all_that_is_theirs(studio, alice, bob, queries):
    address = page(type(alice), "change", alice.pk)
    ProfileFactory(user=alice)
    UserSettingsFactory(user=alice)

    def open_page():
        with queries() as sent:
            answer = studio.get(address)
        return links(answer), len(sent)

    ContentType.objects.get_for_model(type(alice))
    nothing, cost = open_page()
    assert {name: count for name, (_, count) in nothing.items()} == dict.fromkeys(
        (
            "Email addresses",
            "Authenticators",
            "Social accounts",
            "Sessions",
            "Memberships",
            "Subjects",
            "Materials",
            "Video summaries",
            "Threads",
            "Rooms created",
            "Room memberships",
            "Room messages",
        ),
        "0",
    )

    SessionFactory(user=alice)
    OrganizationFactory(members={alice: "owner", bob: "member"})
    OrganizationFactory(members={alice: "member"})
    subject = SubjectFactory(user=alice)
    for _ in range(3):
        MaterialFactory(user=alice, subject=subject)
    VideoSummaryFactory(user=alice)
    ThreadFactory(user=alice, messages=2)
    room = RoomFactory(created_by=alice, members=[alice, bob])
    RoomMessageFactory(room=room, user=alice)
    RoomMessageFactory(room=room, user=bob)
    DirectRoomFactory(people=[alice, bob])

    everything, cost_of_everything = open_page()

    assert {name: count for name, (_, count) in everything.items() if count != "0"} == {
        "Sessions": "1",
        "Memberships": "2",
        "Subjects": "1",
        "Materials": "3",
        "Video summaries": "1",
        "Threads": "1",
        "Rooms created": "1",
        "Room memberships": "2",
        "Room messages": "1",
    }
    # Who asks (2); the person; groups and permissions, had and to choose from (4); profile, settings and
    # memberships (3); one for all counts.
    assert cost == cost_of_everything == 11


def test_counts_come_from_indexes(studio, alice, queries):
    with queries() as sent:
        studio.get(page(type(alice), "change", alice.pk))

    (counts,) = (query["sql"] for query in sent if query["sql"].count("COUNT(*)") > 5)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {counts}")
            assert "Seq Scan" not in str(cursor.fetchall())
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {counts}")
            steps = [detail for *_, detail in cursor.fetchall()]
            assert not [step for step in steps if step.startswith("SCAN ") and "counted" not in step], steps


def test_a_count_stops_where_it_is_only_many(studio, alice, monkeypatch):
    monkeypatch.setattr(common.admin, "MANY", 2)
    for _ in range(4):
        SubjectFactory(user=alice)

    _, count = links(studio.get(page(type(alice), "change", alice.pk)))["Subjects"]

    assert count == "more than 2"


def test_a_page_shows_the_first_of_many_members(studio, monkeypatch):
    monkeypatch.setattr(common.admin, "MANY_INLINE", 2)
    room = RoomFactory(members=[UserFactory() for _ in range(4)])

    answer = studio.get(page(type(room), "change", room.pk))

    assert answer.content.decode().count(f"in {room.name}") == 2
    assert links(answer)["Members"][1] == "4"
    assert save(studio, room, name="Renamed").status_code == 302
    assert room.members.count() == 4


def test_a_tag_leads_to_its_videos(studio):
    video = VideoSummaryFactory(tags=["Moon"])
    VideoSummaryFactory(tags=["Sea"])

    link, count = links(studio.get(page(Tag, "change", Tag.objects.get(name="Moon").pk)))["Video summaries"]

    assert count == "1"
    assert [row.pk for row in studio.get(link).context["cl"].result_list] == [video.pk]


def test_nobody_is_led_where_they_may_not_look(client, alice):
    alice.is_staff = True
    alice.save()
    alice.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "view_subject"]))
    client.force_login(alice)

    assert set(links(client.get(page(type(alice), "change", alice.pk)))) == {"Subjects"}


def test_a_place_is_called_by_the_names_of_both(studio, alice, bob, queries):
    group = OrganizationFactory(name="Study club", members={alice: "owner"})
    room = RoomFactory(name="Exam week", members=[alice])
    video = VideoSummaryFactory(title="The tides", tags=["Moon"], categories=["Sky"])

    def read(row):
        with queries() as sent:
            content = studio.get(page(type(row), "change", row.pk)).content.decode()
        return content, len(sent)

    ContentType.objects.get_for_models(*map(type, (group, room, video)))
    first = {row: read(row)[1] for row in (group, room, video)}
    assert "Alice in Study club" in read(group)[0]
    assert "Alice in Study club" in read(alice)[0]
    assert "Alice in Exam week" in read(room)[0]
    assert "Moon on The tides" in read(video)[0]
    assert "Sky of The tides" in read(video)[0]

    OrganizationMemberFactory(organization=group, user=bob)
    RoomMemberFactory(room=room, user=bob)
    VideoSummaryTagFactory(video_summary=video)
    assert {row: read(row)[1] for row in (group, room, video)} == first
    assert read(group)[0].count("in Study club") == 2


def test_a_subjects_count_leads_to_what_it_counts(studio, root):
    subject = SubjectFactory()
    for _ in range(2):
        MaterialFactory(user=subject.user, subject=subject)
    MaterialFactory(user=subject.user, subject=subject, deleted_at="2026-01-01T00:00:00Z")

    listed = studio.get(page(Subject)).content.decode()
    link = re.search(r'href="([^"]+subject__id__exact[^"]+)">2</a>', listed)[1].replace("&amp;", "&")

    assert studio.get(link).context["cl"].result_count == 2


@pytest.mark.parametrize("factory", MODELS.values(), ids=lambda factory: factory._meta.model.__name__)
def test_a_list_costs_the_same_however_long_it_is(studio, queries, factory):
    def cost():
        with queries() as sent:
            assert studio.get(page(factory._meta.model)).status_code == 200
        return len(sent)

    factory()
    one = cost()
    for _ in range(4):
        factory()

    assert cost() == one


def test_a_person_without_a_name_goes_by_the_address(studio):
    person = UserFactory(name="", email="nameless@example.com")
    OrganizationFactory(name="Club", members={person: "owner"})

    assert (
        "nameless@example.com in Club" in studio.get(page(type(person), "change", person.pk)).content.decode()
    )
