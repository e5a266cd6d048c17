"""Who belongs to an organization, and who decides about it."""

import pytest
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import OrganizationMember, Role
from tests.factories import OrganizationFactory, OrganizationMemberFactory, UserFactory


@pytest.fixture
def acme(alice, bob, carol):
    """alice owns it, carol is an admin, bob a member."""
    return OrganizationFactory(members={alice: Role.OWNER, carol: Role.ADMIN, bob: Role.MEMBER})


@pytest.fixture
def outside(acme, mallory, root):
    """People whom the organization does not concern: a former member, a stranger, staff, a deleted one's."""
    former = UserFactory()
    OrganizationMemberFactory(organization=acme, user=former).delete()
    return [former, mallory, root]


def url(organization, person=None):
    return f"/api/v1/organizations/{organization.pk}/members/" + (f"{person.pk}/" if person else "")


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def role_of(organization, person):
    """What the organization knows of a person; None for who is no member."""
    member = OrganizationMember.objects.filter(organization=organization, user=person).first()
    return member and member.role


def test_members_are_listed_as_they_came_in_four_statements(as_user, acme, alice, bob, carol, queries):
    deleted = UserFactory(deleted_at=timezone.now())
    inactive = UserFactory(is_active=False, name="Ina")
    OrganizationMemberFactory(organization=acme, user=deleted, role=Role.OWNER)
    OrganizationMemberFactory(organization=acme, user=inactive)
    client = as_user(bob)

    with queries() as sent:
        page = client.get(url(acme)).json()

    assert len(sent) == 4  # the session, the organization, the total, the page
    joined = OrganizationMember.objects.get(user=alice).created_at
    assert page["items"][0] == {
        "user": {"id": str(alice.pk), "name": "Alice", "username": "alice", "image": ""},
        "role": "owner",
        "joined_at": joined.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    assert [(row["user"]["name"], row["role"]) for row in page["items"]] == [
        ("Alice", "owner"),
        ("Carol", "admin"),
        ("Bob", "member"),
        ("Ina", "member"),
    ]
    assert (page["total"], page["has_more"]) == (4, False)
    second = client.get(url(acme), {"page": 2, "page_size": 3}).json()
    assert [row["user"]["name"] for row in second["items"]] == ["Ina"]
    assert client.get(url(acme, deleted)).status_code == 404
    with queries() as sent:
        assert client.get(url(acme, alice)).json() == page["items"][0]
    assert len(sent) == 2  # the session, the member


def test_the_list_takes_pages_and_nothing_else(as_user, acme, alice):
    for query in ("ordering=role", "search=a", "page=0", "role=owner"):
        assert as_user(alice).get(f"{url(acme)}?{query}").status_code == 400


def test_owners_and_admins_take_people_in(as_user, acme, alice, carol, bob):
    first, second = UserFactory(), UserFactory()

    plain = as_user(carol).post(url(acme), {"user": str(first.pk)})
    admin = as_user(alice).post(url(acme), {"user": str(second.pk), "role": "admin"})

    assert (plain.status_code, plain.json()["role"], plain.json()["user"]["name"]) == (
        201,
        "member",
        first.name,
    )
    assert (admin.status_code, admin.json()["role"]) == (201, "admin")
    assert as_user(first).get(url(acme, second)).json() == admin.json()
    assert as_user(alice).get("/api/v1/organizations/").json()["items"][0]["member_count"] == 5


def test_only_an_owner_makes_an_owner(as_user, acme, alice, carol):
    body = {"user": str(UserFactory().pk), "role": "owner"}

    assert code(as_user(carol).post(url(acme), body)) == (403, "permission_denied")
    assert as_user(alice).post(url(acme), body).json()["role"] == "owner"


def test_nobody_is_taken_in_twice(as_user, acme, alice, bob):
    for person in (bob, alice):
        answer = as_user(alice).post(url(acme), {"user": str(person.pk), "role": "admin"})
        assert code(answer) == (409, "already_member")
    assert role_of(acme, bob) == "member"


@pytest.mark.django_db(transaction=True)
def test_nobody_is_taken_in_twice_at_once(as_user, acme, alice, carol, mallory, at_once):
    calls = [
        lambda client=client: client.post(url(acme), {"user": str(mallory.pk)})
        for client in (as_user(alice), as_user(carol))
    ]

    assert sorted(answer.status_code for answer in at_once(*calls)) == [201, 409]
    assert OrganizationMember.objects.filter(organization=acme, user=mallory).count() == 1


def test_who_is_not_present_cannot_be_taken_in(as_user, acme, alice):
    absent = [uuid7(), UserFactory(is_active=False).pk, UserFactory(deleted_at=timezone.now()).pk]

    for key in absent:
        answer = as_user(alice).post(url(acme), {"user": str(key)})
        assert code(answer) == (400, "validation_error")
        assert answer.json()["error"]["fields"]["user"][0]["code"] == "does_not_exist"


@pytest.mark.parametrize(
    ("body", "field", "refusal"),
    [
        ({}, "user", "required"),
        ({"user": None}, "user", "null"),
        ({"user": "x"}, "user", "invalid"),
        ({"user": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "role": "boss"}, "role", "invalid_choice"),
        ({"user": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "role": None}, "role", "null"),
        ({"user": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "id": "x"}, "id", "unknown_field"),
        ({"users": []}, "users", "unknown_field"),
    ],
)
def test_a_member_of_the_wrong_shape_is_refused(as_user, acme, alice, body, field, refusal):
    answer = as_user(alice).post(url(acme), body)

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][field][0]["code"] == refusal


