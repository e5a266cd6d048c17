"""`manage.py purge`: what goes for good, what goes along, and what must stay."""

import io
import itertools
import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AttemptCounter, Organization, Session, User
from chatrooms.models import Room, RoomMessage
from common.models import SoftDeleteModel
from common.purging import GOES_ALONG, IS_LET_GO, Doomed, name_of, purge
from config.management.commands.purge import APPS
from materials.models import Material, Subject
from materials.purge import UPLOAD_ENDS_WITHIN
from media_summaries.models import Keyframe, Tag, VideoSummary
from tests.factories import (
    PASSWORD,
    AttemptCounterFactory,
    DirectRoomFactory,
    MaterialFactory,
    OrganizationFactory,
    ProfileFactory,
    RoomFactory,
    RoomMessageFactory,
    SessionFactory,
    SubjectFactory,
    ThreadFactory,
    UserFactory,
    UserSettingsFactory,
    VideoSummaryFactory,
)
from threads.models import Message, Thread

NOBODY = {"id": None, "name": "Deleted user", "username": None, "image": ""}
MONTH = 31


def run(*arguments):
    """Purge; the printed counts by the name of the table."""
    printed = io.StringIO()
    call_command("purge", *arguments, stdout=printed)
    lines = re.findall(r"^([A-Z][a-z -]+?) {2,}([\d,]+)$", printed.getvalue(), re.MULTILINE)
    return {name.lower(): int(count.replace(",", "")) for name, count in lines}


def long_ago(*rows, days=MONTH):
    """Let rows have been deleted so many days ago."""
    for row in rows:
        found = type(row).objects.filter(pk=row.pk, deleted_at__isnull=False)
        assert found.update(deleted_at=timezone.now() - timedelta(days=days)) == 1


def table_counts():
    models = apps.get_models(include_auto_created=True)
    return {name_of(model): model._base_manager.count() for model in models}


def snapshot():
    models = apps.get_models(include_auto_created=True)
    return {model: list(model._base_manager.order_by("pk").values()) for model in models}


def is_there(row):
    return type(row).objects.filter(pk=row.pk).exists()


# --- Each table with a trash.


def subject_of(client):
    return client.post("/api/v1/subjects/", {"name": "Optics"}).json()["id"]


def room_of(client):
    return client.post("/api/v1/rooms/", {"name": "Exam week"}).json()["id"]


def thread_of(client):
    return client.post("/api/v1/threads/", {"title": "Lenses"}).json()["id"]


# The table: where its rows are made and deleted, and what makes the one of a number.
TRASH = {
    Subject: (lambda client: "/api/v1/subjects/", lambda client, n: {"name": f"Subject {n}"}),
    Material: (
        lambda client: "/api/v1/materials/",
        lambda client, n: {"title": f"Material {n}", "type": "text", "subject": subject_of(client)},
    ),
    Thread: (lambda client: "/api/v1/threads/", lambda client, n: {"title": f"Thread {n}"}),
    Message: (
        lambda client: f"/api/v1/threads/{thread_of(client)}/messages/",
        lambda client, n: {"role": "user", "content": f"Message {n}"},
    ),
    VideoSummary: (
        lambda client: "/api/v1/video-summaries/",
        lambda client, n: {"youtube_url": f"https://youtu.be/video-{n:05}", "tags": ["Moon"]},
    ),
    Organization: (lambda client: "/api/v1/organizations/", lambda client, n: {"name": f"Club {n}"}),
    Room: (lambda client: "/api/v1/rooms/", lambda client, n: {"name": f"Room {n}"}),
    RoomMessage: (
        lambda client: f"/api/v1/rooms/{room_of(client)}/messages/",
        lambda client, n: {"content": f"Message {n}"},
    ),
    User: (lambda client: "/api/v1/ops/users/", None),
}


def rows_of(model, client):
    """Three rows with the addresses at which they are deleted."""
    where, body = TRASH[model]
    address = where(client)
    for number in range(3):
        if body is None:
            row = UserFactory()
        else:
            made = client.post(address, body(client, number))
            assert made.status_code == 201, made.json()
            row = model.objects.get(pk=made.json()["id"])
        yield row, f"{address}{row.pk}/"


