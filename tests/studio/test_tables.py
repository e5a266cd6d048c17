"""The studio's lists and forms, as support staff open them."""

import re
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.test import Client
from django.urls import URLResolver
from django.utils import timezone
from django.utils.html import escape
from uuid_utils.compat import uuid7

from materials.models import Subject
from tests.factories import (
    PASSWORD,
    MaterialFactory,
    MessageFactory,
    OrganizationFactory,
    RoomFactory,
    SubjectFactory,
    ThreadFactory,
    UserFactory,
    UserSettingsFactory,
    VideoSummaryFactory,
)
from tests.studio.pages import form_data, page
from tests.test_schema import MODELS

TABLES = [
    model
    for model in admin.site._registry
    if model._meta.app_label in {"accounts", "materials", "media_summaries", "threads", "chatrooms"}
]


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


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_row_is_found_by_its_key(studio, model):
    row, _ = MODELS[model](), MODELS[model]()

    found = studio.get(page(model), {"q": f" {str(row.pk).upper()} "}).context["cl"].result_list

    assert [other.pk for other in found] == [row.pk]


def test_a_search_finds_every_word_in_whatever_case(studio, alice):
    SubjectFactory(name="Écologie des forêts", user=alice)
    SubjectFactory(name="Écologie")

    def found(term):
        return {str(row) for row in studio.get(page(Subject), {"q": term}).context["cl"].result_list}

    assert found("éCOLOGIE") == {"Écologie des forêts", "Écologie"}
    assert found("forêts alice") == {"Écologie des forêts"}
    assert found("100%") == set()


def addresses(patterns, prefix="/admin/"):
    """Every page of the studio, with a key of no row where one is wanted."""
    for pattern in patterns:
        part = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, prefix + part)
        elif part.startswith(("^", "(")):
            yield prefix + ("threads/" if "app_label" in part else "nothing/there/")
        else:
            yield prefix + re.sub("<int:.*?>", "1", re.sub("<(path|uuid):.*?>", str(uuid7()), part))


def test_the_studio_is_for_staff(client, alice, root):
    pages = {*addresses(admin.site.urls[0])} - {"/admin/login/"}
    assert {"/admin/", "/admin/threads/thread/", "/admin/threads/", "/admin/jsi18n/"} < pages
    former_staff = [
        UserFactory(is_staff=True, is_superuser=True, **columns)
        for columns in ({"is_active": False}, {"deleted_at": timezone.now()})
    ]

    for person, visited in [(alice, sorted(pages)), *((one, ["/admin/"]) for one in (None, *former_staff))]:
        visitor = Client()
        if person:
            visitor.force_login(person)
        for address in visited:
            answers = [visitor.get(address)]
            if address.endswith(("/add/", "/change/")):
                answers.append(visitor.post(address))
            for answer in answers:
                # Who logs out is led to the first page, which asks for a log-in.
                way_out = "/admin/" if address == "/admin/logout/" else f"/admin/login/?next={quote(address)}"
                assert (answer.status_code, answer["Location"]) == (302, way_out), address
    client.force_login(root)
    assert client.get("/admin/threads/thread/").status_code == 200


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
    link = f"/admin/threads/message/?thread__id__exact={thread.pk}&trash=none"

    assert f'<a href="{escape(link)}">3</a>' in listed
    assert "3 messages" in studio.get(link).content.decode()


def test_an_edit_in_the_studio_moves_updated_at(studio, alice, as_user):
    thread = ThreadFactory(user=alice, title="Before")
    one = f"/api/v1/threads/{thread.pk}/"
    before = as_user(alice).get(one).json()

    studio.post(page(type(thread), "change", thread.pk), {"user": alice.pk, "title": "After", "material": ""})

    after = as_user(alice).get(one).json()
    assert after["title"] == "After"
    assert after["updated_at"] > before["updated_at"]


EDITABLE = [
    UserFactory,
    UserSettingsFactory,
    OrganizationFactory,
    SubjectFactory,
    MaterialFactory,
    VideoSummaryFactory,
    ThreadFactory,
    MessageFactory,
    RoomFactory,
]


@pytest.mark.parametrize("factory", EDITABLE)
def test_a_form_that_nobody_touched_can_be_saved(studio, factory):
    row = factory()
    if factory is UserFactory:
        UserSettingsFactory(user=row)
    address = page(type(row), "change", row.pk)

    answer = studio.post(address, form_data(studio.get(address)))

    assert answer.status_code == 302, answer.context["errors"]


def test_a_value_that_the_database_refuses_is_said_on_the_page(studio):
    room = RoomFactory()

    answer = studio.post(page(type(room), "change", room.pk), {"name": "", "created_by": ""}, follow=True)

    assert answer.status_code == 200
    assert "Not saved" in answer.content.decode() or "required" in answer.content.decode()


@pytest.mark.parametrize(
    "lookup",
    [
        "/admin/accounts/user/?password__startswith=argon2",
        "/admin/accounts/session/?token_digest__gte=8",
        "/admin/accounts/session/?session_data__contains=a",
        "/admin/threads/thread/?user__password__startswith=argon2",
        "/admin/mfa/authenticator/?data__secret__startswith=g",
        "/admin/accounts/user/?authenticator__data__contains=a",
        "/admin/socialaccount/socialaccount/?extra_data__email=a",
        "/admin/socialaccount/socialaccount/?socialtoken__token__startswith=a",
    ],
)
def test_secrets_cannot_be_guessed_by_filters(studio, alice, lookup):
    answer = studio.get(lookup)

    assert answer.status_code in {302, 400}


def test_a_log_in_to_the_studio_is_remembered_with_its_place(client, root):
    client.post(
        "/admin/login/", {"username": root.email, "password": PASSWORD}, headers={"User-Agent": "Firefox"}
    )

    session = root.sessions.get()
    assert (session.ip_address, session.user_agent) == ("127.0.0.1", "Firefox")


def test_what_opens_an_account_is_listed_without_what_is_in_it(studio, alice):
    factor = Authenticator.objects.create(user=alice, type="totp", data={"secret": "sealed-secret"})
    address = EmailAddress.objects.create(user=alice, email=alice.email, primary=True)
    outside = SocialAccount.objects.create(
        user=alice, provider="google", uid="uid-of-alice", extra_data={"token": "sealed-secret"}
    )

    for row, shown in ((factor, "TOTP"), (address, alice.email), (outside, "uid-of-alice")):
        pages = [studio.get(page(type(row))), studio.get(page(type(row), "change", row.pk))]
        assert [answer.status_code for answer in pages] == [200, 200]
        assert all(shown in answer.content.decode() for answer in pages)
        assert not any("sealed-secret" in answer.content.decode() for answer in pages)
        assert studio.get(page(type(row)), {"q": "sealed-secret"}).content.decode().count(str(alice.pk)) == 0
        assert studio.post(page(type(row), "change", row.pk), {}).status_code == 403


@pytest.mark.parametrize("table", ["socialapp", "socialtoken"])
def test_tables_of_secrets_that_stay_empty_are_not_in_the_studio(studio, table):
    assert studio.get(f"/admin/socialaccount/{table}/").status_code == 404
