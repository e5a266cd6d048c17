"""The database itself keeps the rules: each is broken once by raw SQL, and each is refused."""

import datetime
import json
import uuid

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models import NOT_PROVIDED
from uuid_utils.compat import uuid7

from chatrooms.models import Room
from common.constraints import broken_constraint
from tests.factories import (
    AttemptCounterFactory,
    CategoryFactory,
    KeyframeFactory,
    MaterialFactory,
    MessageFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    ProfileFactory,
    RoomFactory,
    RoomMemberFactory,
    RoomMessageFactory,
    SessionFactory,
    SubjectFactory,
    TagFactory,
    ThreadFactory,
    UserFactory,
    UserSettingsFactory,
    VideoSummaryCategoryFactory,
    VideoSummaryFactory,
    VideoSummaryTagFactory,
)

FACTORIES = [
    UserFactory,
    ProfileFactory,
    UserSettingsFactory,
    SessionFactory,
    AttemptCounterFactory,
    OrganizationFactory,
    OrganizationMemberFactory,
    SubjectFactory,
    MaterialFactory,
    TagFactory,
    CategoryFactory,
    VideoSummaryFactory,
    VideoSummaryTagFactory,
    VideoSummaryCategoryFactory,
    KeyframeFactory,
    ThreadFactory,
    MessageFactory,
    RoomFactory,
    RoomMemberFactory,
    RoomMessageFactory,
]
MODELS = {factory._meta.model: factory for factory in FACTORIES}
LONG = "x" * 600_000

# An unknown type breaks the rules that speak of each type, too; PostgreSQL names the first by alphabet.
NEVER_ALONE = {"room_type"}

PAIR = "00000000-0000-7000-8000-000000000001:00000000-0000-7000-8000-000000000002"
DIRECT = {"type": "direct", "name": ""}