def test_every_table_with_a_trash_is_tried():
    with_trash = {model for model in apps.get_models() if issubclass(model, SoftDeleteModel)}

    assert TRASH.keys() == with_trash | {User}


@pytest.mark.parametrize("model", TRASH, ids=lambda model: model.__name__)
def test_what_was_deleted_long_ago_goes_and_the_rest_stays(model, as_user, root):
    client = as_user(root)
    (old, its_address), (young, address), (live, _) = rows_of(model, client)
    assert client.delete(its_address).status_code == client.delete(address).status_code == 204
    long_ago(old)
    long_ago(young, days=29)

    expected, before = run("--dry-run"), table_counts()

    assert is_there(old)
    assert expected == run()
    assert [is_there(row) for row in (old, young, live)] == [False, True, True]
    after = table_counts()
    assert expected == {name: count - after[name] for name, count in before.items() if count != after[name]}
    assert expected[name_of(model)] == 1
    assert run() == {}
    assert run("--older-than", "29d")[name_of(model)] == 1


def test_nothing_older_than_it_can_be_is_named_by_hours_days_or_weeks(as_user, alice):
    subject = SubjectFactory(user=alice)
    as_user(alice).delete(f"/api/v1/subjects/{subject.pk}/")
    long_ago(subject, days=8)

    assert run("--older-than", "2w", "--dry-run") == {}
    assert run("--older-than", "193h", "--dry-run") == {}
    for span in ("1w", "8d", "0d", "191h"):
        assert run("--older-than", span, "--dry-run") == {"subjects": 1}


@pytest.mark.parametrize(
    "span", ["", "30", "d", "30m", "-1d", "1.5d", "30 d", "30D", "٣d", "99999d", "forever"]
)
def test_a_span_that_is_none_is_refused_in_a_line(span, db):
    with pytest.raises(CommandError, match=r"^--older-than is a number of hours, days or weeks[^\n]+$"):
        run(f"--older-than={span}")


def test_a_database_that_awaits_migrations_is_not_purged(db, monkeypatch):
    monkeypatch.setattr("config.management.commands.purge.pending_migrations", lambda: ["threads.0001"])

    with pytest.raises(CommandError, match="Migrations are pending"):
        run()


# --- What goes along, and what is let go.


@pytest.fixture
def world(as_user, alice, bob, root):
    """alice has one of everything, and her account ended long ago; bob's things that touch hers stay."""
    subject = SubjectFactory(user=alice)
    material = MaterialFactory(user=alice, subject=subject)
    ThreadFactory(user=alice, material=material, messages=3)
    video = VideoSummaryFactory(user=alice, tags=["Moon"], categories=["Sky"])
    as_user(alice).post(
        f"/api/v1/video-summaries/{video.pk}/keyframes/",
        {"timestamp": 1, "image_url": "https://example.com/a.jpg"},
    )
    ProfileFactory(user=alice)
    UserSettingsFactory(user=alice)
    SessionFactory(user=bob)
    group = RoomFactory(admins=[bob], members=[alice], created_by=alice)
    as_user(alice).post(f"/api/v1/rooms/{group.pk}/messages/", {"content": "Until tomorrow."})
    direct = DirectRoomFactory(people=[alice, bob], created_by=alice)
    as_user(alice).post(f"/api/v1/rooms/{direct.pk}/messages/", {"content": "Good night."})
    RoomFactory(admins=[alice], messages=2)  # nobody else is in it, so it goes along
    OrganizationFactory(members={alice: "owner"})
    OrganizationFactory(members={alice: "member", bob: "owner"})
    said = as_user(bob).post(f"/api/v1/rooms/{group.pk}/messages/", {"content": "Never mind."}).json()
    said = RoomMessage.objects.get(pk=said["id"])
    RoomMessage.objects.filter(pk=said.pk).soft_delete(by=alice)
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
    Authenticator.objects.create(user=alice, type="totp", data={})
    account = SocialAccount.objects.create(user=alice, provider="google", uid="1")
    SocialToken.objects.create(account=account, token="x")
    LogEntry.objects.create(user=alice, object_repr="x", action_flag=CHANGE)
    alice.groups.add(Group.objects.create(name="Tutors"))
    assert as_user(root).delete(f"/api/v1/ops/users/{alice.pk}/").status_code == 204
    instant = timezone.now() - timedelta(days=MONTH)
    for model in (User, Room, Organization):
        model.objects.deleted().update(deleted_at=instant)
    return {"group": group, "direct": direct, "said": said}


