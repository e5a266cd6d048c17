"""A passkey in software: it does what a browser and a phone do between two calls."""

import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

Flag = AuthenticatorData.FLAG


class Passkey:
    """One key pair; `origin` is where the page stands that it believes to be on."""

    def __init__(self, origin="http://localhost", rp_id=None):
        self.origin = origin
        self.rp_id = rp_id or origin.split("://")[1].partition(":")[0]
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.user_handle = ""
        self.unlocked = True

    def create(self, options, **claims):
        """The credential that answers `creation_options`."""
        public = options["publicKey"]
        self.user_handle = public["user"]["id"]
        client = self._client("webauthn.create", public["challenge"], claims)
        key = ES256.from_cryptography_key(self.key.public_key())
        attested = AttestedCredentialData.create(Aaguid.NONE, self.id, key)
        data = self._data(Flag.AT, attested)
        attestation = AttestationObject.create("none", data, {})
        response = {"attestationObject": websafe_encode(attestation), "transports": ["internal"]}
        return self._credential(client, response, {"credProps": {"rk": True}})

    def get(self, options, **claims):
        """The assertion that answers `request_options`."""
        client = self._client("webauthn.get", options["publicKey"]["challenge"], claims)
        data = self._data(Flag(0))
        response = {
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.key.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))),
            "userHandle": self.user_handle,
        }
        return self._credential(client, response, {})

    def _client(self, kind, challenge, claims):
        described = {"type": kind, "challenge": websafe_decode(challenge), "origin": self.origin} | claims
        return CollectedClientData.create(**described)

    def _data(self, flags, attested=b""):
        flags |= Flag.UP | (Flag.UV if self.unlocked else Flag(0))
        return AuthenticatorData.create(sha256(self.rp_id.encode()), flags, 0, attested)

    def _credential(self, client, response, extensions):
        return {
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": extensions,
            "response": {"clientDataJSON": websafe_encode(client), **response},
        }
