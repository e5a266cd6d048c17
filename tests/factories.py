"""One valid row of each table."""

from datetime import timedelta

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Organization, OrganizationMember, Profile, Role, Session, User, UserSettings
from materials.models import Material, MaterialType, Subject
from threads.models import Message, MessageRole, Thread

PASSWORD = "correct horse battery"
# Hashing is slow on purpose, so all people of the tests share one hash.
_HASH = make_password(PASSWORD)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = _HASH


class OrganizationFactory(DjangoModelFactory):
    """`members` maps people to roles."""

    class Meta:
        model = Organization
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Organization {n}")
    slug = factory.Sequence(lambda n: f"organization-{n}")

    @factory.post_generation
    def members(self, create, extracted, **_):
        for user, role in (extracted or {}).items():
            OrganizationMemberFactory(organization=self, user=user, role=role)


class OrganizationMemberFactory(DjangoModelFactory):
    class Meta:
        model = OrganizationMember

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.MEMBER


class SubjectFactory(DjangoModelFactory):
    class Meta:
        model = Subject

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Subject {n}")


class MaterialFactory(DjangoModelFactory):
    class Meta:
        model = Material

    user = factory.SubFactory(UserFactory)
    subject = factory.SubFactory(SubjectFactory, user=factory.SelfAttribute("..user"))
    title = factory.Sequence(lambda n: f"Material {n}")
    type = MaterialType.TEXT
    content = "What is to be learned."


class ThreadFactory(DjangoModelFactory):
    """`messages` posts that many, numbered as the service would."""

    class Meta:
        model = Thread
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    title = factory.Sequence(lambda n: f"Thread {n}")

    @factory.post_generation
    def messages(self, create, extracted, **_):
        for seq in range(1, (extracted or 0) + 1):
            MessageFactory(thread=self, seq=seq, content=f"Message {seq}")
        if extracted:
            self.last_seq = extracted
            self.save(update_fields=["last_seq"])


class MessageFactory(DjangoModelFactory):
    class Meta:
        model = Message

    thread = factory.SubFactory(ThreadFactory)
    seq = 1
    role = MessageRole.USER
    content = "Why is the sky blue?"


class ProfileFactory(DjangoModelFactory):
    class Meta:
        model = Profile

    user = factory.SubFactory(UserFactory)


class UserSettingsFactory(DjangoModelFactory):
    class Meta:
        model = UserSettings

    user = factory.SubFactory(UserFactory)


class SessionFactory(DjangoModelFactory):
    class Meta:
        model = Session

    user = factory.SubFactory(UserFactory)
    token_digest = factory.Sequence(lambda n: f"{n:064x}")
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))
