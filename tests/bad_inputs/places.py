"""Where each kind of value is written: every body of the API, field by field."""

import copy
from dataclasses import dataclass, replace
from typing import Any

# Words in angle brackets stand for rows of the world (conftest.py), in addresses and bodies alike.


@dataclass(frozen=True)
class Field:
    """What one field of a body takes.

    `limit` is in code points, `needed` whether it may be empty, `of` what a key must point at, `read_as` the
    name under which it is read where that is another.
    """

    kind: str
    limit: int = 0
    needed: bool = True
    of: str = ""
    read_as: str = ""


def name(limit: int, *, needed: bool = True) -> Field:
    return Field("string", limit, needed)


def text(limit: int, *, needed: bool = True) -> Field:
    return Field("text", limit, needed)


def key(of: str) -> Field:
    return Field("fk", of=of)


ID = Field("uuid")
LABEL = Field("tag", 50)
CHOICE = Field("enum")
INTEGER = Field("integer")
SECONDS = Field("duration")
BOOLEAN = Field("boolean")
OBJECT = Field("json")
ARRAY = Field("list")
ADDRESS = Field("url", 2000)
EMAIL = Field("email", 254)
USERNAME = Field("username", 30)
# Names of one form: slugs, languages, time zones, passwords. What is no text is none of them either.
FORM = Field("form")
UPLOAD = Field("upload")


@dataclass(frozen=True)
class Body:
    """A body that is taken as it stands, and the fields that a case is put into, one at a time.

    `rows` is a list that must answer whatever was sent, `row` where what was written is read; both begin
    below /api/v1/. A `{id}` in `row` is the new row's.
    """

    method: str
    path: str
    sent: dict[str, Any]
    fields: dict[str, Field]
    rows: str
    row: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def with_value(self, name: str, value: Any) -> dict[str, Any]:
        """The body with another value in a field; `a.0.b` is a field of the first entry of `a`."""
        made: Any = copy.deepcopy(self.sent)
        inner = made
        *way, last = name.split(".")
        for part in way:
            inner = inner.setdefault(part, [{}]) if isinstance(inner, dict) else inner[int(part)]
        if isinstance(inner, list):
            inner[int(last)] = value
        else:
            inner[last] = value
        return made


def library(
    path: str, sent: dict[str, Any], fields: dict[str, Field], *, fixed: tuple[str, ...] = ()
) -> list[Body]:
    """The two bodies of a library: one makes a row, one changes it; `fixed` fields are only in the first."""
    rows = path
    row = f"{path}<{path.removesuffix('/')}>/"
    changed = {name: field for name, field in fields.items() if name not in fixed}
    return [
        Body("POST", path, sent, {"id": ID, **fields}, rows, f"{path}{{id}}/"),
        Body("PATCH", row, {}, changed, rows, row),
    ]


MESSAGE = {"content": text(200_000), "parts": ARRAY, "attachments": ARRAY, "metadata": OBJECT}
PERSON = {"name": name(100), "username": USERNAME}
VIDEO = {
    "title": name(300),
    "description": text(5000, needed=False),
    "channel_name": name(200, needed=False),
    "duration": SECONDS,
    "thumbnail_url": ADDRESS,
    "tags.0": LABEL,
    "categories.0": LABEL,
}
MOMENT = {"timestamp": INTEGER, "image_url": ADDRESS, "description": text(5000, needed=False)}
JOB = "ops/video-jobs/<job>/"
THREAD, VIDEO_KEYFRAMES = "threads/<threads>/messages/", "video-summaries/<video-summaries>/keyframes/"
ROOM, ORGANIZATION = "rooms/<rooms>/", "organizations/<organizations>/members/"
NEW_ID = "01890a5d-ac96-774b-bcce-b302099a8057"