# Constraint: the row it stands on and the columns that break it.
CHECKS = {
    "user_email_lower_case": (UserFactory, {"email": "Ada@example.com"}),
    "user_email_length": (UserFactory, {"email": "a@"}),
    "user_name_length": (UserFactory, {"name": LONG[:101]}),
    "user_username_length": (UserFactory, {"username": "ab"}),
    "user_username_characters": (UserFactory, {"username": "ada@park"}),
    "user_external_id_length": (UserFactory, {"external_id": ""}),
    "user_image_web_address": (UserFactory, {"image": "javascript:alert(1)"}),
    "profile_bio_length": (ProfileFactory, {"bio": LONG[:2001]}),
    "profile_headline_length": (ProfileFactory, {"headline": LONG[:121]}),
    "profile_locale_length": (ProfileFactory, {"locale": ""}),
    "profile_timezone_length": (ProfileFactory, {"timezone": ""}),
    "settings_model_length": (UserSettingsFactory, {"model": LONG[:101]}),
    "settings_learning_style": (UserSettingsFactory, {"learning_style": "telepathic"}),
    "settings_difficulty": (UserSettingsFactory, {"difficulty": 11}),
    "settings_preferences_object": (UserSettingsFactory, {"preferences": "[]"}),
    "session_kind": (SessionFactory, {"kind": "other", "name": "x"}),
    "session_token_digest_length": (SessionFactory, {"token_digest": "short"}),
    "session_name_length": (SessionFactory, {"name": LONG[:101]}),
    "session_user_agent_length": (SessionFactory, {"user_agent": LONG[:513]}),
    "user_email_characters": (UserFactory, {"email": "é@example.com"}),
    "attempt_counter_kind": (AttemptCounterFactory, {"kind": "other"}),
    "attempt_counter_digest_length": (AttemptCounterFactory, {"key_digest": "short"}),
    "attempt_counter_list": (AttemptCounterFactory, {"attempts": {}}),
    "api_session_has_user_and_name": (SessionFactory, {"kind": "api", "name": ""}),
    "organization_name_length": (OrganizationFactory, {"name": ""}),
    "organization_slug_length": (OrganizationFactory, {"slug": ""}),
    "organization_slug_characters": (OrganizationFactory, {"slug": "Upper"}),
    "organization_member_role": (OrganizationMemberFactory, {"role": "king"}),
    "subject_name_length": (SubjectFactory, {"name": ""}),
    "subject_description_length": (SubjectFactory, {"description": LONG[:5001]}),
    "material_title_length": (MaterialFactory, {"title": ""}),
    "material_type": (MaterialFactory, {"type": "song"}),
    "material_content_length": (MaterialFactory, {"content": LONG[:500_001]}),
    "material_url_web_address": (MaterialFactory, {"type": "url", "content": "", "url": "ftp://x.org"}),
    "material_file_length": (MaterialFactory, {"type": "file", "file": LONG[:201]}),
    "material_file_name_length": (MaterialFactory, {"type": "file", "file": "a", "file_name": LONG[:256]}),
    "material_file_type_length": (MaterialFactory, {"type": "file", "file": "a", "file_type": LONG[:101]}),
    "material_file_size": (MaterialFactory, {"type": "file", "file": "a", "file_size": 2**31}),
    "material_url_belongs_to_url": (MaterialFactory, {"url": "https://example.com"}),
    "material_url_has_no_content": (MaterialFactory, {"type": "url", "url": "https://example.com"}),
    "material_file_belongs_to_file": (MaterialFactory, {"file": "a"}),
    "tag_name_length": (TagFactory, {"name": ""}),
    "tag_name_key_length": (TagFactory, {"name_key": ""}),
    "tag_description_length": (TagFactory, {"description": LONG[:501]}),
    "tag_color": (TagFactory, {"color": "#12345g"}),
    "category_name_length": (CategoryFactory, {"name": ""}),
    "category_name_key_length": (CategoryFactory, {"name_key": ""}),
    "category_description_length": (CategoryFactory, {"description": LONG[:501]}),
    "category_color": (CategoryFactory, {"color": "red"}),
    "video_youtube_url_web_address": (VideoSummaryFactory, {"youtube_url": ""}),
    "video_youtube_id_length": (VideoSummaryFactory, {"youtube_id": "short"}),
    "video_youtube_id_characters": (VideoSummaryFactory, {"youtube_id": "elevenéchar"}),
    "video_title_length": (VideoSummaryFactory, {"title": ""}),
    "video_description_length": (VideoSummaryFactory, {"description": LONG[:5001]}),
    "video_channel_name_length": (VideoSummaryFactory, {"channel_name": LONG[:201]}),
    "video_duration": (VideoSummaryFactory, {"duration": 2**31}),
    "video_thumbnail_url_web_address": (VideoSummaryFactory, {"thumbnail_url": "javascript:alert(1)"}),
    "video_transcript_length": (VideoSummaryFactory, {"transcript": 4 * LONG}),
    "video_summary_length": (VideoSummaryFactory, {"summary": LONG[:200_001]}),
    "video_ai_generated_content_object": (VideoSummaryFactory, {"ai_generated_content": "[]"}),
    "video_processing_status": (VideoSummaryFactory, {"processing_status": "done"}),
    "video_processing_error_length": (
        VideoSummaryFactory,
        {"processing_status": "failed", "processing_error": LONG[:5001]},
    ),
    "video_progress": (VideoSummaryFactory, {"progress": 101}),
    "video_current_step_length": (VideoSummaryFactory, {"current_step": LONG[:201]}),
    "video_attempts": (VideoSummaryFactory, {"attempts": 2**31}),
    "video_claimed_by_length": (
        VideoSummaryFactory,
        {"processing_status": "processing", "lease_expires_at": "2026-01-01", "claimed_by": LONG[:201]},
    ),
    "video_lease_seconds": (VideoSummaryFactory, {"lease_seconds": 9}),
    "video_last_worker_length": (VideoSummaryFactory, {"last_worker": LONG[:201]}),
    "video_error_belongs_to_failed": (VideoSummaryFactory, {"processing_error": "Why?"}),
    "video_lease_belongs_to_processing": (VideoSummaryFactory, {"claimed_by": "worker-1"}),
    "video_completion_belongs_to_completed": (VideoSummaryFactory, {"processing_status": "completed"}),
    "keyframe_timestamp": (KeyframeFactory, {"timestamp": 2**31}),
    "keyframe_image_url_web_address": (KeyframeFactory, {"image_url": "data:,x"}),
    "keyframe_description_length": (KeyframeFactory, {"description": LONG[:5001]}),
    "thread_title_length": (ThreadFactory, {"title": ""}),
    "room_type": (RoomFactory, {"type": "video"}),
    "room_name_length": (RoomFactory, {"name": LONG[:101]}),
    "room_name_belongs_to_group": (RoomFactory, {"name": ""}),
    "room_pair_belongs_to_direct": (RoomFactory, {"direct_key": PAIR}),
    "room_pair_length": (RoomFactory, DIRECT | {"direct_key": PAIR[:-1]}),
    "room_pair_characters": (RoomFactory, DIRECT | {"direct_key": PAIR[:-1] + "z"}),
    "room_pair_smaller_key_first": (RoomFactory, DIRECT | {"direct_key": PAIR[37:] + ":" + PAIR[:36]}),
    "room_revision_covers_posts": (RoomFactory, {"last_seq": 1}),
    "room_purged_revision_happened": (RoomFactory, {"purged_revision": 1}),
    "room_member_role": (RoomMemberFactory, {"role": "owner"}),
    "room_message_seq_positive": (RoomMessageFactory, {"seq": 0}),
    "room_message_revision_covers_seq": (RoomMessageFactory, {"revision": 0}),
    "room_message_type": (RoomMessageFactory, {"type": "video", "content": "https://example.com"}),
    "room_message_content_length": (RoomMessageFactory, {"content": ""}),
    "room_message_address_unless_text": (RoomMessageFactory, {"type": "image"}),
    "message_seq_positive": (MessageFactory, {"seq": 0}),
    "message_role": (MessageFactory, {"role": "poet"}),
    "message_content_length": (MessageFactory, {"content": ""}),
    "message_parts_list": (MessageFactory, {"parts": "{}"}),
    "message_attachments_list": (MessageFactory, {"attachments": '"text"'}),
    "message_metadata_object": (MessageFactory, {"metadata": "[]"}),
}

