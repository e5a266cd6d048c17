"""What compiled statements hold to, beside what the API shows of them."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F, UUIDField
from django.utils import timezone

from accounts.models import Session
from common.statements import CompiledInsert, CompiledRows, CompiledUpdate, Given
from tests.factories import ThreadFactory
from threads.models import Message, Thread

pytestmark = pytest.mark.django_db


def one_thread():
    return Thread.objects.filter(pk=Given("thread", UUIDField()))


def test_an_insert_takes_columns_from_a_row_and_defaults_from_the_model():
    thread = ThreadFactory()
    Thread.objects.filter(pk=thread.pk).update(last_seq=7)
    insert = CompiledInsert(
        Message, one_thread(), seq="last_seq", created_at="updated_at", updated_at="updated_at"
    )
    message = Message(thread=thread, role="user", content="Hello", parts=[{"type": "text"}])

    assert insert(message, thread=thread.pk)

    kept = Message.objects.get()
    assert (kept.pk, kept.seq, kept.content, kept.parts) == (message.pk, 7, "Hello", [{"type": "text"}])
    assert (kept.attachments, kept.metadata, kept.deleted_at) == ([], {}, None)
    assert (message.seq, message.created_at) == (7, kept.created_at)
    message.content = "Hello there"
    message.save()
    assert Message.objects.get().content == "Hello there"


def test_an_insert_makes_nothing_where_there_is_nothing_to_take_from():
    thread = ThreadFactory(deleted_at=timezone.now())
    insert = CompiledInsert(
        Message, one_thread().alive(), seq="last_seq", created_at="updated_at", updated_at="updated_at"
    )

    assert not insert(Message(thread=thread, role="user", content="Hello"), thread=thread.pk)

    assert not Message.objects.exists()


def test_an_update_tells_the_named_columns_of_each_row_that_it_met():
    thread = ThreadFactory(title="Optics")
    update = CompiledUpdate(one_thread(), last_seq=F("last_seq") + 2, returning=("last_seq", "title"))

    assert [tuple(row) for row in update(thread=thread.pk)] == [(2, "Optics")]
    assert [tuple(row) for row in update(thread=thread.pk)] == [(4, "Optics")]
    assert update(thread=thread.user_id) == []


def test_columns_that_would_come_as_another_type_are_refused():
    with pytest.raises(ImproperlyConfigured, match="ip_address"):
        CompiledRows(Session.objects.all())
