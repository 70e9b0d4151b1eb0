"""Mail addresses: one spelling for each."""

from __future__ import annotations

import re
from typing import Final

from stockwright.base.errors import Invalid

EMAIL_MAX: Final = 254
_LOCAL = re.compile(r"[^\s\x00-\x20\x7f@<>()\[\]\\,;:\"]{1,64}")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def normal_email(text: str, field_name: str = "email") -> str:
    """Return an address in the one form that is compared: trimmed, lower case, its domain in ASCII.

    An account may be looked for by any such address; a new one needs more (`check_new_email`).
    """
    email = ascii_email(text.strip().lower())
    local, _, domain = email.rpartition("@")
    dotted_well = not local.startswith(".") and not local.endswith(".") and ".." not in local
    sane = bool(_LOCAL.fullmatch(local)) and dotted_well and all(map(_LABEL.fullmatch, domain.split(".")))
    if not sane or len(email) > EMAIL_MAX:
        raise Invalid.field(field_name, f"must be an email address of at most {EMAIL_MAX} characters")
    return email


def check_new_email(text: str, field_name: str = "email") -> str:
    """Return an address in the form that is compared, where mail can be sent to it by any server.

    A mail server need not take other letters than ASCII's before the @ (SMTPUTF8, RFC 6531).
    """
    email = normal_email(text, field_name)
    local, _, domain = email.rpartition("@")
    if not local.isascii():
        raise Invalid.field(
            field_name, "must have only letters a to z, digits and signs before the @; many mail servers refuse others"
        )
    if not domain.isascii():
        raise Invalid.field(field_name, "must have a valid domain after the @, such as shop.example")
    if "." not in domain and domain != "localhost":
        raise Invalid.field(field_name, "must have a domain with a dot after the @, such as shop.example")
    return email


def email_spellings(email: str) -> tuple[str, ...]:
    """Return a normal address, and as it was stored before domains were converted to ASCII."""
    local, _, domain = email.rpartition("@")
    if "xn--" not in domain:
        return (email,)
    import idna  # loaded when first needed

    try:
        return email, f"{local}@{idna.decode(domain)}"
    except idna.IDNAError:
        return (email,)


def ascii_email(email: str) -> str:
    """Convert an address's internationalized domain to ASCII (IDNA 2008, UTS 46), where it can be."""
    local, at, domain = email.rpartition("@")
    if domain.isascii():
        return email
    import idna  # loaded when first needed

    try:
        return f"{local}{at}{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return email