BODIES = [
    *library("subjects/", {"name": "New"}, {"name": name(200), "description": text(5000, needed=False)}),
    *library(
        "materials/",
        {"subject": "<subjects>", "title": "New", "type": "text"},
        {
            "subject": key("subjects"),
            "title": name(300),
            "type": CHOICE,
            "content": text(500_000, needed=False),
            "file": UPLOAD,
        },
        fixed=("type",),
    ),
    Body(
        "POST",
        "materials/",
        {"subject": "<subjects>", "title": "New", "type": "url", "url": "https://example.com/"},
        {"url": ADDRESS},
        "materials/",
        "materials/{id}/",
    ),
    Body("PATCH", "materials/<web address>/", {}, {"url": ADDRESS}, "materials/", "materials/<web address>/"),
    *library("threads/", {"title": "New"}, {"title": name(300), "material": key("materials")}),
    Body(
        "POST",
        THREAD,
        {"role": "user", "content": "New"},
        {"id": ID, "role": CHOICE, **MESSAGE},
        THREAD,
        f"{THREAD}{{id}}/",
    ),
    Body("PATCH", f"{THREAD}<messages>/", {}, MESSAGE, THREAD, f"{THREAD}<messages>/"),
    Body(
        "POST",
        f"{THREAD}batch/",
        {"messages": [{"id": NEW_ID, "role": "user", "content": "New"}]},
        {f"messages.0.{part}": field for part, field in {"id": ID, "role": CHOICE, **MESSAGE}.items()},
        THREAD,
    ),
    *library(
        "video-summaries/",
        {"youtube_url": "https://youtu.be/kjBOesZCoqc", "tags": ["new"], "categories": ["new"]},
        {"youtube_url": ADDRESS, **VIDEO},
        fixed=("youtube_url",),
    ),
    Body(
        "POST",
        "video-summaries/<video-summaries>/transcript/",
        {"transcript": "New"},
        # Its limit has an ordinary test: two million characters, written as escapes, are no body.
        {"transcript": FORM, "file": UPLOAD},
        "video-summaries/",
    ),
    Body(
        "POST",
        VIDEO_KEYFRAMES,
        {"timestamp": 1, "image_url": "https://example.com/1.jpg"},
        {"id": ID, **MOMENT},
        VIDEO_KEYFRAMES,
        f"{VIDEO_KEYFRAMES}{{id}}/",
    ),
    Body(
        "PATCH",
        f"{VIDEO_KEYFRAMES}<keyframes>/",
        {},
        MOMENT,
        VIDEO_KEYFRAMES,
        f"{VIDEO_KEYFRAMES}<keyframes>/",
    ),
    Body(
        "POST",
        VIDEO_KEYFRAMES,
        {"keyframes": [{"timestamp": 1, "image_url": "https://example.com/1.jpg"}]},
        {f"keyframes.0.{part}": field for part, field in {"id": ID, **MOMENT}.items()},
        VIDEO_KEYFRAMES,
    ),
    Body("POST", "rooms/", {"name": "New"}, {"id": ID, "name": name(100)}, "rooms/", "rooms/{id}/"),
    Body("POST", "rooms/", {"name": "New", "members": ["<people>"]}, {"members.0": key("people")}, "rooms/"),
    Body("PATCH", ROOM, {}, {"name": name(100)}, "rooms/", ROOM),
    Body("POST", "rooms/direct/", {"user": "<people>"}, {"user": key("people")}, "rooms/"),
    Body("POST", f"{ROOM}read/", {"seq": 0}, {"seq": INTEGER}, "rooms/"),
    Body(
        "POST",
        f"{ROOM}members/",
        {"user": "<people>"},
        {"user": key("people"), "role": CHOICE},
        f"{ROOM}members/",
    ),
    Body("PATCH", f"{ROOM}members/<bob>/", {}, {"role": CHOICE}, f"{ROOM}members/"),
    Body(
        "POST",
        f"{ROOM}messages/",
        {"content": "New"},
        {"id": ID, "content": text(10_000), "type": CHOICE, "reply_to": key("room messages")},
        f"{ROOM}messages/",
        f"{ROOM}messages/{{id}}/",
    ),
    Body(
        "PATCH",
        f"{ROOM}messages/<room messages>/",
        {},
        {"content": text(10_000)},
        f"{ROOM}messages/",
        f"{ROOM}messages/<room messages>/",
    ),
    Body(
        "POST",
        f"{ROOM}messages/",
        {"type": "image", "content": "https://example.com/1.jpg"},
        {"content": ADDRESS},
        f"{ROOM}messages/",
        f"{ROOM}messages/{{id}}/",
    ),
    *library("organizations/", {"name": "New"}, {"name": name(100), "slug": FORM}),
    Body(
        "POST",
        ORGANIZATION,
        {"user": "<people>"},
        {"user": key("people"), "role": CHOICE},
        ORGANIZATION,
    ),
    Body("PATCH", f"{ORGANIZATION}<bob>/", {}, {"role": CHOICE}, ORGANIZATION),
    Body("PATCH", "me/", {}, {**PERSON, "image": ADDRESS}, "users/", "me/"),
    Body(
        "PATCH",
        "me/profile/",
        {},
        {
            "bio": text(2000, needed=False),
            "headline": name(120, needed=False),
            "locale": FORM,
            "timezone": FORM,
        },
        "users/",
        "me/profile/",
    ),
    Body(
        "PATCH",
        "me/settings/",
        {},
        {
            "model": name(100, needed=False),
            "learning_style": CHOICE,
            "difficulty": INTEGER,
            "pacing": BOOLEAN,
            "email_notifications": BOOLEAN,
            "preferences": OBJECT,
        },
        "users/",
        "me/settings/",
    ),
    Body(
        "POST",
        "me/tokens/",
        {"name": "New", "expires_in_days": 1},
        {"name": name(100), "expires_in_days": INTEGER},
        "me/tokens/",
    ),
    Body(
        "POST",
        "signup/",
        {
            "email": "new@example.com",
            "password": "correct horse 9",
            "name": "New",
            "organization": {"name": "New"},
        },
        {
            "email": EMAIL,
            "password": FORM,
            **PERSON,
            "organization.name": name(100),
            "organization.slug": FORM,
        },
        "users/",
    ),
    # The operators', hence by staff.
    Body(
        "POST",
        "ops/video-jobs/claim/",
        {"worker": "worker", "lease_seconds": 60},
        {"worker": replace(name(200), read_as="claimed_by"), "lease_seconds": INTEGER},
        "video-summaries/",
    ),
    Body(
        "POST",
        f"{JOB}heartbeat/",
        {"worker": "worker"},
        {
            # Any other than the holder's own is refused.
            "worker": FORM,
            "lease_seconds": INTEGER,
            "progress": INTEGER,
            "current_step": name(200, needed=False),
        },
        "video-summaries/",
        "video-summaries/<job>/",
    ),
    Body(
        "POST",
        f"{JOB}complete/",
        {"worker": "worker"},
        {
            "worker": FORM,
            **VIDEO,
            "transcript": FORM,
            "summary": text(200_000, needed=False),
            "ai_generated_content": OBJECT,
        },
        "video-summaries/",
        "video-summaries/<job>/",
    ),
    Body(
        "POST",
        f"{JOB}complete/",
        {"worker": "worker", "keyframes": [{"timestamp": 1, "image_url": "https://example.com/1.jpg"}]},
        {f"keyframes.0.{part}": field for part, field in {"id": ID, **MOMENT}.items()},
        "video-summaries/",
        "video-summaries/<job>/keyframes/",
    ),
    Body(
        "POST",
        f"{JOB}fail/",
        {"worker": "worker", "error": "No captions."},
        {"worker": FORM, "error": replace(text(5000), read_as="processing_error")},
        "video-summaries/",
        "video-summaries/<job>/",
    ),
    Body(
        "PUT",
        "ops/users/<people>/",
        {"email": "new@example.com", "name": "New"},
        {"email": EMAIL, "name": name(100)},
        "ops/users/",
        "ops/users/<people>/",
    ),
]


def fields_of(*kinds: str) -> list[tuple[Body, str, Field]]:
    """Every field of these kinds, with the body that it stands in."""
    return [
        (body, name, field) for body in BODIES for name, field in body.fields.items() if field.kind in kinds
    ]
