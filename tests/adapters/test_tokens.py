"""Tokens: only genuine ones of ours, of this algorithm, for us, and in their time."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from stockwright.adapters.tokens import KEPT_MAX, Es256Tokens, make_key
from stockwright.base.errors import Unauthorized
from tests.conftest import START, Clock

CLAIMS: dict[str, Any] = {"sub": "usr_a", "token_use": "id", "iat": START // 1000, "exp": START // 1000 + 3600}
PEM = make_key()


@pytest.fixture
def tokens(clock: Clock) -> Es256Tokens:
    return Es256Tokens(PEM, "https://shop.example", "shop", clock)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_a_signed_token_is_read_back_with_issuer_and_audience(tokens: Es256Tokens) -> None:
    assert tokens.verify(tokens.sign(CLAIMS)) == {**CLAIMS, "iss": "https://shop.example", "aud": "shop"}


def test_others_verify_our_tokens_with_the_published_key(tokens: Es256Tokens) -> None:
    token = tokens.sign(CLAIMS)
    published = jwt.PyJWKSet.from_dict(dict(tokens.jwks()))
    key = published[jwt.get_unverified_header(token)["kid"]]
    read = jwt.decode(token, key, algorithms=["ES256"], audience="shop", options={"verify_exp": False})
    assert read["sub"] == "usr_a"
    assert "d" not in tokens.jwks()["keys"][0]


def test_a_token_ends_at_its_instant_also_when_it_was_verified_before(tokens: Es256Tokens, clock: Clock) -> None:
    token = tokens.sign(CLAIMS)
    clock.at = (START // 1000 + 3600) * 1000 - 1
    assert tokens.verify(token)
    clock.at += 1
    with pytest.raises(Unauthorized):
        tokens.verify(token)


def test_no_signature_and_other_algorithms_are_refused(tokens: Es256Tokens) -> None:
    claims = {**CLAIMS, "iss": "https://shop.example", "aud": "shop"}
    public = tokens.jwks()["keys"][0]["x"]
    forged = [
        f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}.",
        jwt.encode(claims, public.encode(), algorithm="HS256"),
        jwt.encode(claims, ec.generate_private_key(ec.SECP384R1()), algorithm="ES384"),
        jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256"),
    ]
    for token in forged:
        with pytest.raises(Unauthorized):
            tokens.verify(token)


def test_a_changed_token_is_refused(tokens: Es256Tokens) -> None:
    head, _, seal = tokens.sign(CLAIMS).split(".")
    with pytest.raises(Unauthorized):
        tokens.verify(f"{head}.{part({**CLAIMS, 'sub': 'usr_b', 'iss': 'https://shop.example', 'aud': 'shop'})}.{seal}")


def test_tokens_of_another_issuer_or_for_another_audience_are_refused(tokens: Es256Tokens, clock: Clock) -> None:
    for issuer, audience in (("https://else.example", "shop"), ("https://shop.example", "else")):
        with pytest.raises(Unauthorized):
            tokens.verify(Es256Tokens(PEM, issuer, audience, clock).sign(CLAIMS))


@pytest.mark.parametrize("missing", ["sub", "exp", "iat", "token_use"])
def test_a_token_that_lacks_a_claim_is_refused(tokens: Es256Tokens, missing: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify(tokens.sign({name: value for name, value in CLAIMS.items() if name != missing}))


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "x" * 5000, "\x00", "é.é.é", "null"])
def test_an_invalid_token_is_refused(tokens: Es256Tokens, text: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.verify(text)


def test_the_cache_of_verified_tokens_has_a_limit(tokens: Es256Tokens) -> None:
    tokens._verifier._verified.update({f"old {number}": CLAIMS for number in range(KEPT_MAX)})
    tokens.verify(tokens.sign(CLAIMS))
    assert len(tokens._verifier._verified) == KEPT_MAX
