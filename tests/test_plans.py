"""Lists read their rows in order from an index: nobody's list is sorted, nobody's rows are scanned for it."""

import io
import os
import re
from itertools import takewhile

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from chatrooms.models import RoomMessage
from tests.factories import (
    KeyframeFactory,
    MaterialFactory,
    RoomFactory,
    SessionFactory,
    SubjectFactory,
    ThreadFactory,
    VideoSummaryFactory,
)
from tests.test_schema import MODELS
from threads.models import Message

LISTS = [
    ("/api/v1/subjects/", ["name", "created_at", "updated_at"]),
    ("/api/v1/materials/", ["title", "created_at", "updated_at"]),
    ("/api/v1/video-summaries/", ["title", "created_at", "updated_at", "duration"]),
    ("/api/v1/threads/", ["title", "created_at", "updated_at"]),
]
ORDERED = [
    f"{address}?ordering={sign}{name}" for address, names in LISTS for name in names for sign in ("", "-")
]
FILTERED = [
    "/api/v1/subjects/?deleted=true",
    "/api/v1/materials/?deleted=true",
    "/api/v1/materials/?type=text",
    "/api/v1/materials/?subject={subject}",
    "/api/v1/video-summaries/?deleted=true",
    "/api/v1/video-summaries/?status=pending",
    "/api/v1/video-summaries/{video}/keyframes/",
    "/api/v1/tags/",
    "/api/v1/categories/",
    "/api/v1/rooms/{room}/messages/",
    "/api/v1/rooms/{room}/messages/?after=1",
    "/api/v1/rooms/{room}/messages/?before=2",
    "/api/v1/rooms/{room}/changes/?after=1",
    "/api/v1/rooms/{room}/members/",
    "/api/v1/threads/?deleted=true",
    "/api/v1/threads/?material={material}",
    "/api/v1/threads/{thread}/messages/",
    "/api/v1/threads/{thread}/messages/?after=1",
    "/api/v1/threads/{thread}/messages/?before=2",
]
# Each with the column that its windows begin at, and in which direction.
HISTORIES = [
    ("/api/v1/threads/{thread}/messages/", "thread_id", None),
    ("/api/v1/threads/{thread}/messages/?before=3", "thread_id", "seq<"),
    ("/api/v1/threads/{thread}/messages/?after=1", "thread_id", "seq>"),
    ("/api/v1/rooms/{room}/messages/", "room_id", None),
    ("/api/v1/rooms/{room}/messages/?before=3", "room_id", "seq<"),
    ("/api/v1/rooms/{room}/messages/?after=1", "room_id", "seq>"),
    ("/api/v1/rooms/{room}/changes/?after=1", "room_id", "revision>"),
]
# Never long, so without pages.
WHOLE = ["/api/v1/me/sessions/", "/api/v1/me/tokens/"]
FOR_STAFF = [
    "/api/v1/ops/users/",
    "/api/v1/ops/users/?include_deleted=true",
    "/api/v1/ops/users/?email=alice@example.com",
    "/api/v1/ops/users/?search=ali",
]


