"""What the API refuses, the studio refuses too, and says so in plain words at the place in question."""

import pytest
from django.apps import apps
from django.db import models

from accounts.models import OrganizationMember, User
from chatrooms.models import Room, RoomMember
from common.constraints import Worded
from materials.models import Material
from media_summaries.models import VideoSummaryTag
from tests.factories import (
    PASSWORD,
    CategoryFactory,
    DirectRoomFactory,
    KeyframeFactory,
    MaterialFactory,
    MessageFactory,
    OrganizationFactory,
    ProfileFactory,
    RoomFactory,
    SubjectFactory,
    TagFactory,
    ThreadFactory,
    UserFactory,
    UserSettingsFactory,
    VideoSummaryFactory,
)
from tests.studio.pages import form_data, page, said, save

HIDDEN = "a\u200bb"
NOTHING_TO_SEE = "\u200d"
REFUSED = [
    (UserFactory, "name", HIDDEN),
    (UserFactory, "name", NOTHING_TO_SEE),
    (UserFactory, "username", "ab"),
    (UserFactory, "username", "ada@park"),
    (UserFactory, "username", "äda"),
    (UserFactory, "image", "javascript:alert(1)"),
    (UserFactory, "image", "https://ada:secret@example.com/"),
    (UserFactory, "external_id", HIDDEN),
    (ProfileFactory, "timezone", "Mars/Olympus"),
    (ProfileFactory, "timezone", "localtime"),
    (ProfileFactory, "locale", "english please"),
    (ProfileFactory, "headline", "\u202eevil"),
    (ProfileFactory, "bio", "a\x08b"),
    (UserSettingsFactory, "difficulty", "11"),
    (UserSettingsFactory, "preferences", "[]"),
    (UserSettingsFactory, "preferences", '{"a": "' + 17_000 * "x" + '"}'),
    (OrganizationFactory, "name", HIDDEN),
    (OrganizationFactory, "slug", "Upper Case"),
    (SubjectFactory, "name", "line\x7fend"),
    (SubjectFactory, "name", 201 * "x"),
    (MaterialFactory, "title", HIDDEN),
    (MaterialFactory, "url", "ftp://example.com"),
    (ThreadFactory, "title", HIDDEN),
    (MessageFactory, "content", "a\x08b"),
    (MessageFactory, "content", NOTHING_TO_SEE),
    (MessageFactory, "metadata", "[]"),
    (MessageFactory, "parts", "{}"),
    (VideoSummaryFactory, "title", HIDDEN),
    (VideoSummaryFactory, "summary", "a\x08b"),
    (VideoSummaryFactory, "thumbnail_url", "data:,x"),
    (KeyframeFactory, "image_url", "ftp://example.com/a.png"),
    (TagFactory, "color", "red"),
    (CategoryFactory, "description", 501 * "x"),
    (RoomFactory, "name", HIDDEN),
    (RoomFactory, "name", ""),
]


@pytest.mark.parametrize(
    ("factory", "field", "value"), REFUSED, ids=lambda part: str(getattr(part, "__name__", part))[:12]
)
def test_a_value_that_the_api_refuses_is_refused_at_its_field(studio, factory, field, value):
    row = factory()
    before = type(row)._base_manager.filter(pk=row.pk).values().get()

    answer = save(studio, row, **{field: value})

    assert answer.status_code == 200
    assert set(said(answer)) == {field}
    assert value == "" or f"“{field}" not in answer.content.decode()
    assert type(row)._base_manager.filter(pk=row.pk).values().get() == before


def test_names_are_trimmed_and_composed_and_long_texts_stay_as_written(studio):
    subject = SubjectFactory()

    save(studio, subject, name="  E\u0301cologie ", description="  one\r\n\r\ntwo \r\n")

    subject.refresh_from_db()
    assert subject.name == "\u00c9cologie"
    assert subject.description == "  one\n\ntwo \n"


def test_a_text_of_many_lines_that_nobody_touched_is_not_rewritten(studio, queries):
    message = MessageFactory(content=" one\r\ntwo\n")
    # As a browser sends it back.
    untouched = message.content.replace("\r\n", "\n").replace("\n", "\r\n")

    with queries() as sent:
        assert save(studio, message, content=untouched).status_code == 302

    assert not [query for query in sent if query["sql"].startswith("UPDATE")]
    message.refresh_from_db()
    assert message.content == " one\r\ntwo\n"


def test_a_taken_username_is_said_at_the_field(studio, alice, bob):
    answer = save(studio, bob, username="ALICE")

    assert said(answer) == {"username": ["This username is taken."]}


def test_what_a_person_says_of_themselves_is_held_to_the_rules_on_their_page_too(studio, alice):
    profile = ProfileFactory(user=alice)
    answer = save(studio, alice, **{"profile-0-timezone": "Mars/Olympus"})
    assert list(said(answer)) == ["profile-0-timezone"]

    save(studio, alice, **{"profile-0-timezone": "Europe/Paris", "profile-0-headline": " Reads "})

    before, profile = profile, type(profile).objects.get()
    assert (profile.timezone, profile.headline) == ("Europe/Paris", "Reads")
    assert profile.updated_at > before.updated_at


