"""What the studio does across the apps."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from accounts.admin import UserAdmin
from accounts.models import User
from common.errors import DomainError
from config.people import services

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People, whose accounts staff end and restore with all that goes along."""

    actions = ("end", "bring_back")

    @admin.action(description="End the account", permissions=["change"])
    def end(self, request: HttpRequest, queryset: Any) -> None:
        self._each(request, queryset, services.end_account, "ended")

    @admin.action(description="Restore the account", permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: Any) -> None:
        self._each(request, queryset, services.restore_account, "restored")

    def _each(self, request: HttpRequest, people: Any, service: Any, done: str) -> None:
        count = 0
        for person in people:
            try:
                service(person_id=person.pk, by=request.user)
            except DomainError as refusal:
                self.message_user(request, f"{person}: {refusal.message}", messages.ERROR)
            else:
                count += 1
        self.message_user(request, f"{count} account{'' if count == 1 else 's'} {done}.")
