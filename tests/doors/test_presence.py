"""Who is shown to be in a room: a matter of open streams, which no row of `doors.txt` has."""

from uuid import UUID

import pytest

from chatrooms import views

pytestmark = pytest.mark.django_db


def test_those_of_the_room_are_shown_who_have_a_stream_open(world, monkeypatch):
    streaming = {UUID(world.keys[name]) for name in ("owner", "deleted", "stranger")}
    monkeypatch.setattr(views, "present", lambda room_id, people: people & streaming)

    answer = world.send(world.clients["member"], "get", world.filled("rooms/{room}/presence/"))
    assert [person["id"] for person in answer.json()["items"]] == [world.keys["owner"]]