def test_owners_change_roles(as_user, acme, alice, bob, carol):
    raised = as_user(alice).patch(url(acme, bob), {"role": "owner"})
    lowered = as_user(bob).patch(url(acme, alice), {"role": "member"})

    assert (raised.status_code, raised.json()["role"]) == (200, "owner")
    assert (lowered.status_code, lowered.json()["role"]) == (200, "member")
    assert as_user(bob).patch(url(acme, carol), {}).json()["role"] == "admin"
    for body in ({"role": "boss"}, {"role": None}, {"user": str(bob.pk)}, {"joined_at": None}):
        assert as_user(bob).patch(url(acme, carol), body).status_code == 400


def test_an_organization_keeps_an_owner(as_user, acme, alice, bob):
    OrganizationMemberFactory(organization=acme, user=UserFactory(deleted_at=timezone.now()), role=Role.OWNER)

    assert code(as_user(alice).delete(url(acme, alice))) == (409, "last_owner")
    for role in ("admin", "member"):
        assert code(as_user(alice).patch(url(acme, alice), {"role": role})) == (409, "last_owner")
    assert as_user(alice).patch(url(acme, alice), {"role": "owner"}).status_code == 200
    as_user(alice).patch(url(acme, bob), {"role": "owner"})
    assert as_user(alice).delete(url(acme, alice)).status_code == 204
    assert code(as_user(bob).delete(url(acme, bob))) == (409, "last_owner")
    assert role_of(acme, bob) == "owner"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["both leave", "each lowers the other", "each lowers themselves"])
def test_of_two_owners_who_go_at_once_one_stays(as_user, acme, alice, bob, at_once, how):
    OrganizationMember.objects.filter(user=bob).update(role=Role.OWNER)
    whom = {alice: bob, bob: alice} if how == "each lowers the other" else {alice: alice, bob: bob}

    def go(person):
        client, one = as_user(person), url(acme, whom[person])
        return lambda: client.delete(one) if how == "both leave" else client.patch(one, {"role": "member"})

    statuses = sorted(answer.status_code for answer in at_once(go(alice), go(bob)))

    assert statuses in ([200, 409], [204, 409], [200, 403])
    assert OrganizationMember.objects.filter(organization=acme, role=Role.OWNER).count() == 1


def test_a_member_may_leave_and_come_again(as_user, acme, alice, bob):
    assert as_user(bob).delete(url(acme, bob)).status_code == 204
    assert as_user(bob).delete(url(acme, bob)).status_code == 404
    assert as_user(bob).get(url(acme)).status_code == 404
    assert as_user(alice).get(url(acme, bob)).status_code == 404
    assert as_user(alice).post(url(acme), {"user": str(bob.pk)}).status_code == 201


@pytest.mark.parametrize(
    ("by", "whom", "status"),
    [
        ("owner", "other owner", 204),
        ("owner", "admin", 204),
        ("owner", "member", 204),
        ("admin", "owner", 403),
        ("admin", "other admin", 204),
        ("admin", "member", 204),
        ("admin", "admin", 204),
        ("member", "owner", 403),
        ("member", "admin", 403),
        ("member", "other member", 403),
        ("member", "member", 204),
    ],
)
def test_who_may_remove_whom(as_user, acme, alice, bob, carol, by, whom, status):
    people = {
        "owner": alice,
        "admin": carol,
        "member": bob,
        **{
            f"other {role}": OrganizationMemberFactory(organization=acme, role=role).user
            for role in Role.values
        },
    }

    answer = as_user(people[by]).delete(url(acme, people[whom]))

    assert answer.status_code == status
    assert (role_of(acme, people[whom]) is None) == (status == 204)