def test_every_rule_of_a_table_has_plain_words():
    ours = ("accounts", "materials", "media_summaries", "threads", "chatrooms")
    for model in apps.get_models():
        for rule in model._meta.constraints if model._meta.app_label in ours else ():
            if isinstance(rule, models.CheckConstraint) or rule.contains_expressions or rule.condition:
                assert isinstance(rule, Worded), rule.name
                assert rule.name not in rule.get_violation_error_message()
                assert rule.deconstruct()[0].startswith("django.db.models.")


def test_a_rule_between_two_columns_is_said_at_the_one_to_change(studio):
    text = MaterialFactory(title="Before")

    answer = save(studio, text, title="After", url="https://example.com")

    assert said(answer) == {"url": ["A material of type url has an address, and no other has one."]}
    assert answer.context["adminform"].form["title"].value() == "After"
    assert Material.objects.get().title == "Before"


def test_a_material_stays_with_its_owner(studio, alice, bob):
    material = MaterialFactory(user=alice)
    theirs, gone = SubjectFactory(user=bob), SubjectFactory(user=alice, deleted_at="2026-01-01T00:00Z")
    hers = SubjectFactory(user=alice)

    for other in (theirs, gone):
        assert list(said(save(studio, material, subject=other.pk))) == ["subject"]
    assert save(studio, material, subject=hers.pk, user=bob.pk).status_code == 302

    material.refresh_from_db()
    assert (material.subject, material.user) == (hers, alice)


def test_a_thread_is_about_its_owners_material(studio, alice, bob):
    thread = ThreadFactory(user=alice, material=MaterialFactory(user=alice))
    theirs = MaterialFactory(user=bob)

    assert list(said(save(studio, thread, material=theirs.pk))) == ["material"]
    assert save(studio, thread, material="", user=bob.pk).status_code == 302
    thread.refresh_from_db()
    assert (thread.material, thread.user) == (None, alice)

    new = {"user": alice.pk, "title": "New", "material": theirs.pk}
    assert list(said(studio.post(page(type(thread), "add"), new))) == ["material"]
    assert studio.post(page(type(thread), "add"), new | {"user": bob.pk}).status_code == 302


def test_a_subject_stays_with_its_owner(studio, alice, bob):
    subject = SubjectFactory(user=alice)

    save(studio, subject, user=bob.pk, name="Renamed")

    subject.refresh_from_db()
    assert (subject.user, subject.name) == (alice, "Renamed")


@pytest.mark.parametrize("factory", [ProfileFactory, UserSettingsFactory])
def test_what_is_a_persons_own_stays_theirs(studio, bob, factory):
    row = factory()

    assert save(studio, row, user=bob.pk).status_code == 302

    assert type(row).objects.get().user == row.user


def test_putting_a_turn_right_moves_its_thread(studio, alice, as_user):
    thread = ThreadFactory(user=alice, messages=2)
    message = thread.messages.first()

    def moved():
        before, after = thread.updated_at, type(thread).objects.get(pk=thread.pk).updated_at
        thread.refresh_from_db()
        return after > before

    def run(action):
        studio.post(page(type(message)), {"action": action, "_selected_action": [str(message.pk)]})

    save(studio, message, content="Other words")
    assert moved()
    run("hide")
    assert moved()
    assert as_user(alice).get(f"/api/v1/threads/{thread.pk}/").json()["message_count"] == 1
    run("bring_back")
    assert moved()
    message.refresh_from_db()
    assert (message.content, message.deleted_at) == ("Other words", None)


def test_with_its_tags_and_keyframes_a_video_moves(studio):
    video = VideoSummaryFactory(tags=["Moon"])
    keyframe = KeyframeFactory(video_summary=video)
    tagged = VideoSummaryTag.objects.get()

    def moved():
        before = video.updated_at
        video.refresh_from_db()
        return video.updated_at > before

    save(studio, keyframe, description="A wave", video_summary=VideoSummaryFactory().pk)
    assert moved()
    keyframe.refresh_from_db()
    assert (keyframe.video_summary, keyframe.description) == (video, "A wave")
    sea = {"videosummarytag_set-TOTAL_FORMS": "2", "videosummarytag_set-1-tag": TagFactory(name="Sea").pk}
    assert save(studio, video, **sea).status_code == 302
    assert moved()
    assert save(studio, video, **{"videosummarytag_set-0-DELETE": "on"}).status_code == 302
    assert moved()
    assert [tag.name for tag in video.tags.all()] == ["Sea"]
    assert not VideoSummaryTag.objects.filter(pk=tagged.pk).exists()
    delete(studio, keyframe)
    assert moved()


# --- Who is where


def delete(studio, *rows):
    """Choose rows in their list and delete them; what the next page says."""
    chosen = {"action": "delete_selected", "_selected_action": [str(row.pk) for row in rows], "post": "yes"}
    return studio.post(page(type(rows[0])), chosen, follow=True).content.decode()


