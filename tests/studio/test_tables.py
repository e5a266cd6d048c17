"""The studio's lists and forms, as support staff open them."""

import pytest
from django.contrib import admin
from django.urls import reverse

from tests.factories import (
    MaterialFactory,
    OrganizationFactory,
    ThreadFactory,
)

TABLES = [
    model
    for model in admin.site._registry
    if model._meta.app_label in {"accounts", "materials", "media_summaries", "threads", "chatrooms"}
]


@pytest.fixture
def studio(client, root):
    client.force_login(root)
    return client


def page(model, name="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def test_every_table_is_in_the_studio():
    from django.apps import apps

    ours = {
        model
        for label in ("accounts", "materials", "media_summaries", "threads", "chatrooms")
        for model in apps.get_app_config(label).get_models()
    }
    assert ours <= set(TABLES)


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_a_list_opens_is_searched_and_never_counts_the_whole_table(studio, alice, model, queries):
    OrganizationFactory(members={alice: "owner"})
    ThreadFactory(user=alice, material=MaterialFactory(user=alice), messages=2)

    with queries() as sent:
        assert studio.get(page(model)).status_code == 200
    assert studio.get(page(model), {"q": "no such thing"}).status_code == 200
    counts = [query["sql"] for query in sent if "COUNT(*)" in query["sql"] and "session" not in query["sql"]]
    assert all("LIMIT 10000" in sql or "GROUP BY" in sql for sql in counts), counts


def test_the_studio_is_for_staff(client, alice):
    client.force_login(alice)

    answer = client.get("/admin/threads/thread/")

    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


def test_a_form_opens_with_its_relations(studio, alice):
    thread = ThreadFactory(user=alice, material=MaterialFactory(user=alice), messages=1)

    form = studio.get(page(type(thread), "change", thread.pk))
    person = studio.get(page(type(alice), "change", alice.pk))

    assert form.status_code == person.status_code == 200
    assert thread.material.title in form.content.decode()
    assert "argon2" not in person.content.decode()


def test_rows_are_put_in_the_trash_and_brought_back(studio, alice, as_user):
    thread = ThreadFactory(user=alice)
    chosen = {"_selected_action": [str(thread.pk)]}
    one = f"/api/v1/threads/{thread.pk}/"

    studio.post(page(type(thread)), {"action": "hide", **chosen})
    assert as_user(alice).get(one).status_code == 404
    assert str(thread.pk) in studio.get(page(type(thread)), {"trash": "only"}).content.decode()
    assert str(thread.pk) not in studio.get(page(type(thread)), {"trash": "none"}).content.decode()
    studio.post(page(type(thread)), {"action": "bring_back", **chosen})

    assert as_user(alice).get(one).status_code == 200


def test_a_count_leads_to_the_rows_it_counts(studio, alice):
    thread = ThreadFactory(user=alice, messages=3)

    listed = studio.get(page(type(thread))).content.decode()
    link = f"/admin/threads/message/?thread__id__exact={thread.pk}"

    assert f'<a href="{link}">3</a>' in listed
    assert "3 messages" in studio.get(link).content.decode()


def test_an_edit_in_the_studio_moves_updated_at(studio, alice, as_user):
    thread = ThreadFactory(user=alice, title="Before")
    one = f"/api/v1/threads/{thread.pk}/"
    before = as_user(alice).get(one).json()

    studio.post(page(type(thread), "change", thread.pk), {"user": alice.pk, "title": "After", "material": ""})

    after = as_user(alice).get(one).json()
    assert after["title"] == "After"
    assert after["updated_at"] > before["updated_at"]