@pytest.mark.parametrize(("by", "status"), [("owner", 400), ("admin", 403), ("member", 403)])
def test_who_may_not_is_told_so_before_what_is_wrong(as_user, acme, alice, bob, carol, by, status):
    client = as_user({"owner": alice, "admin": carol, "member": bob}[by])
    for tail in ("", "?x=1"):
        one = f"{url(acme, alice)}{tail}"
        assert client.generic("PATCH", one, b"{", content_type="application/json").status_code == status
    assert client.delete(f"{url(acme, alice)}?x=1").status_code == status
    many = client.generic("POST", f"{url(acme)}?x=1", b"{", content_type="application/json")
    assert many.status_code == (403 if by == "member" else 400)


def test_to_everyone_else_there_is_no_such_organization(as_user, acme, alice, bob, outside):
    nowhere = f"/api/v1/organizations/{uuid7()}/members/"

    for person in outside:
        client = as_user(person)
        for many, one in ((url(acme), url(acme, bob)), (nowhere, f"{nowhere}{bob.pk}/")):
            for answer in (
                client.get(many),
                client.post(many, {"user": str(person.pk)}),
                client.post(many, {"user": 5}),
                client.get(f"{many}?x=1"),
                client.put(many, {}),
                client.get(one),
                client.patch(one, {"role": "owner"}),
                client.patch(one, {"role": 5}),
                client.delete(one),
            ):
                assert code(answer) == (404, "not_found")
    assert role_of(acme, bob) == "member"


def test_who_is_no_member_is_not_found_before_a_role_is_asked(as_user, acme, bob, carol, mallory):
    gone = OrganizationMemberFactory(organization=acme, user=UserFactory(deleted_at=timezone.now())).user

    for client in (as_user(bob), as_user(carol)):
        for person in (mallory, gone):
            assert client.get(url(acme, person)).status_code == 404
            assert client.patch(url(acme, person), {"role": "owner"}).status_code == 404
            assert client.delete(url(acme, person)).status_code == 404


def test_a_deleted_organization_has_no_members_to_see(as_user, acme, alice, bob):
    as_user(alice).delete(f"/api/v1/organizations/{acme.pk}/")

    for client in (as_user(alice), as_user(bob)):
        assert client.get(url(acme)).status_code == 404
        assert client.delete(url(acme, bob)).status_code == 404
    assert as_user(alice).post(url(acme), {"user": str(bob.pk)}).status_code == 404


def test_a_person_who_comes_back_is_a_member_again(as_user, acme, alice, bob):
    bob.deleted_at = timezone.now()
    bob.save()
    assert as_user(alice).get(url(acme, bob)).status_code == 404

    bob.deleted_at = None
    bob.save()

    assert as_user(alice).get(url(acme, bob)).json()["role"] == "member"


@pytest.mark.django_db(transaction=True)
def test_a_removed_admin_takes_nobody_in_any_more(as_user, acme, alice, carol, at_once):
    newcomers = [UserFactory() for _ in range(3)]
    owner, admin = as_user(alice), as_user(carol)

    removal, *answers = at_once(
        lambda: owner.delete(url(acme, carol)),
        *[lambda person=person: admin.post(url(acme), {"user": str(person.pk)}) for person in newcomers],
    )

    assert removal.status_code == 204
    left = OrganizationMember.objects.filter(organization=acme, user__in=newcomers).count()
    assert left == sum(answer.status_code == 201 for answer in answers)
    # 403 where the removal came between the question who sees the organization and the one who may.
    assert {answer.status_code for answer in answers} <= {201, 403, 404}


def test_writes_cost_few_statements(as_user, acme, alice, bob, queries):
    client, body = as_user(alice), {"user": str(UserFactory().pk)}

    with queries() as sent:
        client.post(url(acme), body)
    # The session; seen, allowed, the person; begin, the person and the organization held, allowed, the row,
    # end.
    assert len(sent) == 10
    with queries() as sent:
        client.patch(url(acme, bob), {"role": "admin"})
    # The session; seen, the member, allowed; begin, held, member, allowed, update, end; the member.
    assert len(sent) == 11
    with queries() as sent:
        client.delete(url(acme, bob))
    # The session; begin, held, member, allowed, the row, end.
    assert len(sent) == 7
