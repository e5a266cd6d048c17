"""Every call of organizations by everyone who may come along."""

import pytest

from accounts.models import OrganizationMember, Role
from tests.factories import OrganizationFactory, OrganizationMemberFactory, UserFactory
from tests.processes import at_once_in_processes
from tests.racing import at_once

ACTORS = ("owner", "admin", "member", "former", "stranger", "staff")
NEW = {"user": "{new}"}

# Call, body and what each of the actors above hears. Braces name people; co is another owner.
MATRIX = [
    ("get", "", None, (200, 200, 200, 404, 404, 404)),
    ("patch", "", {}, (200, 200, 403, 404, 404, 404)),
    ("patch", "", {"name": "New"}, (200, 200, 403, 404, 404, 404)),
    ("patch", "", {"slug": "new"}, (200, 200, 403, 404, 404, 404)),
    ("delete", "", None, (204, 403, 403, 404, 404, 404)),
    ("post", "restore/", None, (404, 404, 404, 404, 404, 404)),  # it is not in the trash
    ("get", "members/", None, (200, 200, 200, 404, 404, 404)),
    ("post", "members/", NEW, (201, 201, 403, 404, 404, 404)),
    ("post", "members/", NEW | {"role": "member"}, (201, 201, 403, 404, 404, 404)),
    ("post", "members/", NEW | {"role": "admin"}, (201, 201, 403, 404, 404, 404)),
    ("post", "members/", NEW | {"role": "owner"}, (201, 403, 403, 404, 404, 404)),
    ("post", "members/", {"user": "{self}"}, (409, 409, 403, 404, 404, 404)),
    ("get", "members/{other}/", None, (200, 200, 200, 404, 404, 404)),
    ("patch", "members/{other}/", {"role": "admin"}, (200, 403, 403, 404, 404, 404)),
    ("patch", "members/{other}/", {"role": "owner"}, (200, 403, 403, 404, 404, 404)),
    ("patch", "members/{co}/", {"role": "member"}, (200, 403, 403, 404, 404, 404)),
    ("patch", "members/{self}/", {"role": "owner"}, (200, 403, 403, 404, 404, 404)),
    ("patch", "members/{self}/", {"role": "member"}, (200, 403, 403, 404, 404, 404)),
    ("delete", "members/{other}/", None, (204, 204, 403, 404, 404, 404)),
    ("delete", "members/{co}/", None, (204, 403, 403, 404, 404, 404)),
    ("delete", "members/{self}/", None, (204, 204, 204, 404, 404, 404)),
    ("delete", "members/{new}/", None, (404, 404, 404, 404, 404, 404)),
]
TRASH = [
    ("get", "", (404,) * 6),
    ("patch", "", (404,) * 6),
    ("delete", "", (404,) * 6),
    ("get", "members/", (404,) * 6),
    ("post", "members/", (404,) * 6),
    ("get", "members/{other}/", (404,) * 6),
    ("patch", "members/{other}/", (404,) * 6),
    ("delete", "members/{self}/", (404,) * 6),
    ("post", "restore/", (200, 403, 403, 404, 404, 404)),
]


@pytest.fixture
def people(alice, bob, carol, mallory, root):
    return {
        "owner": alice,
        "admin": carol,
        "member": bob,
        "former": UserFactory(),
        "stranger": mallory,
        "staff": root,
        "co": UserFactory(),
        "other": UserFactory(),
        "new": UserFactory(),
    }


@pytest.fixture
def acme(people):
    roles = {"owner": Role.OWNER, "co": Role.OWNER, "admin": Role.ADMIN}
    roles |= dict.fromkeys(("member", "other"), Role.MEMBER)
    organization = OrganizationFactory(members={people[name]: role for name, role in roles.items()})
    OrganizationMemberFactory(organization=organization, user=people["former"]).delete()
    return organization


def ask(client, actor, people, acme, method, path, body):
    keys = {name: str(person.pk) for name, person in people.items()} | {"self": str(people[actor].pk)}
    filled = body and {name: value.format(**keys) for name, value in body.items()}
    return getattr(client, method)(f"/api/v1/organizations/{acme.pk}/{path.format(**keys)}", filled)


@pytest.mark.parametrize(("place", "actor"), list(enumerate(ACTORS)))
@pytest.mark.parametrize(
    ("method", "path", "body", "expected"), MATRIX, ids=[f"{m}-{p}-{b}" for m, p, b, _ in MATRIX]
)
def test_a_call_by_everyone(as_user, people, acme, method, path, body, expected, place, actor):
    answer = ask(as_user(people[actor]), actor, people, acme, method, path, body)

    assert answer.status_code == expected[place]
    if answer.status_code == 403:
        assert answer.json()["error"]["code"] == "permission_denied"


@pytest.mark.parametrize(("method", "path", "expected"), TRASH)
def test_a_call_by_everyone_once_it_is_in_the_trash(as_user, people, acme, method, path, expected):
    as_user(people["co"]).delete(f"/api/v1/organizations/{acme.pk}/")
    # The owner last: after a restore the others would find something else.
    answers = [
        ask(as_user(people[actor]), actor, people, acme, method, path, {} if method != "get" else None)
        for actor in reversed(ACTORS)
    ]

    assert tuple(answer.status_code for answer in reversed(answers)) == expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("together", ["threads", "processes"])
def test_of_two_last_owners_who_leave_or_step_down_at_once_one_stays(as_user, alice, bob, carol, together):
    acme = OrganizationFactory(members={alice: "owner", bob: "owner", carol: "member"})
    members = f"/api/v1/organizations/{acme.pk}/members/"
    clients = as_user(alice), as_user(bob)
    if together == "threads":
        answers = at_once(
            lambda: clients[0].delete(f"{members}{alice.pk}/"),
            lambda: clients[1].patch(f"{members}{bob.pk}/", {"role": "member"}),
        )
        statuses = [answer.status_code for answer in answers]
    else:
        tokens = [client._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ") for client in clients]
        statuses = at_once_in_processes(
            ("DELETE", f"{members}{alice.pk}/", tokens[0]),
            ("PATCH", f"{members}{bob.pk}/", tokens[1], {"role": "member"}),
        )

    assert statuses in ([204, 409], [409, 200])
    assert OrganizationMember.objects.acting_owners().in_organization(acme.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_organization_that_goes_is_not_renamed_any_more(as_user, alice, carol):
    """What changes an organization waits for whoever holds it."""
    acme = OrganizationFactory(name="Acme", members={alice: "owner", carol: "admin"})
    owner, admin = as_user(alice), as_user(carol)
    url = f"/api/v1/organizations/{acme.pk}/"

    deleted, renamed = at_once(lambda: owner.delete(url), lambda: admin.patch(url, {"name": "New"}))

    acme.refresh_from_db()
    assert deleted.status_code == 204
    assert (renamed.status_code, acme.name) in [(200, "New"), (404, "New"), (404, "Acme")]