# Constraint: the table, and the values that a second row may not share (as the first has them, or so).
UNIQUES = {
    "email_once": (UserFactory, {"email": "ada@example.com"}, {}),
    "external_id_once": (UserFactory, {"external_id": "g-1"}, {}),
    "username_once": (UserFactory, {"username": "Ada.P"}, {"username": "aDA.p"}),
    "attempt_counter_once": (AttemptCounterFactory, {"key_digest": "a" * 64}, {}),
    "session_token_once": (SessionFactory, {"token_digest": "a" * 64}, {}),
    "slug_once": (OrganizationFactory, {"slug": "one"}, {}),
    "organization_member_once": (OrganizationMemberFactory, {"organization_id": None, "user_id": None}, {}),
    "material_file_once": (MaterialFactory, {"type": "file", "file": "materials/ab/cd.pdf"}, {}),
    "tag_name_once": (TagFactory, {"name_key": "moon"}, {}),
    "category_name_once": (CategoryFactory, {"name_key": "moon"}, {}),
    "video_once_per_user": (VideoSummaryFactory, {"user_id": None, "youtube_id": None}, {}),
    "video_tag_once": (VideoSummaryTagFactory, {"video_summary_id": None, "tag_id": None}, {}),
    "video_category_once": (VideoSummaryCategoryFactory, {"video_summary_id": None, "category_id": None}, {}),
    "direct_room_once_per_pair": (RoomFactory, DIRECT | {"direct_key": PAIR}, {}),
    "room_member_once": (RoomMemberFactory, {"room_id": None, "user_id": None}, {}),
    "room_message_seq_once": (RoomMessageFactory, {"room_id": None, "seq": None}, {"revision": 9}),
    "room_message_revision_once": (
        RoomMessageFactory,
        {"room_id": None, "revision": 9},
        {"seq": 2},
    ),
    "message_seq_once_per_thread": (MessageFactory, {"thread_id": None, "seq": None}, {}),
}

# The keys that become null when their row is purged; every other one takes its row along.
SET_NULL = {
    "threads.Thread.material",
    "chatrooms.Room.created_by",
    "chatrooms.RoomMessage.user",
    "chatrooms.RoomMessage.reply_to",
}


# A column with a default that does not do for every kind of row.
NEEDED_ALL_THE_SAME = {(Room, "name")}


def keeps_null(field):
    return field.name == "deleted_by" or f"{field.model._meta.label}.{field.name}" in SET_NULL


def ours():
    labels = ("accounts", "materials", "media_summaries", "threads", "chatrooms")
    return [model for model in apps.get_models() if model._meta.app_label in labels]


def written(model, name, value):
    """A value as raw SQL writes it on this database."""
    if isinstance(value, uuid.UUID):
        return value.hex if connection.vendor == "sqlite" else value
    if isinstance(value, datetime.datetime) and connection.vendor == "sqlite":
        return value.replace(tzinfo=None).isoformat(" ")
    return json.dumps(value) if isinstance(value, dict | list) else value


def run(sql, values=()):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def update(row, columns):
    model = type(row)
    assignments = ", ".join(f"{connection.ops.quote_name(name)} = %s" for name in columns)
    values = [written(model, name, value) for name, value in columns.items()]
    key = written(model, "id", row.pk)
    run(f"UPDATE {model._meta.db_table} SET {assignments} WHERE id = %s", [*values, key])  # noqa: S608


def test_every_table_and_every_rule_is_tried():
    constraints = [constraint for model in ours() for constraint in model._meta.constraints]
    checks = {c.name for c in constraints if isinstance(c, models.CheckConstraint)}
    uniques = {c.name for c in constraints if isinstance(c, models.UniqueConstraint)}

    assert set(MODELS) >= set(ours())
    assert checks == set(CHECKS)
    assert uniques == set(UNIQUES)


