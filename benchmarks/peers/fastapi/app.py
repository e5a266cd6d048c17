"""Lyceum's hot endpoints on FastAPI, SQLAlchemy and asyncpg.

SQLAlchemy keeps what it has compiled, and asyncpg what it has prepared, without being asked.
"""

import hashlib
import os
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field, PlainSerializer
from sqlalchemy import Row, Table, exists, func, insert, literal_column, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from tables import (
    categories,
    keyframes,
    materials,
    members,
    messages,
    room_messages,
    rooms,
    sessions,
    subjects,
    tags,
    threads,
    users,
    video_categories,
    video_tags,
    videos,
)

PAGE, WINDOW, PREVIEW = 20, 50, 200

address = os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:", 1)
engine = create_async_engine(
    address, pool_size=10, max_overflow=0, connect_args={"server_settings": {"TimeZone": "UTC"}}
)
# A read is one statement: it needs no BEGIN and no ROLLBACK around it.
reading = engine.execution_options(isolation_level="AUTOCOMMIT")

Time = Annotated[
    datetime,
    PlainSerializer(lambda time: time.isoformat(timespec="microseconds")[:-6] + "Z", when_used="unless-none"),
]


class LastMessage(BaseModel):
    seq: int
    role: str
    content: str
    created_at: str


class Thread(BaseModel):
    id: UUID
    title: str
    material: UUID | None
    message_count: int
    last_message: LastMessage | None
    created_at: Time
    updated_at: Time


class Message(BaseModel):
    id: UUID
    seq: int
    role: str
    content: str
    parts: list[Any] | None
    attachments: list[Any]
    metadata: dict[str, Any]
    created_at: Time
    updated_at: Time


class Person(BaseModel):
    id: UUID | None
    name: str
    username: str | None
    image: str


class RoomMessage(BaseModel):
    id: UUID
    seq: int
    revision: int
    type: str
    content: str
    user: Person
    reply_to: UUID | None
    edited_at: Time | None
    created_at: Time
    updated_at: Time


class Video(BaseModel):
    id: UUID
    youtube_url: str
    youtube_id: str
    title: str
    description: str
    channel_name: str
    duration: int | None
    thumbnail_url: str
    summary: str
    processing_status: str
    processing_error: str
    progress: int
    current_step: str
    attempts: int
    completed_at: Time | None
    tags: list[str]
    categories: list[str]
    tag_count: int
    keyframe_count: int
    created_at: Time
    updated_at: Time


class Page[Item](BaseModel):
    items: list[Item]
    total: int
    page: int
    page_size: int
    has_more: bool


class Window[Item](BaseModel):
    items: list[Item]
    has_more: bool


class RoomWindow(Window[RoomMessage]):
    last_revision: int


class NewRoomMessage(BaseModel):
    content: str = Field(min_length=1, max_length=10_000)


NOBODY = Person(id=None, name="Deleted user", username=None, image="")

open_session = (
    select(users.c.id, users.c.name, users.c.username, users.c.image)
    .join_from(sessions, users, sessions.c.user_id == users.c.id)
    .where(
        sessions.c.expires_at > func.statement_timestamp(),
        users.c.deleted_at.is_(None),
        users.c.is_active,
    )
)


async def reader(authorization: Annotated[str, Header()] = "") -> Row[Any]:
    scheme, _, token = authorization.partition(" ")
    digest = hashlib.sha256(token.encode()).hexdigest()
    async with reading.connect() as connection:
        person = (await connection.execute(open_session.where(sessions.c.token_digest == digest))).first()
    if scheme != "Bearer" or person is None:
        raise HTTPException(401)
    return person


Reader = Annotated[Row[Any], Depends(reader)]


async def rows_of(query: Any) -> Any:
    async with reading.connect() as connection:
        rows = (await connection.execute(query)).all()
    if not rows:
        raise HTTPException(404)
    return rows


def total_of(table: Table, person: Row[Any]) -> Any:
    own = (
        select(func.count())
        .select_from(table)
        .where(table.c.user_id == person.id, table.c.deleted_at.is_(None))
    )
    return own.scalar_subquery().label("total")


def page_of(kind: Any, rows: Any) -> Any:
    total = rows[0].total
    items = [kind.model_validate(row._mapping) for row in rows]
    return Page[kind](items=items, total=total, page=1, page_size=PAGE, has_more=total > PAGE)


