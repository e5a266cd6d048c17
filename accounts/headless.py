"""allauth's calls where Lyceum's rules are stricter than allauth's; they stand before its own."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import email_verification, password_reset
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.headless.account import inputs, views
from allauth.headless.account.response import EmailAddressesResponse, RequestEmailVerificationResponse
from allauth.headless.base import response as base_response
from allauth.headless.constants import Client
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.headless.mfa import inputs as mfa_inputs
from allauth.headless.mfa import views as mfa_views
from allauth.headless.socialaccount import inputs as social_inputs
from allauth.headless.socialaccount import views as social_views
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from accounts import services
from accounts.models import User
from accounts.services import credentials
from common.constraints import refusing
from common.errors import DomainError


class RefusingMixin:
    """A refusal of the domain in allauth's published shape."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except DomainError as refusal:
            error = ValidationError(refusal.message, code=refusal.code)
            return ErrorResponse(request, exception=error)
        except ValidationError as refusal:
            return ErrorResponse(request, exception=ValidationError([refusal]))


class UniqueEmailMixin:
    """Asks whether an address is taken by an account; a mere wish for it does not count."""

    def validate_unique_email(self, value: str) -> str:
        if User.objects.have_address(value):
            raise get_adapter().validation_error("email_taken")
        return value


class SignupInput(UniqueEmailMixin, inputs.SignupInput):
    """A sign-up with an address and a password that is not like it."""

    def clean(self) -> Any:
        values = super().clean()
        if "email" in values and "password" in values:
            try:
                get_adapter().clean_password(values["password"], user=User(email=values["email"]))
            except ValidationError as weak:
                self.add_error("password", weak)
        return values

    def save(self, request: HttpRequest) -> User:
        columns = {name: self.cleaned_data[name] for name in ("email", "password")}
        return services.sign_up(name="", **columns)[0]


class SignupView(RefusingMixin, views.SignupView):
    input_class = {"POST": SignupInput}


class ProviderSignupInput(UniqueEmailMixin, social_inputs.SignupInput):
    """The address that a provider did not give, or that is taken."""


class ProviderSignupView(RefusingMixin, social_views.ProviderSignupView):
    input_class = ProviderSignupInput


class RequestPasswordResetInput(inputs.RequestPasswordResetInput):
    """The one account of an address, if its person is present."""

    def clean_email(self) -> str:
        email = get_adapter().clean_email(self.cleaned_data["email"])
        self.users = list(User.objects.present().filter(email=email))
        return email


class RequestPasswordResetView(views.RequestPasswordResetView):
    input_class = RequestPasswordResetInput