def whole_plan_of(sql):
    """Every step with whether it is nested inside each row of another one."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # On a table of three rows any plan is as good: leave only those that scale.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            cursor.execute(f"EXPLAIN {sql}")
            steps = [row[0] for row in cursor.fetchall()]
            own = len(list(takewhile(lambda step: "SubPlan" not in step, steps)))
            return [(step, number >= own) for number, step in enumerate(steps)]
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [(detail, parent != 0) for _, parent, _, detail in cursor.fetchall()]


def with_values(sql, params):
    """A statement as it can be explained: the log of one that is kept prepared has no values in it."""
    if connection.vendor == "postgresql":
        return connection.ops.compose_sql(sql, params)
    return connection.ops.last_executed_query(None, sql, params)


def plan_of(sql):
    """The steps that find and order the rows; what is nested inside each row is its own affair."""
    return [step for step, is_nested in whole_plan_of(sql) if not is_nested]


@pytest.mark.parametrize("address", ORDERED + FILTERED)
def test_a_list_comes_from_an_index(address, as_user, alice):
    material = MaterialFactory(user=alice)
    video = VideoSummaryFactory(user=alice, tags=["Moon"], categories=["Sky"])
    KeyframeFactory(video_summary=video)
    room = RoomFactory(admins=[alice], messages=3)
    thread = ThreadFactory(user=alice, material=material, messages=3)
    as_user(alice).delete(f"/api/v1/video-summaries/{VideoSummaryFactory(user=alice).pk}/")
    for row in (SubjectFactory(user=alice), MaterialFactory(user=alice), ThreadFactory(user=alice)):
        as_user(alice).delete(f"/api/v1/{row._meta.model_name}s/{row.pk}/")
    places = {
        "subject": material.subject_id,
        "material": material.pk,
        "thread": thread.pk,
        "video": video.pk,
        "room": room.pk,
    }

    check_plan(last_statement(as_user(alice), address.format(**places)))


def last_statement(client, address):
    """What reads the rows of a list."""
    sent = []

    def noted(execute, sql, params, *more):
        sent.append(with_values(sql, params))
        return execute(sql, params, *more)

    with connection.execute_wrapper(noted):
        assert client.get(address).status_code == 200

    assert "LIMIT" in sent[-1]
    return sent[-1]


@pytest.mark.parametrize(("address", "parent", "start"), HISTORIES)
def test_a_window_of_a_history_begins_at_its_number_in_an_index(address, parent, start, as_user, alice):
    room = RoomFactory(admins=[alice], messages=3)
    thread = ThreadFactory(user=alice, messages=3)

    sql = last_statement(as_user(alice), address.format(room=room.pk, thread=thread.pk))

    steps = plan_of(sql)
    window = f"{parent}=? AND {start}?" if start else f"{parent}=?"
    if connection.vendor == "postgresql":
        found = [re.sub(r"[() ]|'[^']+'::\w+", "", step) for step in steps if "Index Cond" in step]
        window = window.replace("?", "").replace(" ", "")
    else:
        found = [step for step in steps if re.search(r"SEARCH \w+_(room)?message USING INDEX", step)]
    assert [step for step in found if window in step], steps


@pytest.mark.parametrize(
    "address", [address for address, *_ in HISTORIES] + ["/api/v1/rooms/{room}/members/"]
)
def test_whoever_reads_one_room_is_not_asked_for_all_rooms(address, as_user, alice):
    room = RoomFactory(admins=[alice], messages=3)
    thread = ThreadFactory(user=alice, messages=3)

    sql = last_statement(as_user(alice), address.format(room=room.pk, thread=thread.pk))

    # What SQLite calls the rows of an IN that it makes a list of before it looks at the first row.
    assert not [step for step, _ in whole_plan_of(sql) if "LIST SUBQUERY" in step]


@pytest.mark.parametrize("order", ["", "?ordering=name", "?search=moon", "?deleted=true"])
def test_rooms_are_found_by_their_members(order, as_user, alice, bob):
    RoomFactory.create_batch(50, admins=[bob])
    RoomFactory(admins=[alice])
    gone = RoomFactory(admins=[alice])
    as_user(alice).delete(f"/api/v1/rooms/{gone.pk}/")

    sql = last_statement(as_user(alice), f"/api/v1/rooms/{order}")

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE chatrooms_room; ANALYZE chatrooms_roommember")
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}")
            steps = [row[0] for row in cursor.fetchall()]
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            steps = [row[3] for row in cursor.fetchall()]
    # The one of all rooms, in the order in which a list shows them.
    assert not [step for step in steps if "room_all_by_update" in step], steps
    assert not [step for step in steps if step.startswith("SCAN ") and "room" in step], steps
    assert [step for step in steps if "room_member_newest_by_user" in step], steps


@pytest.mark.parametrize("address", WHOLE + FOR_STAFF)
def test_a_list_of_people_or_log_ins_comes_from_an_index(address, as_user, alice, root, queries):
    SessionFactory(user=root, kind="api", name="backup")
    client = as_user(root)

    with queries() as sent:
        assert client.get(address).status_code == 200

    assert ("LIMIT" in sent[-1]["sql"]) is (address in FOR_STAFF)
    check_plan(sent[-1]["sql"])


def check_plan(page):
    steps = plan_of(page)
    assert not [step for step in steps if "Sort" in step or "TEMP B-TREE FOR ORDER" in step], steps
    assert not [step for step in steps if "Seq Scan" in step], steps
    assert not [step for step in steps if step.startswith("SCAN ") and "USING INDEX" not in step], steps


STUDIO = [
    "threads/message/",
    "threads/message/?trash=only",
    "threads/message/?thread__id__exact={thread}",
    "threads/message/?q={thread}",
    "chatrooms/roommessage/",
    "chatrooms/roommessage/?trash=only",
    "chatrooms/roommessage/?room__id__exact={room}",
    "chatrooms/roommessage/?user__id__exact={alice}",
    "chatrooms/roommessage/?q={room}",
]


@pytest.mark.parametrize("address", STUDIO)
def test_the_studio_never_reads_all_messages(address, client, root, alice, queries):
    room = RoomFactory(members=[alice], messages=3)
    thread = ThreadFactory(user=alice, messages=3)
    client.force_login(root)

    with queries() as sent:
        assert client.get(f"/admin/{address.format(room=room.pk, thread=thread.pk, alice=alice.pk)}")

    pages = [query["sql"] for query in sent if "_message" in query["sql"] or "_roommessage" in query["sql"]]
    assert len(pages) == 2
    for page in pages:
        # Of a count, what it counts.
        counted = re.search(r"COUNT\(\*\) FROM \((.+)\) subquery", page)
        steps = plan_of(counted[1] if counted else page)
        assert not [step for step in steps if "Seq Scan" in step], steps
        assert not [step for step in steps if step.startswith("SCAN ") and "INDEX" not in step], steps


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_list_of_the_studio_comes_in_order_from_an_index(model, client, root, queries):
    for _ in range(2):
        MODELS[model]()
    client.force_login(root)

    with queries() as sent:
        assert client.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/").status_code == 200

    steps = plan_of(sent[-1]["sql"])
    # An incremental sort puts the few in order that the index leaves equal.
    sorts = re.compile(r"(?<!Incremental )\bSort  \(|TEMP B-TREE FOR ORDER")
    assert not [step for step in steps if sorts.search(step)], steps


@pytest.mark.parametrize("table", ["threads/message", "chatrooms/roommessage"])
def test_messages_cannot_be_sorted_otherwise_or_searched_by_words(table, client, root):
    ThreadFactory(messages=1)
    RoomFactory(messages=1)
    client.force_login(root)

    sorted_otherwise = client.get(f"/admin/{table}/?o=1")
    by_word = client.get(f"/admin/{table}/?q=Message")

    assert sorted_otherwise.context["cl"].queryset.query.order_by == ("-id",)
    assert by_word.context["cl"].result_count == 0


@pytest.mark.parametrize("login", ["Alice", "alice@example.com"])
def test_whoever_logs_in_is_found_by_an_index(db, login):
    rows = User.objects.called(login).order_by()
    sql = str(rows.query).replace("= ALICE", "= 'ALICE'").replace(f"= {login}", f"= '{login}'")

    assert any("INDEX" in step.upper() and "SCAN ACCOUNTS" not in step.upper() for step in plan_of(sql))


def test_a_purge_reads_no_whole_table_but_finds_its_rows_by_index(alice, bob, queries, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "materials").mkdir()
    (tmp_path / "materials" / "orphan.pdf").touch()
    os.utime(tmp_path / "materials" / "orphan.pdf", (0, 0))
    thread = ThreadFactory(user=alice, messages=3)
    room = RoomFactory(members=[alice, bob], messages=3)
    video = VideoSummaryFactory(user=alice, tags=["Moon"], categories=["Sky"])
    KeyframeFactory(video_summary=video)
    material = MaterialFactory(user=bob)
    Message.objects.filter(thread=thread, seq=1).soft_delete()
    RoomMessage.objects.filter(room=room, seq=1).soft_delete()
    for row in (material, User.objects.get(pk=alice.pk)):
        type(row).objects.filter(pk=row.pk).soft_delete(**({"by": bob} if row == material else {}))

    with queries() as sent:
        call_command("purge", older_than="0d", stdout=io.StringIO())

    # The other tables are small beside these; their trash is found by one walk along the key.
    tables = "threads_message|chatrooms_roommessage|media_summaries_keyframe"
    asked = re.compile(rf'(SELECT|DELETE|UPDATE) .*"({tables})"')
    large = [query["sql"] for query in sent if asked.match(query["sql"])]
    assert len(large) > 20
    scan = re.compile(rf"Seq Scan on ({tables})|SCAN ({tables})(?!.* INDEX )")
    for sql in large:
        assert not [step for step, _ in whole_plan_of(sql) if scan.search(step)], sql
    look_ups = [query["sql"] for query in sent if '."file" IN' in query["sql"]]
    assert look_ups
    for sql in look_ups:
        assert [step for step, _ in whole_plan_of(sql) if "material_file_once" in step], sql
