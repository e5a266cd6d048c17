"""The people of the demo world."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts import services
from accounts.models import Organization, Role, User
from accounts.services import credentials
from common.seeding import Made, Volume, moment, stable_id

PASSWORD = "study-together"  # noqa: S105  (known to everyone, on purpose)


@dataclass(frozen=True)
class Person:
    """A demo log-in."""

    username: str
    name: str
    role: str
    bio: str = ""

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"


PEOPLE = (
    Person("ada", "Ada Park", "student", "Second year of mathematics. Draws everything before proving it."),
    Person("ben", "Ben Okafor", "student", "Physics, and the cello on weekends."),
    Person("chen", "Chen Wei", "student", "Reads history to understand the news."),
    Person("staff", "Sam Rivera", "staff, for the studio"),
)


def is_there() -> bool:
    """Whether the demo people exist, also where somebody deleted them."""
    return User.objects.filter(pk=stable_id("person:ada")).exists()


def is_empty() -> bool:
    """Whether there is nobody at all."""
    return not User.objects.exists()


def person(username: str) -> User:
    """A demo person by username."""
    return User.objects.get(pk=stable_id(f"person:{username}"))


def seed() -> None:
    """Add the demo people and their organization where they are missing."""
    for one in PEOPLE:
        key = stable_id(f"person:{one.username}")
        if User.objects.filter(pk=key).exists():
            continue
        user, _ = services.sign_up(
            id=key, email=one.email, password=PASSWORD, name=one.name, username=one.username
        )
        # Proved, so that passkeys and authenticator apps can be tried with them.
        credentials.prove_address(address=EmailAddress.objects.get(user=user))
        if one.bio:
            services.change_profile(person=user, bio=one.bio)
        if one.username == "staff":
            services.appoint_staff(person=user)
    club = stable_id("organization:study-circle")
    if not Organization.objects.filter(pk=club).exists():
        ada = person("ada")
        services.create_organization(owner=ada, name="Study Circle", slug="study-circle", id=club)
        services.add_member(organization_id=club, by=ada, user=person("ben"), role=Role.ADMIN)
        services.add_member(organization_id=club, by=ada, user=person("chen"))


_SCALE_EMAIL = "student{:06}@scale.example.com"


def has_volume() -> bool:
    """Whether the people of the volume are there."""
    return User.objects.filter(email=_SCALE_EMAIL.format(1)).exists()


def volume(made: Made, scale: float, world: dict[str, Any]) -> Iterator[Volume]:
    """1,000 people at scale 1; `world["people"]` are their keys."""
    people = world["people"] = [made.key() for _ in range(max(1, round(1000 * scale)))]
    # One hash for all: hashing is slow on purpose.
    password = make_password(PASSWORD, salt="lyceum-seed-volume")
    rows = (
        (key, _SCALE_EMAIL.format(n), f"Student {n}", password, False, *[moment(n)] * 2)
        for n, key in enumerate(people, 1)
    )
    columns = ("id", "email", "name", "password", "is_superuser", "created_at", "updated_at")
    yield Volume(User, columns, rows, len(people))