class ResetPasswordView(RefusingMixin, views.ResetPasswordView):
    """A new password by the key of a mail, which also proves the address."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        person = self.input.user
        credentials.reset_password(person=person, password=self.input.cleaned_data["password"])
        if request.user == person:
            get_adapter().logout(request)  # this log-in has ended with all the others
        password_reset.finalize_password_reset(request, person)
        return base_response.AuthenticationResponse(request)


class ChangePasswordView(RefusingMixin, views.ChangePasswordView):
    pass


class VerifyEmailInput(inputs.VerifyEmailInput):
    """The key of a mail, while its person is present and nobody else has the address."""

    def clean_key(self) -> str:
        key = super().clean_key()
        address = self.verification.email_address
        if not User.objects.present().filter(pk=address.user_id).exists():
            raise get_adapter().validation_error("invalid_or_expired_key")
        if User.objects.have_address(address.email, beside=address.user):
            raise get_adapter().validation_error("email_taken")
        return key


class VerifyEmailView(RefusingMixin, views.VerifyEmailView):
    input_class = VerifyEmailInput


class ClaimEmailInput(inputs.AddEmailInput):
    """The address to change to."""

    def clean_email(self) -> str:
        email = get_adapter().clean_email(self.cleaned_data["email"])
        if email == self.user.email:
            raise get_adapter().validation_error("duplicate_email")
        if User.objects.have_address(email):
            raise get_adapter().validation_error("email_taken")
        return email

    def save(self, request: HttpRequest) -> Any:
        address = credentials.claim_address(person=self.user, email=self.cleaned_data["email"])
        email_verification.send_verification_email_to_address(request, address)
        return address


class PrimaryEmailInput(inputs.MarkAsPrimaryEmailInput):
    """The one address that is proved is the primary one; another becomes it by its proof alone."""

    def clean_email(self) -> Any:
        address = super().clean_email()
        if not address.primary:
            raise get_adapter().validation_error("unverified_primary_email")
        return address


class ManageEmailView(RefusingMixin, views.ManageEmailView):
    """One's address, and the one that it is to be changed to."""

    input_class = views.ManageEmailView.input_class | {"POST": ClaimEmailInput, "PATCH": PrimaryEmailInput}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_authenticated:
            return base_response.AuthenticationResponse(request)
        return super().dispatch(request, *args, **kwargs)

    def _respond_email_list(self) -> EmailAddressesResponse:
        # The person's own address first, on either database.
        addresses = EmailAddress.objects.filter(user=self.user).order_by("-primary", "pk")
        return EmailAddressesResponse(self.request, addresses)

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        credentials.note_address(person=self.user)
        return super().handle(request, *args, **kwargs)

    def patch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._respond_email_list()

    def put(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.input.cleaned_data["email"].verified:
            return RequestEmailVerificationResponse(request, verification_sent=False)
        return super().put(request, *args, **kwargs)


class CodeOnceMixin:
    """Lets a code of an authenticator app in once, in every process."""

    def clean_code(self) -> str:
        code = super().clean_code()  # type: ignore[misc]
        used: Authenticator = self.authenticator  # type: ignore[attr-defined]
        if used.type == Authenticator.Type.TOTP and not credentials.use_code_once(authenticator=used):
            raise get_mfa_adapter().validation_error("incorrect_code")
        return code


class AuthenticateInput(CodeOnceMixin, mfa_inputs.AuthenticateInput):
    pass


class AuthenticateView(mfa_views.AuthenticateView):
    input_class = AuthenticateInput


class ReauthenticateInput(CodeOnceMixin, mfa_inputs.ReauthenticateInput):
    pass


class ReauthenticateView(mfa_views.ReauthenticateView):
    input_class = ReauthenticateInput


class ManageAppView(RefusingMixin, mfa_views.ManageTOTPView):
    """An authenticator app, of which there is one, however fast somebody clicks."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with refusing(credentials.AUTHENTICATOR_CONFLICTS):
            response = super().post(request, *args, **kwargs)
        # The code that has switched it on is used up.
        app = Authenticator.objects.get(user=request.user, type=Authenticator.Type.TOTP)
        credentials.use_code_once(authenticator=app)
        return response


class CredentialField(forms.JSONField):
    """What an authenticator has answered to a challenge; allauth falls over what it cannot read.

    A challenge takes one answer, right or wrong, however many are sent at once.
    """

    def __init__(self, kind: type[RegistrationResponse | AuthenticationResponse]):
        super().__init__()
        self.kind = kind

    def clean(self, value: Any) -> Any:
        credential = super().clean(value)
        session: Any = context.request.session
        if not session.claim(webauthn.STATE_SESSION_KEY):
            raise get_mfa_adapter().validation_error("incorrect_code")
        try:
            self.kind.from_dict(credential)
        except Exception:
            # The reader of nested bytes fails in as many ways as there are bytes.
            raise get_mfa_adapter().validation_error("incorrect_code") from None
        return credential


class AddPasskeyInput(mfa_inputs.AddWebAuthnInput):
    """A passkey that the person does not have yet."""

    credential = CredentialField(RegistrationResponse)

    def clean(self) -> Any:
        values = super().clean()
        if "credential" in values:
            key = RegistrationResponse.from_dict(values["credential"]).raw_id
            if webauthn.get_authenticator_by_credential_id(self.user, key):
                raise ValidationError("You have this passkey already.", code="authenticator_there")
        return values


class ManagePasskeysView(mfa_views.ManageWebAuthnView):
    input_class = mfa_views.ManageWebAuthnView.input_class | {"POST": AddPasskeyInput}


class LoginPasskeyInput(mfa_inputs.LoginWebAuthnInput):
    credential = CredentialField(AuthenticationResponse)

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except ValidationError:
            # One answer, whatever is wrong: the person, the key, the challenge.
            raise get_mfa_adapter().validation_error("incorrect_code") from None


class LoginPasskeyView(mfa_views.LoginWebAuthnView):
    input_class = {"POST": LoginPasskeyInput}


class AuthenticatePasskeyInput(mfa_inputs.AuthenticateWebAuthnInput):
    credential = CredentialField(AuthenticationResponse)


class AuthenticatePasskeyView(mfa_views.AuthenticateWebAuthnView):
    input_class = {"POST": AuthenticatePasskeyInput}


class ReauthenticatePasskeyInput(mfa_inputs.ReauthenticateWebAuthnInput):
    credential = CredentialField(AuthenticationResponse)


class ReauthenticatePasskeyView(mfa_views.ReauthenticateWebAuthnView):
    input_class = {"POST": ReauthenticatePasskeyInput}


@csrf_exempt
def not_here(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """What allauth would serve for flows that Lyceum does not have: codes by mail or telephone."""
    raise Http404


def _calls(client: Client) -> list[URLPattern | URLResolver]:
    own: dict[str, Any] = {
        "auth/signup": SignupView,
        "auth/provider/signup": ProviderSignupView,
        "auth/password/request": RequestPasswordResetView,
        "auth/password/reset": ResetPasswordView,
        "account/password/change": ChangePasswordView,
        "auth/email/verify": VerifyEmailView,
        "account/email": ManageEmailView,
        "auth/2fa/authenticate": AuthenticateView,
        "auth/2fa/reauthenticate": ReauthenticateView,
        "auth/webauthn/login": LoginPasskeyView,
        "auth/webauthn/authenticate": AuthenticatePasskeyView,
        "auth/webauthn/reauthenticate": ReauthenticatePasskeyView,
        "account/authenticators/webauthn": ManagePasskeysView,
        "account/authenticators/totp": ManageAppView,
    }
    absent = ("account/phone", "auth/phone/<path:_>", "auth/code/<path:_>", "auth/email/verify/resend")
    return [
        *(path(route, view.as_api_view(client=client)) for route, view in own.items()),
        *(path(route, not_here) for route in absent),
    ]


urlpatterns = [
    path("app/v1/", include(_calls(Client.APP))),
    path("browser/v1/", include(_calls(Client.BROWSER))),
    path("", include("allauth.headless.urls")),
    # Where providers send people back to.
    path("", include("allauth.urls")),
]
