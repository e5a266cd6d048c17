"""Lyceum's tables as SQLAlchemy's: the columns that these endpoints touch."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def columns(*names: str, type: Any) -> list[Column[Any]]:
    return [Column(name, type) for name in names]


def keys(*names: str) -> list[Column[Any]]:
    return columns(*names, type=Uuid)


def texts(*names: str) -> list[Column[Any]]:
    return columns(*names, type=Text)


def numbers(*names: str) -> list[Column[Any]]:
    return columns(*names, type=BigInteger)


def times(*names: str) -> list[Column[Any]]:
    return columns(*names, type=DateTime(timezone=True))


def table(name: str, *own: list[Column[Any]]) -> Table:
    common = [Column("id", Uuid, primary_key=True), *times("created_at", "updated_at")]
    return Table(name, metadata, *common, *(column for group in own for column in group))


users = table(
    "accounts_user",
    times("deleted_at"),
    columns("is_active", type=Boolean),
    texts("name", "username", "image"),
)
sessions = table("accounts_session", texts("token_digest"), times("expires_at"), keys("user_id"))
subjects = table("materials_subject", times("deleted_at"))
materials = table("materials_material", times("deleted_at"), keys("subject_id"))
threads = table("threads_thread", times("deleted_at"), texts("title"), keys("material_id", "user_id"))
messages = table(
    "threads_message",
    times("deleted_at"),
    keys("thread_id"),
    numbers("seq"),
    texts("role", "content"),
    columns("parts", "attachments", "metadata", type=JSONB),
)
rooms = table("chatrooms_room", times("deleted_at"), numbers("last_seq", "last_revision"))
members = table("chatrooms_roommember", keys("room_id", "user_id"))
room_messages = table(
    "chatrooms_roommessage",
    times("deleted_at", "edited_at"),
    keys("room_id", "user_id", "reply_to_id"),
    numbers("seq", "revision"),
    texts("type", "content"),
)
videos = table(
    "media_summaries_videosummary",
    times("deleted_at", "completed_at"),
    keys("user_id"),
    texts("youtube_url", "youtube_id", "title", "description", "channel_name", "thumbnail_url", "summary"),
    texts("processing_status", "processing_error", "current_step"),
    columns("duration", "progress", "attempts", type=Integer),
)
tags = table("media_summaries_tag", texts("name", "name_key"))
categories = table("media_summaries_category", texts("name", "name_key"))
video_tags = table("media_summaries_videosummarytag", keys("video_summary_id", "tag_id"))
video_categories = table("media_summaries_videosummarycategory", keys("video_summary_id", "category_id"))
keyframes = table("media_summaries_keyframe", keys("video_summary_id"))
