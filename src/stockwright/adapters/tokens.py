"""Tokens: ES256 JWTs with Cognito's claims, and the JWKS that others verify them by."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stockwright.base.errors import Unauthorized

if TYPE_CHECKING:
    from stockwright.base.ports import Clock

ALGORITHM: Final = "ES256"
KEPT_MAX: Final = 10_000
TOKEN_CHARACTERS_MAX: Final = 4096


def make_key() -> bytes:
    """Make a P-256 key as PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Verifier:
    """Verifies tokens by one algorithm; those that were verified are remembered until they end.

    `key_of` finds the public key by the name in a token's header, or returns None.
    """

    def __init__(self, algorithm: str, issuer: str, audience: str, key_of: Callable[[str], Any], clock: Clock) -> None:
        self._algorithm, self._issuer, self._audience = algorithm, issuer, audience
        self._key_of, self._clock = key_of, clock
        self._verified: dict[str, Mapping[str, Any]] = {}

    def verify(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a genuine token that has not ended."""
        claims = self._verified.get(token)
        if claims is None:
            claims = self._check(token)
            if len(self._verified) >= KEPT_MAX:
                self._verified.pop(next(iter(self._verified)))
            self._verified[token] = claims
        if claims["exp"] * 1000 <= self._clock.now():
            self._verified.pop(token, None)
            raise Unauthorized
        return claims

    def _check(self, token: str) -> Mapping[str, Any]:
        key = self._key_of(key_name(token))
        if key is None:
            raise Unauthorized
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[self._algorithm],
                audience=self._audience,
                issuer=self._issuer,
                # The clock is ours (see verify), so that tests can move it.
                options={"require": ["exp", "iat", "sub", "token_use"], "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError):
            raise Unauthorized from None
        return claims


def key_name(token: str) -> str:
    """Return the name of the key that a token says it was signed with, or refuse what is no token."""
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise Unauthorized
    try:
        return str(jwt.get_unverified_header(token).get("kid", ""))
    except (jwt.PyJWTError, ValueError):
        raise Unauthorized from None


class Es256Tokens:
    """Signs and verifies with one key."""

    def __init__(self, pem: bytes, issuer: str, audience: str, clock: Clock) -> None:
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the token key is not an elliptic-curve key")
        self._key, self._public = key, key.public_key()
        numbers = self._public.public_numbers()
        self._jwk = {"crv": "P-256", "kty": "EC", "x": _b64(numbers.x), "y": _b64(numbers.y)}
        # The key's name is its RFC 7638 thumbprint.
        payload = json.dumps(self._jwk, separators=(",", ":"), sort_keys=True).encode()
        self._kid = base64.urlsafe_b64encode(hashlib.sha256(payload).digest()).decode().rstrip("=")
        self._issuer, self._audience = issuer, audience
        self._verifier = Verifier(ALGORITHM, issuer, audience, lambda _: self._public, clock)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Sign claims; issuer and audience are added."""
        payload = {**claims, "iss": self._issuer, "aud": self._audience}
        return jwt.encode(payload, self._key, algorithm=ALGORITHM, headers={"kid": self._kid})

    def verify(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a genuine token of ours that has not ended."""
        return self._verifier.verify(token)

    def jwks(self) -> Mapping[str, Any]:
        """Return the public key, as `/.well-known/jwks.json` shows it."""
        return {"keys": [{**self._jwk, "kid": self._kid, "use": "sig", "alg": ALGORITHM}]}


def _b64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")