@pytest.mark.parametrize("name", CHECKS)
def test_a_row_that_breaks_a_check_is_refused(db, name):
    factory, columns = CHECKS[name]
    row = factory()

    with pytest.raises((IntegrityError, DataError)) as refused, transaction.atomic():
        update(row, columns)

    # PostgreSQL knows the length of a varchar and the size of an integer before it looks at the CHECK.
    if isinstance(refused.value, IntegrityError) and name not in NEVER_ALONE:
        assert broken_constraint(refused.value) == name


@pytest.mark.parametrize("name", UNIQUES)
def test_a_row_that_is_there_already_is_refused(db, name):
    factory, columns, otherwise = UNIQUES[name]
    first, second = factory(), factory()
    taken = {column: getattr(first, column) if value is None else value for column, value in columns.items()}
    update(first, taken)

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        update(second, taken | otherwise)

    assert broken_constraint(refused.value) == name


def foreign_keys():
    return [field for model in ours() for field in model._meta.local_fields if field.is_relation]


@pytest.mark.parametrize("field", foreign_keys(), ids=lambda field: f"{field.model.__name__}.{field.name}")
def test_purging_a_row_takes_along_or_lets_go_what_points_at_it(db, field):
    row, target = MODELS[field.model](), MODELS[field.related_model]()
    update(row, {field.column: target.pk})

    run(f"DELETE FROM {target._meta.db_table} WHERE id = %s", [written(None, "id", target.pk)])  # noqa: S608
    connection.check_constraints()

    left = field.model.objects.filter(pk=row.pk).first()
    if keeps_null(field):
        assert left is not None
        assert getattr(left, field.attname) is None
    else:
        assert left is None


@pytest.mark.parametrize("field", foreign_keys(), ids=lambda field: f"{field.model.__name__}.{field.name}")
def test_a_key_of_no_row_is_refused(db, field):
    row = MODELS[field.model]()

    def point_nowhere():
        with transaction.atomic():
            update(row, {field.column: uuid7()})
            connection.check_constraints()

    with pytest.raises(IntegrityError):
        point_nowhere()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_row_inserted_without_lyceum_gets_every_default(db, model):
    row = MODELS[model]()
    needed = {
        field.column: written(model, field.name, getattr(row, field.attname))
        for field in model._meta.local_concrete_fields
        if not field.null and (field.db_default is NOT_PROVIDED or (model, field.name) in NEEDED_ALL_THE_SAME)
    }
    type(row)._base_manager.filter(pk=row.pk).delete()

    names = ", ".join(connection.ops.quote_name(name) for name in needed)
    marks = ", ".join(["%s"] * len(needed))
    run(f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({marks})", list(needed.values()))  # noqa: S608

    made = model._base_manager.get()
    assert made.pk.version in (4, 7)
    assert made.created_at.tzinfo is not None
    for field in model._meta.local_concrete_fields:
        if field.has_default() and field.column not in needed and field.name != "id":
            assert getattr(made, field.attname) == field.get_default(), field.name


@pytest.mark.parametrize("field", foreign_keys(), ids=lambda field: f"{field.model.__name__}.{field.name}")
def test_every_foreign_key_has_an_index(db, field):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, field.model._meta.db_table)

    assert any(
        index["columns"][:1] == [field.column] and (index["index"] or index["unique"] or index["primary_key"])
        for index in found.values()
        if index["columns"]
    )


@pytest.mark.parametrize("key", ["abc", "", "01890a5d_ac96_774b_bcce_b302099a"])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_key_that_is_no_uuid_is_refused(db, model, key):
    row = MODELS[model]()

    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        rename(row, key)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_key_in_capitals_is_never_stored_so(db, model):
    row, key = MODELS[model](), "01890A5DAC96774BBCCEB302099A8057"

    try:
        with transaction.atomic():
            rename(row, key)
    except IntegrityError:
        assert connection.vendor == "sqlite"  # PostgreSQL reads capitals, and writes none
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {model._meta.db_table}")  # noqa: S608
        assert not [found for (found,) in cursor.fetchall() if any(map(str.isupper, str(found)))]


def rename(row, key):
    """Give a row another key, past everything but the database."""
    table = row._meta.db_table
    run(f"UPDATE {table} SET id = %s WHERE id = %s", [key, written(type(row), "id", row.pk)])  # noqa: S608


@pytest.mark.parametrize("email", ["É@a.io", "é@a.io", "a b@a.io", "A@a.io"])
def test_an_address_of_other_letters_is_refused_alike(db, email):
    person = UserFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        update(person, {"email": email})
