"""Organizations and who is in them."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.text import slugify

from accounts.models import (
    Organization,
    OrganizationMember,
    Role,
    User,
)
from accounts.services.people import hold_person
from common.constraints import key_of, refusing
from common.errors import DomainError, Forbidden, IdConflict, NotVisible

MAX_SLUG = 50


class SlugTaken(DomainError):
    """This slug is taken."""

    code = "slug_taken"


class AlreadyMember(DomainError):
    """This person is a member already."""

    code = "already_member"


class LastOwner(DomainError):
    """An organization keeps at least one owner."""

    code = "last_owner"


def create_organization(
    *, owner: User, name: str, slug: str | None = None, id: UUID | None = None
) -> Organization:
    """A new organization with its first owner; a slug that is not given is made from the name."""
    if slug:
        return _insert_organization(owner=owner, name=name, slug=slug, id=id)
    while True:
        try:
            return _insert_organization(owner=owner, name=name, slug=_free_slug(name), id=id)
        except SlugTaken:
            continue  # somebody was faster: count on


def _insert_organization(*, owner: User, name: str, slug: str, id: UUID | None) -> Organization:
    conflicts = {"slug_once": SlugTaken, key_of(Organization): IdConflict}
    with refusing(conflicts), transaction.atomic():
        keys = {"id": id} if id else {}
        organization = Organization.objects.create(name=name, slug=slug, **keys)
        OrganizationMember.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization


def _free_slug(name: str) -> str:
    base = slugify(name).replace("_", "-").strip("-")[:MAX_SLUG].rstrip("-") or "org"
    # The longest suffix that will be tried takes eight characters of the fifty.
    used = Organization.objects.slugs_like(base[: MAX_SLUG - 8])
    slug, number = base, 1
    while slug in used:
        number += 1
        suffix = f"-{number}"
        slug = base[: MAX_SLUG - len(suffix)] + suffix
    return slug


def change_organization(*, organization_id: UUID, by: User, **changes: Any) -> None:
    """Another name or slug, by an owner or admin."""
    with refusing({"slug_once": SlugTaken}), transaction.atomic():
        _hold(organization_id, by)
        rows = Organization.objects.administered_by(by).filter(pk=organization_id)
        if not rows.update(updated_at=Now(), **changes):
            raise Forbidden


@transaction.atomic
def delete_organization(*, organization_id: UUID, by: User) -> None:
    """Put an organization in its owners' trash."""
    _hold(organization_id, by)
    if not Organization.objects.owned_by(by).filter(pk=organization_id).soft_delete(by=by):
        raise Forbidden


def restore_organization(*, organization_id: UUID, by: User) -> None:
    """Bring an organization back, by one of its owners."""
    if not Organization.objects.in_trash_of(by).filter(pk=organization_id).restore():
        deleted = Organization.objects.deleted_of_member(by)
        raise Forbidden if deleted.filter(pk=organization_id).exists() else NotVisible


def _hold(organization_id: UUID, by: User) -> None:
    """Hold an organization that the person sees until commit, so that no role in it changes meanwhile."""
    organizations = Organization.objects.select_for_update().visible_to(by)
    if not organizations.filter(pk=organization_id):
        raise NotVisible


def _only(organizations: Any, organization_id: UUID) -> None:
    """Refuse who has not the role that these organizations are seen by."""
    if not organizations.filter(pk=organization_id).exists():
        raise Forbidden


def _member(organization_id: UUID, user_id: UUID) -> OrganizationMember:
    members = OrganizationMember.objects.of_live_people().in_organization(organization_id)
    member = members.filter(user=user_id).first()
    if member is None:
        raise NotVisible
    return member


def _held_member(organization_id: UUID, user_id: UUID) -> OrganizationMember:
    """A member of an organization that is held until commit: by staff, who need not be in it themselves."""
    if not Organization.objects.select_for_update().filter(pk=organization_id):
        raise NotVisible
    member = OrganizationMember.objects.in_organization(organization_id).filter(user=user_id).first()
    if member is None:
        raise NotVisible
    return member


def _keep_an_owner(leaving: OrganizationMember) -> None:
    owners = OrganizationMember.objects.acting_owners().in_organization(leaving.organization_id)
    if not owners.exclude(pk=leaving.pk).exists():
        raise LastOwner


def add_member(*, organization_id: UUID, by: User, user: User, role: str = Role.MEMBER) -> OrganizationMember:
    """Take a person in; owners and admins may, and only an owner makes another owner."""
    with refusing({"organization_member_once": AlreadyMember}), transaction.atomic():
        hold_person(person=user)
        _hold(organization_id, by)
        organizations = Organization.objects
        _only(
            organizations.owned_by(by) if role == Role.OWNER else organizations.administered_by(by),
            organization_id,
        )
        return OrganizationMember.objects.create(organization_id=organization_id, user=user, role=role)


def add_member_by_staff(*, organization_id: UUID, user: User, role: str) -> OrganizationMember:
    """Take a person in, by staff."""
    with refusing({"organization_member_once": AlreadyMember}), transaction.atomic():
        hold_person(person=user)
        return OrganizationMember.objects.create(organization_id=organization_id, user=user, role=role)


@transaction.atomic
def change_member(*, organization_id: UUID, by: User, user_id: UUID, role: str) -> None:
    """Give a member another role, by an owner."""
    _hold(organization_id, by)
    member = _member(organization_id, user_id)
    _only(Organization.objects.owned_by(by), organization_id)
    _give_role(member, role)


@transaction.atomic
def change_member_by_staff(*, organization_id: UUID, user_id: UUID, role: str) -> None:
    """Give a member another role, by staff."""
    _give_role(_held_member(organization_id, user_id), role)


def _give_role(member: OrganizationMember, role: str) -> None:
    if member.role == Role.OWNER and role != Role.OWNER:
        _keep_an_owner(member)
    OrganizationMember.objects.filter(pk=member.pk).update(role=role, updated_at=Now())


@transaction.atomic
def remove_member(*, organization_id: UUID, by: User, user_id: UUID) -> None:
    """Let a member go: oneself, anyone by an owner, all but owners by an admin."""
    _hold(organization_id, by)
    member = _member(organization_id, user_id)
    if not OrganizationMember.objects.removable_by(by).filter(pk=member.pk).exists():
        raise Forbidden
    _let_go(member)


@transaction.atomic
def remove_member_by_staff(*, organization_id: UUID, user_id: UUID) -> None:
    """Let a member go, by staff."""
    _let_go(_held_member(organization_id, user_id))


def _let_go(member: OrganizationMember) -> None:
    if member.role == Role.OWNER:
        _keep_an_owner(member)
    member.delete()
