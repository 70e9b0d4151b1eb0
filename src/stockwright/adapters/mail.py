"""Mail: over SMTP, or SES in the cloud, or else only into the local mailbox that admins see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from stockwright.adapters import aws
from stockwright.adapters.slots import Slots
from stockwright.base.email import ascii_email
from stockwright.base.errors import Permanent, TryLater

if TYPE_CHECKING:
    from email.message import EmailMessage

    from aiosmtplib import SMTPResponseException

    from stockwright.base.ports import Message

TIMEOUT_SECONDS: Final = 20
CONNECTIONS_MAX: Final = 8
"""At once: mail servers turn away who comes with many."""
_REFUSED: Final = range(500, 600)
"""SMTP's replies that stay the same however often one asks (RFC 5321, 4.2.1)."""
_SLOW_DOWN: Final = re.compile(r"throttl|too many|rate (limit|exceeded)|sending rate", re.IGNORECASE)
"""What mail servers write in a temporary refusal (4xx) that means "slow down"."""
SLOW_DOWN_SECONDS: Final = 60.0
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class LocalMailbox:
    """Delivers nothing: the notification that is stored of each message is the mailbox."""

    delivers = False

    async def send(self, message: Message) -> None:
        """Do nothing; the sender records the message."""


class SmtpMailer:
    """Hands each mail to the configured server, over a connection of its own, a few at once."""

    delivers = True

    def __init__(self, url: str, mail_from: str) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        from email.utils import parseaddr

        self._from = mail_from
        self._domain = parseaddr(mail_from)[1].partition("@")[2] or "localhost"
        self._slots = Slots(CONNECTIONS_MAX, "the mail server")

    async def send(self, message: Message) -> None:
        """Send one mail; one that the server will never take, or that cannot be written, is Permanent."""
        from email.errors import MessageError

        try:
            mail = self._written(message)
        except (ValueError, IndexError, MessageError) as wrong:
            raise Permanent(f"cannot write a mail to {message.to!r}: {wrong}") from wrong
        async with self._slots.one():
            await self._hand_over(mail)

    def _written(self, message: Message) -> EmailMessage:
        from email.message import EmailMessage
        from email.utils import formatdate

        mail = EmailMessage()
        mail["From"] = self._from
        mail["To"] = ascii_email(message.to)
        # One line, whatever a product is called.
        mail["Subject"] = _one_line(message.subject)
        mail["Date"] = formatdate()
        # The same for each try, so that receivers can detect duplicates.
        mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        return mail

    async def _hand_over(self, mail: EmailMessage) -> None:
        import aiosmtplib

        try:
            await aiosmtplib.send(
                mail,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._scheme == "smtps",
                start_tls=self._scheme == "smtp+starttls",
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            if all(each.code in _REFUSED for each in refused.recipients):
                raise Permanent(f"the mail server refuses the receiver: {refused.recipients[0].message}") from refused
            for each in refused.recipients:
                _put_off(each)
            raise
        except aiosmtplib.SMTPDataError as refused:
            if refused.code in _REFUSED:
                raise Permanent(f"the mail server refuses the mail: {refused.message}") from refused
            _put_off(refused)
            raise
        except aiosmtplib.SMTPResponseException as refused:
            _put_off(refused)
            raise


class SesMailer:
    """Hands each mail to Amazon SES."""

    delivers = True

    def __init__(self, mail_from: str, configuration_set: str | None = None) -> None:
        from email.utils import formataddr, parseaddr

        name, address = parseaddr(mail_from)
        # SES takes no other letters in a sender than ASCII's; MIME writes a name by them.
        self._from = mail_from if not name or mail_from.isascii() else formataddr((name, address))
        self._reported = {} if configuration_set is None else {"ConfigurationSetName": configuration_set}
        self._slots = Slots(CONNECTIONS_MAX, "SES")

    async def send(self, message: Message) -> None:
        """Send one mail; one that SES will never take is Permanent."""
        body = {"Text": {"Data": message.text, "Charset": "UTF-8"}}
        if message.html:
            body["Html"] = {"Data": message.html, "Charset": "UTF-8"}
        subject = {"Data": _one_line(message.subject), "Charset": "UTF-8"}
        try:
            async with self._slots.one():
                await aws.call(
                    "ses",
                    "send_email",
                    Source=self._from,
                    Destination={"ToAddresses": [ascii_email(message.to)]},
                    Message={"Subject": subject, "Body": body},
                    **self._reported,
                )
        except aws.error() as refused:
            aws.put_off(refused)
            if aws.code_of(refused) in {"MessageRejected", "InvalidParameterValue"}:
                raise Permanent(f"SES refuses the mail: {refused}") from refused
            raise


def _put_off(answer: SMTPResponseException) -> None:
    """Raise TryLater where a mail server says that it is asked too often."""
    if 400 <= answer.code < 500 and _SLOW_DOWN.search(answer.message):  # noqa: PLR2004
        message = f"the mail server limits our mails: {answer.code} {answer.message}"
        raise TryLater(message, after_seconds=SLOW_DOWN_SECONDS) from answer


def _one_line(subject: str) -> str:
    return " ".join(subject.split())