def test_a_dry_run_counts_what_a_run_removes_and_changes_nothing(world):
    before, counts = snapshot(), table_counts()

    expected = run("--dry-run")

    assert snapshot() == before
    assert expected == run()
    left = table_counts()
    assert expected == {name: count - left[name] for name, count in counts.items() if count != left[name]}
    assert len(expected) == 22, expected


def test_a_purged_person_is_gone_from_everywhere_and_what_they_said_stays(world, as_user, bob, anyone):
    run()

    for model in (EmailAddress, Authenticator, SocialAccount, SocialToken, LogEntry, Subject, Keyframe):
        assert not model.objects.exclude(**({"user": bob} if model is EmailAddress else {})).exists()
    client = as_user(bob)
    rooms = {room["id"]: room for room in client.get("/api/v1/rooms/").json()["items"]}
    group, direct = (rooms[str(world[name].pk)] for name in ("group", "direct"))
    assert group["last_message"]["user"] == direct["last_message"]["user"] == direct["other"] == NOBODY
    assert (group["other"], group["member_count"], direct["member_count"]) == (None, 1, 1)
    assert (group["unread_count"], direct["unread_count"]) == (1, 1)
    for room in rooms:
        assert client.get(f"/api/v1/rooms/{room}/").json() == rooms[room]
        history = client.get(f"/api/v1/rooms/{room}/messages/").json()["items"]
        assert [message["user"] for message in history] == [NOBODY]
        assert len(client.get(f"/api/v1/rooms/{room}/members/").json()["items"]) == 1
        said = client.post(f"/api/v1/rooms/{room}/messages/", {"content": "Still here?"})
        assert said.status_code == 201
    assert client.patch(f"/api/v1/rooms/{group['id']}/", {"name": "Ours"}).status_code == 200
    assert client.delete(f"/api/v1/rooms/{direct['id']}/").status_code == 204
    assert client.post(f"/api/v1/rooms/{direct['id']}/restore/").status_code == 200
    assert client.get("/api/v1/organizations/").json()["items"][0]["member_count"] == 1
    # Whoever had deleted something is nobody now; it is deleted all the same.
    world["said"].refresh_from_db()
    assert world["said"].deleted_at is not None
    assert world["said"].deleted_by_id is None
    again = {"email": "alice@example.com", "username": "alice", "password": PASSWORD, "name": "Alice"}
    assert anyone.post("/api/v1/signup/", again).status_code == 201


def test_words_that_people_share_stay(world):
    run()

    assert Tag.objects.count() == 1


def test_a_direct_room_goes_with_the_second_of_its_people(as_user, alice, bob, root):
    room = DirectRoomFactory(people=[alice, bob])
    RoomMessageFactory(room=room, user=bob)
    DirectRoomFactory(people=[root, bob])
    for person in (alice, bob):
        as_user(root).delete(f"/api/v1/ops/users/{person.pk}/")
    long_ago(alice)
    run()
    assert as_user(root).post(f"/api/v1/ops/users/{bob.pk}/restore/").status_code == 200
    assert as_user(bob).get(f"/api/v1/rooms/{room.pk}/").json()["other"] == NOBODY

    as_user(root).delete(f"/api/v1/ops/users/{bob.pk}/")
    long_ago(User.objects.get(pk=bob.pk))
    expected = run("--dry-run")

    assert expected["rooms"] == expected["room messages"] == 1
    assert expected == run()
    assert [room.direct_key.count(str(root.pk)) for room in Room.objects.all()] == [1]


