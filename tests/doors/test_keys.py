"""What a key, a word or an order can tell of rows that are another's: nothing, wherever it is sent."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.functions import Now
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from tests.doors.conftest import undone, whole
from tests.doors.test_doors import DOORS

pytestmark = pytest.mark.django_db

MATERIAL = {"title": "New", "type": "text"}
MOMENT = {"timestamp": 5, "image_url": "https://example.com/a.jpg"}
VIDEO = {"youtube_url": "https://youtu.be/kjBOesZCoqc"}
TURN = {"role": "user", "content": "Hi"}
SUBJECTS = ("subject", "old_subject", "own_old_subject")
MATERIALS = ("material", "old_material", "material_of_old_subject", "own_old_material")
NOT_PRESENT = ("deleted", "deactivated")
WORDS = ("word", "old_word", "own_old_word", "word_of_own_other_room")
# Every key in a body: who sends it where, at which field, what else the body has, and the rows it points at
# that its sender does not see. Each answers as a key of no row does: 400 `does_not_exist`.
KEYS_IN_BODIES = [
    ("stranger", "post", "materials/", "subject", MATERIAL, SUBJECTS),
    ("stranger", "patch", "materials/{own_material}/", "subject", {}, SUBJECTS),
    ("stranger", "post", "threads/", "material", {"title": "New"}, MATERIALS),
    ("stranger", "patch", "threads/{own_thread}/", "material", {}, MATERIALS),
    ("stranger", "post", "rooms/{own_room}/messages/", "reply_to", {"content": "Hi"}, WORDS),
    ("stranger", "post", "rooms/", "members.0", {"name": "New"}, NOT_PRESENT),
    ("stranger", "post", "rooms/direct/", "user", {}, NOT_PRESENT),
    ("owner", "post", "rooms/{room}/members/", "user", {}, NOT_PRESENT),
    ("owner", "post", "organizations/{acme}/members/", "user", {}, NOT_PRESENT),
]
# The one exception: an id of the sender's choice that is used already, by another's row or one in the trash,
# answers 409 `id_conflict`, alike for all of them.
IDS_IN_BODIES = [
    ("post", "organizations/", "id", {"name": "New"}, ("acme", "old_acme")),
    ("post", "subjects/", "id", {"name": "New"}, ("subject", "old_subject", "own_old_subject")),
    ("post", "materials/", "id", MATERIAL | {"subject": "{own_subject}"}, MATERIALS),
    ("post", "threads/", "id", {"title": "New"}, ("thread", "old_thread")),
    ("post", "threads/{own_thread}/messages/", "id", TURN, ("turn", "old_turn", "turn_of_old_thread")),
    ("post", "threads/{own_thread}/messages/batch/", "messages.0.id", TURN, ("turn", "turn_of_old_thread")),
    ("post", "video-summaries/", "id", VIDEO, ("video", "old_video")),
    ("post", "video-summaries/{own_video}/keyframes/", "id", MOMENT, ("keyframe", "keyframe_of_old_video")),
    ("post", "video-summaries/{own_video}/keyframes/", "keyframes.0.id", MOMENT, ("keyframe",)),
    (
        "post",
        "ops/video-jobs/{job}/complete/",
        "keyframes.0.id",
        MOMENT,
        ("keyframe", "keyframe_of_old_video"),
    ),
    ("post", "rooms/", "id", {"name": "New"}, ("room", "old_room", "direct")),
    ("post", "rooms/{own_room}/messages/", "id", {"content": "Hi"}, WORDS),
]
# The owner's file once more: who sends it, what it says, and the answer.
FORMS = [
    ("owner", b"Ebb and flow", 200),
    ("owner", b"Flow and ebb", 409),
    ("stranger", b"Ebb and flow", 409),
]
# Keys that only a POST writes; a PATCH knows no such field, whatever it holds.
FIXED = [
    ("patch", "organizations/{acme}/", "id"),
    ("patch", "subjects/{own_subject}/", "id"),
    ("patch", "materials/{own_material}/", "id"),
    ("patch", "threads/{own_thread}/", "id"),
    ("patch", "threads/{own_thread}/messages/{own_turn}/", "id"),
    ("patch", "video-summaries/{own_video}/", "id"),
    ("patch", "video-summaries/{own_video}/keyframes/{own_keyframe}/", "id"),
    ("patch", "rooms/{own_room}/", "id"),
    ("patch", "rooms/{own_room}/", "members.0"),
    ("patch", "rooms/{own_room}/messages/{own_word}/", "id"),
    ("patch", "rooms/{own_room}/messages/{own_word}/", "reply_to"),
]
# Every parameter that narrows a list: what only rows of others have, and what no row has. The stranger gets
# the same empty page. A parameter may stand in `doors.txt` instead, with the number that each one gets.
FILTERS = [
    ("materials/?subject={subject}", "materials/?subject={unused}"),
    ("materials/?subject={own_old_subject}", "materials/?subject={unused}"),
    ("materials/?subject={old_subject}&deleted=true", "materials/?subject={unused}&deleted=true"),
    ("materials/?type=url", "materials/?type=file"),
    ("materials/?search=zanzibar", "materials/?search=nowhere"),
    ("threads/?material={material}", "threads/?material={unused}"),
    ("threads/?search=zanzibar", "threads/?search=nowhere"),
    ("video-summaries/?tag=zanzibar", "video-summaries/?tag=nowhere"),
    ("video-summaries/?category=zanzibar", "video-summaries/?category=nowhere"),
    ("video-summaries/?youtube_id=zanzibar-00", "video-summaries/?youtube_id=nowhere-000"),
    ("video-summaries/?status=failed", "video-summaries/?status=completed"),
    ("video-summaries/?has=zanzibar", "video-summaries/?has=nowhere"),
    ("video-summaries/?search=zanzibar", "video-summaries/?search=nowhere"),
    ("rooms/?type=direct", "rooms/?search=nowhere"),
    ("rooms/?search=zanzibar", "rooms/?search=nowhere"),
    ("rooms/{own_room}/messages/?search=zanzibar", "rooms/{own_room}/messages/?search=nowhere"),
    ("users/?ids={deleted},{deactivated}", "users/?ids={unused}"),
    ("users/?search=owner@example.com", "users/?search=nowhere"),
    ("users/?search=deactivated", "users/?search=nowhere"),
]
# These say how much of a list is shown, or in which order (below).
WINDOW = {"page", "page_size", "limit", "before", "after", "ordering"}
# Orders and filters that look through a row at what is behind it.
THROUGH = [
    "ordering=user__password",
    "ordering=-user__email",
    "ordering=subject__name",
    "ordering=user",
    "ordering=password",
    "ordering=deleted_at",
    "ordering=deleted_by",
    "ordering=pk",
    "ordering=?",
    "user={owner}",
    "user_id={owner}",
    "user__email=owner@example.com",
    "password__startswith=a",
    "deleted_by={owner}",
    "material__user={owner}",
]
LISTS = sorted({door.path.partition("?")[0] for door in DOORS if ":" in "".join(door.people)})
# What the same address says to each, beside the row itself.
SEEN = [
    ("organizations/{acme}/", "role", {"owner": "owner", "admin": "admin", "member": "member"}),
    ("organizations/{acme}/", "member_count", {"owner": 4, "member": 4}),
    (
        "organizations/",
        "items.role",
        {"owner": ["owner", "member"], "admin": ["admin"]},
    ),
    ("organizations/?deleted=true", "items.role", {"owner": ["owner"]}),
    ("me/profile/", "bio", {"owner": "Owner", "stranger": "Stranger", "member": ""}),
    ("me/settings/", "model", {"owner": "Owner", "stranger": "Stranger", "member": ""}),
    (
        "me/",
        "organizations.role",
        {"owner": ["owner", "member"], "member": ["member", "owner"], "former": []},
    ),
    ("me/sessions/", "items.current", {"owner": [False, True], "member": [True]}),
    ("rooms/{room}/", "role", {"owner": "admin", "admin": "admin", "member": "member"}),
    ("rooms/{room}/", "member_count", {"owner": 3, "member": 3}),
    ("rooms/{room}/", "unread_count", {"owner": 1, "admin": 1, "member": 1}),
    ("rooms/{direct}/", "unread_count", {"owner": 0, "member": 1}),
    ("rooms/{direct}/", "other.name", {"owner": "Member", "member": "Owner"}),
    ("subjects/{subject}/", "material_count", {"owner": 3}),
    ("threads/{thread}/", "message_count", {"owner": 1}),
    ("tags/", "items.count", {"owner": [0, 1], "stranger": [1, 0], "member": [0, 0], "staff": [0, 0]}),
    ("categories/", "items.count", {"owner": [0, 1], "stranger": [1, 0], "member": [0, 0]}),
]


def body_with(field, key, others):
    """A body with a key at a dotted place: `members.0`, `messages.0.id`."""
    name, *rest = field.split(".")
    if not rest:
        return others | {name: key}
    if rest == ["0"]:
        return others | {name: [key]}
    return {name: [others | {rest[1]: key}]}


def post(world, who, method, path, field, others, name):
    # A worker says who it is, beside the list.
    worker = {"worker": "worker"} if path.startswith("ops/video-jobs/") else {}
    body = world.filled(json.dumps(worker | body_with(field, world.keys[name], others)))
    with undone():
        return world.send(world.clients[who], method, world.filled(path), body)


@pytest.mark.parametrize(("who", "method", "path", "field", "others", "rows"), KEYS_IN_BODIES)
def test_a_key_in_a_body(world, who, method, path, field, others, rows):
    nothing = post(world, who, method, path, field, others, "unused")

    assert nothing.status_code == 400
    assert nothing.json()["error"]["fields"] == {
        field: [{"code": "does_not_exist", "message": "No such row."}]
    }
    for name in rows:
        assert whole(post(world, who, method, path, field, others, name)) == whole(nothing), name


@pytest.mark.parametrize(("method", "path", "field", "others", "rows"), IDS_IN_BODIES)
def test_an_id_of_ones_own_choice(world, method, path, field, others, rows):
    who = "staff" if path.startswith("ops/") else "stranger"
    answers = [post(world, who, method, path, field, others, name) for name in rows]

    assert post(world, who, method, path, field, others, "unused").status_code in {200, 201}
    assert len({whole(answer) for answer in answers}) == 1
    assert (answers[0].status_code, answers[0].json()["error"]["code"]) == (409, "id_conflict")


@pytest.mark.parametrize(("who", "says", "status"), FORMS)
def test_an_id_in_a_form(world, who, says, status):
    form = {
        "id": world.keys["file"],
        "subject": world.keys["subject" if who == "owner" else "own_subject"],
        "type": "file",
        "title": "Tides",
        "file": SimpleUploadedFile("tides.txt", says),
    }

    with undone():
        answer = world.send(
            world.clients[who],
            "post",
            "materials/",
            encode_multipart(BOUNDARY, form),
            content_type=MULTIPART_CONTENT,
        )

    assert answer.status_code == status


@pytest.mark.parametrize(("method", "path", "field"), FIXED)
def test_a_key_that_is_given_once(world, method, path, field):
    # A row of one's own, so that nothing but the field is wrong.
    who = "owner" if "{acme}" in path else "stranger"

    answer = post(world, who, method, path, field, {}, "owner")

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field.partition(".")[0]][0]["code"] == "unknown_field"


@pytest.mark.parametrize(("others", "nobodys"), FILTERS)
def test_a_filter(world, others, nobodys):
    found, nothing = (
        world.send(world.clients["stranger"], "get", world.filled(path)) for path in (others, nobodys)
    )

    assert (nothing.status_code, nothing.json()["items"]) == (200, [])
    assert whole(found) == whole(nothing)
    # Where the list is the owner's to see, the filter finds something there.
    if "own_" not in others and not others.startswith(("users/", "materials/?subject={old_")):
        assert world.send(world.clients["owner"], "get", world.filled(others)).json()["items"]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_not_ordered_or_narrowed_by_what_is_behind_it(world, path):
    staff = path.startswith("ops/")
    for query in THROUGH:
        address = world.filled(f"{path}?{query}")
        answer = world.send(world.clients["staff" if staff else "owner"], "get", address)
        assert answer.status_code == 400, query
        assert answer.json()["error"]["fields"][query.partition("=")[0]]


@pytest.mark.parametrize(("path", "name", "expected"), SEEN)
def test_what_each_sees(world, path, name, expected):
    def seen(person):
        found = world.send(world.clients[person], "get", world.filled(path)).json()
        for part in name.split("."):
            found = [row[part] for row in found] if isinstance(found, list) else found[part]
        return found

    assert {person: seen(person) for person in expected} == expected


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("patch", "me/", '{"name": "New"}'), ("post", "rooms/{room}/messages/", '{"content": "Hi"}')],
)
def test_who_is_deleted_while_a_request_of_theirs_is_under_way(world, method, path, body):
    is_known = False

    def deleting_once_known(execute, *statement):
        nonlocal is_known
        found = execute(*statement)
        if not is_known:
            is_known = True
            User.objects.filter(pk=world.keys["member"]).update(deleted_at=Now())
        return found

    with undone(), connection.execute_wrapper(deleting_once_known):
        answer = world.send(world.clients["member"], method, world.filled(path), body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(public=True)


def keys_in(document, schema, name=""):
    """The dotted names of all keys that a body may have."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if schema.get("format") == "uuid":
        yield name
    for one in (*schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from keys_in(document, one, name)
    if "items" in schema:
        yield from keys_in(document, schema["items"], f"{name}.0")
    for part, inner in schema.get("properties", {}).items():
        yield from keys_in(document, inner, f"{name}.{part}".lstrip("."))


def operations(document):
    for path, methods in document["paths"].items():
        if path.startswith("/api/v1/"):
            for method, operation in methods.items():
                yield method, _unnamed(path.removeprefix("/api/v1/")), operation


def _unnamed(path):
    return re.sub(r"\{\w+\}", "{}", path.partition("?")[0])


def test_every_key_that_a_body_takes_is_tried(document):
    taken = {
        (method, path, key)
        for method, path, operation in operations(document)
        for media in operation.get("requestBody", {}).get("content", {}).values()
        for key in keys_in(document, media["schema"])
    }

    tried = {(method, _unnamed(path), field) for _, method, path, field, *_ in KEYS_IN_BODIES}
    tried |= {(method, _unnamed(path), field) for method, path, field, *_ in IDS_IN_BODIES}
    assert tried == taken
    assert not taken & {(method, _unnamed(path), field) for method, path, field in FIXED}


def test_every_filter_is_tried(document):
    declared = {
        (path, parameter["name"])
        for method, path, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if method == "get" and parameter["in"] == "query" and parameter["name"] not in WINDOW
    }

    paths = [others for others, _ in FILTERS] + [door.path for door in DOORS if door.method == "get"]
    tried = {(_unnamed(path), name) for path in paths for name in re.findall(r"[?&](\w+)=", path)}
    assert tried == declared
