"""One valid row of each table."""

from datetime import timedelta

import factory
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import (
    AttemptCounter,
    AttemptKind,
    Organization,
    OrganizationMember,
    Profile,
    Role,
    Session,
    User,
    UserSettings,
)
from chatrooms.models import Room, RoomMember, RoomMessage, RoomRole, RoomType, pair_key
from materials.models import Material, MaterialType, Subject
from media_summaries.models import (
    Category,
    Keyframe,
    Tag,
    VideoSummary,
    VideoSummaryCategory,
    VideoSummaryTag,
)
from media_summaries.vocabulary import name_key
from threads.models import Message, MessageRole, Thread

PASSWORD = "correct horse battery"
# Hashing is slow on purpose: the tests hash as in use, but at the least cost.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64
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


class FileMaterialFactory(MaterialFactory):
    """A file of a few bytes; it lies where the row says."""

    type = MaterialType.FILE
    content = "Ebb and flow"
    file = factory.Sequence(lambda n: f"materials/00/{n:032x}.txt")
    file_name = "tides.txt"
    file_size = len(content)
    file_type = "text/plain"

    @classmethod
    def _create(cls, model_class, *args, **columns):
        default_storage.save(columns["file"], ContentFile(columns["content"].encode()))
        return super()._create(model_class, *args, **columns)


class TagFactory(DjangoModelFactory):
    class Meta:
        model = Tag
        django_get_or_create = ("name_key",)

    name = factory.Sequence(lambda n: f"Tag {n}")
    name_key = factory.LazyAttribute(lambda tag: name_key(tag.name))


class CategoryFactory(TagFactory):
    class Meta:
        model = Category

    name = factory.Sequence(lambda n: f"Category {n}")


class VideoSummaryFactory(DjangoModelFactory):
    """`tags` and `categories` are names."""

    class Meta:
        model = VideoSummary
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    youtube_id = factory.Sequence(lambda n: f"video-{n:05}")
    youtube_url = factory.LazyAttribute(lambda video: f"https://youtu.be/{video.youtube_id}")
    title = factory.Sequence(lambda n: f"Video {n}")

    @factory.post_generation
    def tags(self, create, extracted, **_):
        self.tags.set([TagFactory(name=name) for name in extracted or ()])

    @factory.post_generation
    def categories(self, create, extracted, **_):
        self.categories.set([CategoryFactory(name=name) for name in extracted or ()])


class VideoSummaryTagFactory(DjangoModelFactory):
    class Meta:
        model = VideoSummaryTag

    video_summary = factory.SubFactory(VideoSummaryFactory)
    tag = factory.SubFactory(TagFactory)


class VideoSummaryCategoryFactory(DjangoModelFactory):
    class Meta:
        model = VideoSummaryCategory

    video_summary = factory.SubFactory(VideoSummaryFactory)
    category = factory.SubFactory(CategoryFactory)


class KeyframeFactory(DjangoModelFactory):
    class Meta:
        model = Keyframe

    video_summary = factory.SubFactory(VideoSummaryFactory)
    timestamp = 0
    image_url = "https://images.example.com/frame.jpg"


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


class AttemptCounterFactory(DjangoModelFactory):
    class Meta:
        model = AttemptCounter

    kind = AttemptKind.LOGIN
    key_digest = factory.Sequence(lambda n: f"{n:064x}")
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=1))


class RoomFactory(DjangoModelFactory):
    """A group; `admins` and `members` are its people, `messages` says that many things as nobody."""

    class Meta:
        model = Room
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Room {n}")
    type = RoomType.GROUP

    @factory.post_generation
    def admins(self, create, extracted, **_):
        for user in extracted or ():
            RoomMemberFactory(room=self, user=user, role=RoomRole.ADMIN)

    @factory.post_generation
    def members(self, create, extracted, **_):
        for user in extracted or ():
            RoomMemberFactory(room=self, user=user)

    @factory.post_generation
    def messages(self, create, extracted, **_):
        for number in range(extracted or 0):
            RoomMessageFactory(room=self, content=f"Message {number + 1}")


class DirectRoomFactory(DjangoModelFactory):
    """The room of two `people`."""

    class Meta:
        model = Room

    type = RoomType.DIRECT

    @classmethod
    def _create(cls, model_class, *args, people, **columns):
        columns["direct_key"] = pair_key(*(person.pk for person in people))
        room = super()._create(model_class, *args, **columns)
        for person in people:
            RoomMemberFactory(room=room, user=person)
        return room


class RoomMemberFactory(DjangoModelFactory):
    class Meta:
        model = RoomMember

    room = factory.SubFactory(RoomFactory)
    user = factory.SubFactory(UserFactory)
    role = RoomRole.MEMBER


class RoomMessageFactory(DjangoModelFactory):
    """Takes the next numbers of its room, as the service would."""

    class Meta:
        model = RoomMessage

    room = factory.SubFactory(RoomFactory)
    user = None
    content = "Hello, everyone."

    @factory.lazy_attribute
    def seq(self):
        self.room.last_seq += 1
        return self.room.last_seq

    @factory.lazy_attribute
    def revision(self):
        self.room.last_revision += 1
        return self.room.last_revision

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        kwargs["room"].save(update_fields=["last_seq", "last_revision"])
        return super()._create(model_class, *args, **kwargs)