live_messages = (messages.c.thread_id == threads.c.id, messages.c.deleted_at.is_(None))
live_subject = exists().where(subjects.c.id == materials.c.subject_id, subjects.c.deleted_at.is_(None))
preview = func.json_build_object(
    *("seq", messages.c.seq, "role", messages.c.role),
    *("content", func.left(messages.c.content, PREVIEW)),
    *("created_at", func.to_char(messages.c.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    type_=JSONB,
)
read_threads = select(
    threads.c.id,
    threads.c.title,
    select(materials.c.id)
    .where(materials.c.id == threads.c.material_id, materials.c.deleted_at.is_(None), live_subject)
    .scalar_subquery()
    .label("material"),
    select(func.count()).select_from(messages).where(*live_messages).scalar_subquery().label("message_count"),
    select(preview)
    .where(*live_messages)
    .order_by(messages.c.seq.desc())
    .limit(literal_column("1"))
    .scalar_subquery()
    .label("last_message"),
    threads.c.created_at,
    threads.c.updated_at,
).where(threads.c.deleted_at.is_(None))

app = FastAPI()


@app.get("/api/v1/threads/")
async def list_threads(person: Reader) -> Page[Thread]:
    query = read_threads.add_columns(total_of(threads, person)).where(threads.c.user_id == person.id)
    return page_of(
        Thread, await rows_of(query.order_by(threads.c.updated_at.desc(), threads.c.id.desc()).limit(PAGE))
    )


@app.get("/api/v1/threads/{key}/")
async def show_thread(person: Reader, key: UUID) -> Thread:
    (row,) = await rows_of(read_threads.where(threads.c.id == key, threads.c.user_id == person.id))
    return Thread.model_validate(row._mapping)


@app.get("/api/v1/threads/{key}/messages/")
async def list_messages(person: Reader, key: UUID) -> Window[Message]:
    shown = [messages.c[name] for name in Message.model_fields]
    query = (
        select(*shown)
        .join_from(messages, threads, messages.c.thread_id == threads.c.id)
        .where(
            messages.c.thread_id == key,
            messages.c.deleted_at.is_(None),
            threads.c.deleted_at.is_(None),
            threads.c.user_id == person.id,
        )
        .order_by(messages.c.seq.desc())
        .limit(WINDOW + 1)
    )
    rows = await rows_of(query)
    items = [Message.model_validate(row._mapping) for row in reversed(rows[:WINDOW])]
    return Window[Message](items=items, has_more=len(rows) > WINDOW)


def is_member(person: Row[Any]) -> Any:
    return exists().where(members.c.room_id == rooms.c.id, members.c.user_id == person.id)


SHOWN = (
    *(room_messages.c[name] for name in ("id", "seq", "revision", "type", "content", "edited_at")),
    *(room_messages.c[name] for name in ("created_at", "updated_at")),
    room_messages.c.reply_to_id.label("reply_to"),
)


@app.get("/api/v1/rooms/{key}/messages/")
async def list_room_messages(person: Reader, key: UUID) -> RoomWindow:
    author = [
        users.c[name].label(f"user_{name}") for name in ("id", "name", "username", "image", "deleted_at")
    ]
    query = (
        select(*SHOWN, *author, rooms.c.last_revision)
        .join_from(room_messages, rooms, room_messages.c.room_id == rooms.c.id)
        .outerjoin(users, room_messages.c.user_id == users.c.id)
        .where(
            room_messages.c.room_id == key,
            room_messages.c.deleted_at.is_(None),
            rooms.c.deleted_at.is_(None),
            is_member(person),
        )
        .order_by(room_messages.c.seq.desc())
        .limit(WINDOW + 1)
    )
    rows = await rows_of(query)
    items = [
        RoomMessage.model_validate({**row._mapping, "user": shown(row)}) for row in reversed(rows[:WINDOW])
    ]
    return RoomWindow(items=items, has_more=len(rows) > WINDOW, last_revision=rows[0].last_revision)


def shown(row: Row[Any]) -> Person:
    if row.user_id is None or row.user_deleted_at is not None:
        return NOBODY
    return Person(id=row.user_id, name=row.user_name, username=row.user_username, image=row.user_image)


def names_of(links: Table, labels: Table, key: str) -> Any:
    names = (
        select(labels.c.name)
        .join_from(links, labels, links.c[key] == labels.c.id)
        .where(links.c.video_summary_id == videos.c.id)
        .order_by(labels.c.name_key.collate("C"))
        .correlate(videos)
    )
    return func.to_json(func.array(names.scalar_subquery()), type_=JSONB)


def number_of(rows: Table) -> Any:
    return (
        select(func.count()).select_from(rows).where(rows.c.video_summary_id == videos.c.id).scalar_subquery()
    )


COUNTED = {
    "tags": names_of(video_tags, tags, "tag_id"),
    "categories": names_of(video_categories, categories, "category_id"),
    "tag_count": number_of(video_tags),
    "keyframe_count": number_of(keyframes),
}
read_videos = select(
    *(videos.c[name] for name in Video.model_fields if name not in COUNTED),
    *(column.label(name) for name, column in COUNTED.items()),
).where(videos.c.deleted_at.is_(None))


@app.get("/api/v1/video-summaries/")
async def list_videos(person: Reader) -> Page[Video]:
    query = read_videos.add_columns(total_of(videos, person)).where(videos.c.user_id == person.id)
    return page_of(
        Video, await rows_of(query.order_by(videos.c.created_at.desc(), videos.c.id.desc()).limit(PAGE))
    )


@app.post("/api/v1/rooms/{key}/messages/", status_code=201)
async def post_room_message(person: Reader, key: UUID, sent: NewRoomMessage) -> RoomMessage:
    # Numbers are given under the lock of the room's row, and only then it is asked who is in the room.
    async with engine.begin() as connection:
        counted = (
            update(rooms)
            .where(rooms.c.id == key)
            .values(
                last_seq=rooms.c.last_seq + 1,
                last_revision=rooms.c.last_revision + 1,
                updated_at=func.greatest(rooms.c.updated_at, func.statement_timestamp()),
            )
            .returning(rooms.c.last_seq, rooms.c.last_revision, rooms.c.updated_at)
        )
        room = (await connection.execute(counted)).first()
        open = select(rooms.c.id).where(rooms.c.id == key, rooms.c.deleted_at.is_(None), is_member(person))
        if room is None or (await connection.execute(open)).first() is None:
            raise HTTPException(404)
        said = {
            "id": uuid4(),
            "room_id": key,
            "user_id": person.id,
            "seq": room.last_seq,
            "revision": room.last_revision,
            "type": "text",
            "content": sent.content,
            "created_at": room.updated_at,
            "updated_at": room.updated_at,
        }
        row = (await connection.execute(insert(room_messages).values(said).returning(*SHOWN))).one()
    return RoomMessage.model_validate({**row._mapping, "user": Person.model_validate(person._mapping)})