def test_a_thread_outlives_its_material_without_it(as_user, alice):
    material = MaterialFactory(user=alice)
    thread = ThreadFactory(user=alice, material=material, messages=2)
    as_user(alice).delete(f"/api/v1/materials/{material.pk}/")
    long_ago(material)

    assert run() == {"materials": 1}
    shown = as_user(alice).get(f"/api/v1/threads/{thread.pk}/").json()
    assert (shown["material"], shown["message_count"]) == (None, 2)


def test_every_key_of_another_table_goes_along_or_is_let_go():
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if field.remote_field:
                assert field.remote_field.on_delete in (*GOES_ALONG, *IS_LET_GO), field


# --- Rooms remember from where on their past is whole.


def test_a_room_remembers_up_to_where_its_past_has_been_purged(as_user, alice, bob):
    room, other = RoomFactory(admins=[alice], members=[bob]), RoomFactory(admins=[alice])
    address = f"/api/v1/rooms/{room.pk}/"
    ids = [as_user(alice).post(f"{address}messages/", {"content": str(n)}).json()["id"] for n in range(1, 5)]
    answer = as_user(bob).post(f"{address}messages/", {"content": "What?", "reply_to": ids[1]}).json()
    as_user(alice).post(f"/api/v1/rooms/{other.pk}/messages/", {"content": "Elsewhere"})
    for key in (ids[3], ids[1], ids[0]):  # revisions 6, 7 and 8
        as_user(alice).delete(f"{address}messages/{key}/")
    deleted = {str(row.pk): row for row in RoomMessage.objects.deleted()}
    assert [deleted[key].revision for key in (ids[3], ids[1], ids[0])] == [6, 7, 8]
    long_ago(deleted[ids[3]], deleted[ids[1]])
    before = as_user(bob).get(address).json()

    assert run() == {"room messages": 2}

    room.refresh_from_db()
    other.refresh_from_db()
    assert (room.purged_revision, room.last_revision, room.last_seq) == (7, 8, 5)
    assert other.purged_revision == 0
    assert as_user(bob).get(address).json() == before
    assert (before["unread_count"], before["last_message"]["id"]) == (1, answer["id"])
    history = as_user(bob).get(f"{address}messages/").json()
    assert [(message["seq"], message["reply_to"]) for message in history["items"]] == [(3, None), (5, None)]
    posted = as_user(bob).post(f"{address}messages/", {"content": "On we go."}).json()
    assert (posted["seq"], posted["revision"]) == (6, 9)
    # One of a lower revision goes later: what was said before does not move back.
    long_ago(deleted[ids[0]])
    RoomMessage.objects.filter(pk=ids[0]).update(revision=2)
    run()
    room.refresh_from_db()
    assert room.purged_revision == 7


def test_a_purged_thread_message_leaves_its_number_behind(as_user, alice):
    thread = ThreadFactory(user=alice, messages=3)
    last = thread.messages.last()
    as_user(alice).delete(f"/api/v1/threads/{thread.pk}/messages/{last.pk}/")
    long_ago(last)
    run()

    said = as_user(alice).post(f"/api/v1/threads/{thread.pk}/messages/", {"role": "user", "content": "?"})
    assert said.json()["seq"] == 4


# --- Whole or not at all.


def broken_off(rows):
    """Purge rows, and stop where the first of what hangs on them has gone."""
    steps = purge(Doomed(rows))
    next(steps)
    steps.close()


def test_what_is_being_removed_is_not_restored_and_goes_with_the_next_run(as_user, alice, root, client):
    thread = ThreadFactory(user=alice, messages=50)
    as_user(alice).delete(f"/api/v1/threads/{thread.pk}/")
    long_ago(thread)

    broken_off(Thread.objects.deleted_before(timezone.now()))

    assert 0 < thread.messages.count() < 50
    assert as_user(alice).post(f"/api/v1/threads/{thread.pk}/restore/").status_code == 404
    assert as_user(alice).get("/api/v1/threads/?deleted=true").json()["total"] == 0
    client.force_login(root)
    client.post("/admin/threads/thread/", {"action": "bring_back", "_selected_action": thread.pk})
    thread.refresh_from_db()
    assert thread.deleted_at is not None
    left = thread.messages.count()
    assert run("--dry-run") == run() == {"threads": 1, "messages": left}