def add(studio, model, **fields):
    answer = studio.post(page(model, "add"), {name: getattr(v, "pk", v) for name, v in fields.items()})
    return answer.status_code == 302 or said(answer)


def test_an_organization_keeps_an_owner(studio, alice, bob):
    group = OrganizationFactory(members={alice: "owner", bob: "member"})
    owner, member = group.memberships.get(user=alice), group.memberships.get(user=bob)
    kept = "An organization keeps at least one owner."

    assert said(save(studio, owner, role="member")) == {"_": [kept]}
    assert kept in delete(studio, member, owner)
    one = studio.post(page(OrganizationMember, "delete", owner.pk), {"post": "yes"}, follow=True)
    assert kept in one.content.decode()
    assert group.memberships.count() == 2

    assert save(studio, member, role="owner").status_code == 302
    assert save(studio, owner, role="member").status_code == 302
    delete(studio, owner)
    assert [(place.user, place.role) for place in group.memberships.all()] == [(bob, "owner")]


def test_people_are_taken_into_an_organization_once_and_while_they_are_there(studio, alice, bob, as_user):
    group = OrganizationFactory(members={alice: "owner"})
    gone = UserFactory(is_active=False)

    assert add(studio, OrganizationMember, organization=group, user=bob, role="admin") is True
    again = add(studio, OrganizationMember, organization=group, user=bob, role="admin")
    assert "exist" in str(again)
    assert list(add(studio, OrganizationMember, organization=group, user=gone, role="member")) == ["user"]

    shown = as_user(bob).get(f"/api/v1/organizations/{group.pk}/").json()
    assert (shown["role"], shown["member_count"]) == ("admin", 2)
    place = group.memberships.get(user=bob)
    history = studio.get(page(OrganizationMember, "history", place.pk))
    assert "Added" in history.content.decode()
    save(studio, place, organization=OrganizationFactory().pk, user=alice.pk, role="member")
    place.refresh_from_db()
    assert (place.organization, place.user, place.role) == (group, bob, "member")


def test_a_group_keeps_an_admin(studio, alice, bob):
    room = RoomFactory(admins=[alice], members=[bob])
    admin, member = room.members.get(user=alice), room.members.get(user=bob)

    assert said(save(studio, admin, role="member")) == {"_": ["A group keeps at least one admin."]}
    delete(studio, admin)
    member.refresh_from_db()
    assert member.role == "admin"
    delete(studio, member)
    assert Room.objects.get().deleted_at is not None


def test_a_direct_room_keeps_its_two_people(studio, alice, bob, carol):
    room = DirectRoomFactory(people=[alice, bob])
    place = room.members.first()

    added = add(studio, RoomMember, room=room, user=carol, role="member")
    assert added == {"_": ["A direct room keeps its two people as they are, and has no name."]}
    assert studio.post(page(RoomMember, "delete", place.pk), {"post": "yes"}).status_code == 403
    assert "You may not do this." in delete(studio, place)
    assert room.members.count() == 2


def test_a_newcomer_to_a_group_has_nothing_unread(studio, alice, bob, as_user):
    room = RoomFactory(admins=[alice], messages=3)

    assert add(studio, RoomMember, room=room, user=bob, role="member") is True

    assert as_user(bob).get(f"/api/v1/rooms/{room.pk}/").json()["unread_count"] == 0
    assert "exist" in str(add(studio, RoomMember, room=room, user=bob, role="member"))
    gone = UserFactory(deleted_at="2026-01-01T00:00Z")
    assert list(add(studio, RoomMember, room=room, user=gone, role="member")) == ["user"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["organization", "room"])
def test_of_two_who_demote_the_last_two_at_once_one_is_refused(kind, at_once, alice, bob, root, client):
    from django.test import Client

    if kind == "organization":
        group = OrganizationFactory(members={alice: "owner", bob: "owner"})
        places, table = list(group.memberships.all()), OrganizationMember
    else:
        room = RoomFactory(admins=[alice, bob])
        places, table = list(room.members.all()), RoomMember
    staff = [Client(), Client()]
    for one in staff:
        one.login(username=root.email, password=PASSWORD)

    def demote(one, place):
        address = page(table, "change", place.pk)
        return lambda: one.post(address, {"role": "member"}).status_code

    answers = at_once(*(demote(one, place) for one, place in zip(staff, places, strict=True)))

    assert sorted(answers) == [200, 302]
    assert table.objects.exclude(role="member").count() == 1


def test_what_another_has_taken_meanwhile_is_said_on_the_form(studio, alice, bob, monkeypatch):
    address = page(User, "change", bob.pk)
    form = form_data(studio.get(address)) | {"username": "alice", "name": "Robert"}
    # The form looked before the other one came.
    monkeypatch.setattr(User, "validate_constraints", lambda *args, **kwargs: None)

    answer = studio.post(address, form)

    assert said(answer) == {"username": ["This username is taken."]}
    assert answer.context["adminform"].form["name"].value() == "Robert"
    bob.refresh_from_db()
    assert (bob.username, bob.name) == ("bob", "Bob")