def test_a_pair_gets_another_room_while_theirs_is_being_removed(as_user, alice, bob):
    room = DirectRoomFactory(people=[alice, bob])
    for _ in range(50):
        RoomMessageFactory(room=room)
    as_user(bob).delete(f"/api/v1/rooms/{room.pk}/")
    long_ago(room)
    broken_off(Room.objects.deleted_before(timezone.now()))

    opened = as_user(alice).post("/api/v1/rooms/direct/", {"user": str(bob.pk)})

    assert opened.status_code == 201
    assert as_user(bob).get("/api/v1/rooms/").json()["total"] == 1
    assert as_user(bob).post(f"/api/v1/rooms/{room.pk}/restore/").status_code == 404
    run()
    assert [str(row.pk) for row in Room.objects.all()] == [opened.json()["id"]]


def test_an_account_is_restored_whole_or_not_at_all(as_user, alice, bob, root):
    for person in (alice, bob):
        ThreadFactory(user=person, messages=50)
        OrganizationFactory(members={person: "owner"})
        as_user(root).delete(f"/api/v1/ops/users/{person.pk}/")
        instant = timezone.now() - timedelta(days=MONTH)
        User.objects.filter(pk=person.pk).update(deleted_at=instant)
        Organization.objects.filter(memberships__user=person).update(deleted_at=instant)
    first, second = sorted((alice, bob), key=lambda person: person.pk)

    broken_off(User.objects.filter(pk=first.pk).deleted_before(timezone.now()))

    assert as_user(root).post(f"/api/v1/ops/users/{first.pk}/restore/").status_code == 404
    assert as_user(root).post(f"/api/v1/ops/users/{second.pk}/restore/").status_code == 200
    assert as_user(second).get("/api/v1/organizations/").json()["total"] == 1
    run()
    assert not is_there(first)
    assert (Organization.objects.count(), Message.objects.count()) == (1, 50)


def test_a_run_that_is_broken_off_has_taken_the_people_before_what_went_with_them(as_user, alice, bob, root):
    for person in (alice, bob):
        OrganizationFactory(members={person: "owner"})
        RoomFactory(admins=[person])
        as_user(root).delete(f"/api/v1/ops/users/{person.pk}/")
    now = timezone.now()

    steps = (name for app in APPS for one in app.doomed(now) for name, _ in purge(one))
    gone = list(itertools.takewhile(lambda name: name not in ("organizations", "rooms"), steps))

    assert "people" in gone
    for person in (alice, bob):
        assert as_user(root).post(f"/api/v1/ops/users/{person.pk}/restore/").status_code == 404


def test_what_is_restored_before_its_turn_stays(as_user, alice):
    threads = [ThreadFactory(user=alice, messages=3) for _ in range(2)]
    for thread in threads:
        as_user(alice).delete(f"/api/v1/threads/{thread.pk}/")
        long_ago(thread)
    steps = purge(Doomed(Thread.objects.filter(pk=threads[0].pk).deleted_before(timezone.now())))
    assert as_user(alice).post(f"/api/v1/threads/{threads[0].pk}/restore/").status_code == 200

    assert list(steps) == []
    assert threads[0].messages.count() == 3


# --- What has expired.


def test_expired_log_ins_tokens_and_counters_go(as_user, alice):
    hour = timedelta(hours=1)
    SessionFactory(user=alice, expires_at=timezone.now() - hour)
    SessionFactory(user=alice, kind="api", name="old", expires_at=timezone.now() - hour)
    SessionFactory(user=None, expires_at=timezone.now() - hour)
    token = SessionFactory(user=alice, kind="api", name="new")
    AttemptCounterFactory(expires_at=timezone.now() - hour)
    counting = AttemptCounterFactory()

    assert run("--dry-run") == run() == {"sessions": 3, "attempt counters": 1}
    assert list(Session.objects.all()) == [token]
    assert list(AttemptCounter.objects.all()) == [counting]


# --- Files.


@pytest.fixture
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return settings.MEDIA_ROOT


def upload(name, age=UPLOAD_ENDS_WITHIN + 60):
    """A file as an upload leaves it, so many seconds ago."""
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"What is to be learned.")
    for touched in (path, path.parent):
        os.utime(touched, (time.time() - age,) * 2)
    return path


def stored(number, extension="pdf"):
    return f"materials/{number:02x}/{number:032x}.{extension}"


def file_material(user, number):
    return MaterialFactory(user=user, type="file", content="", file=stored(number), file_name="notes.pdf")


def test_files_go_with_their_materials(uploads, as_user, alice, root):
    gone = [file_material(alice, number) for number in range(2)]
    in_subject, kept, missing = (file_material(alice, number) for number in (2, 3, 4))
    paths = [upload(stored(number), age=0) for number in range(4)]
    for address in (
        *(f"materials/{row.pk}" for row in (*gone, missing)),
        f"subjects/{in_subject.subject_id}",
    ):
        assert as_user(alice).delete(f"/api/v1/{address}/").status_code == 204
    long_ago(*gone, missing, Subject.objects.get(pk=in_subject.subject_id))

    expected = run("--dry-run")

    assert all(path.exists() for path in paths)
    assert expected == run() == {"files": 3, "materials": 4, "subjects": 1}
    assert [path.exists() for path in paths] == [False, False, False, True]
    assert is_there(kept)


def test_files_go_with_their_person(uploads, as_user, alice, root):
    file_material(alice, 1)
    path = upload(stored(1), age=0)
    as_user(root).delete(f"/api/v1/ops/users/{alice.pk}/")
    long_ago(User.objects.get(pk=alice.pk))

    assert run()["files"] == 1
    assert not path.exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_stays_until_its_material_is_really_gone(uploads, alice, monkeypatch):
    material = file_material(alice, 1)
    path = upload(stored(1))
    Material.objects.filter(pk=material.pk).soft_delete()
    monkeypatch.setattr("django.db.models.query.QuerySet.delete", lambda rows: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run("--older-than", "0d")

    assert path.exists()


def test_files_that_belong_to_nothing_go_once_they_are_a_day_old(uploads, alice):
    file_material(alice, 1)
    named, orphan, deeper = upload(stored(1)), upload(stored(2)), upload("materials/03/04/05.txt")
    in_flight = upload(stored(6), age=UPLOAD_ENDS_WITHIN - 60)
    elsewhere = upload("avatars/07.png")

    assert run("--dry-run") == {"files": 2}
    assert orphan.exists()
    assert run() == {"files": 2}
    assert [path.exists() for path in (named, orphan, deeper)] == [True, False, False]
    assert in_flight.exists()
    assert elsewhere.exists()
    assert run() == {}


def test_links_are_not_followed(uploads, as_user, alice, tmp_path):
    far = tmp_path / "far"
    far.mkdir()
    secrets = [far / name for name in ("one", "two", "three")]
    for path in secrets:
        path.write_text("secret")
        os.utime(path, (0, 0))
    upload(stored(1))
    (uploads / "materials/aa").symlink_to(far, target_is_directory=True)
    (uploads / stored(1)).unlink()
    (uploads / stored(1)).symlink_to(secrets[1])
    # Nobody's upload: names that lead out of the folder.
    names = ["materials/aa/one", stored(1), "../far/three", str(secrets[0])]
    for name in names:
        row = MaterialFactory(user=alice, type="file", content="", file=name, file_name="x")
        as_user(alice).delete(f"/api/v1/materials/{row.pk}/")
        long_ago(row)

    assert run() == {"materials": 4}
    assert all(path.exists() for path in secrets)


def test_the_folder_of_uploads_is_not_followed_to_another_place(uploads, db, tmp_path):
    orphan = upload("elsewhere/aa/1.pdf")
    (uploads / "materials").symlink_to(uploads / "elsewhere", target_is_directory=True)

    assert run() == {}
    assert orphan.exists()


def test_many_files_are_looked_up_a_few_at_a_time(uploads, alice, queries, monkeypatch):
    monkeypatch.setattr("materials.purge._SOME", 2)
    for number in range(5):
        upload(stored(number))
    file_material(alice, 3)

    with queries() as sent:
        assert run("--dry-run") == {"files": 4}

    assert len([query for query in sent if '."file" IN' in query["sql"]]) == 3
