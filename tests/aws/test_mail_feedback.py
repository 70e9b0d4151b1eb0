"""SES's reports, in their real shapes: who bounced or complained gets no mail any more."""

from __future__ import annotations

from typing import Any

from stockwright.base.event import Event
from stockwright.base.ports import Message
from stockwright.notifications.blocked_records import page_of_blocks
from stockwright.notifications.records import Notification
from stockwright.notifications.sending import hand_over
from tests.aws.conftest import Cloud
from tests.aws.shapes import batch, message

MAIL = {
    "timestamp": "2026-10-05T14:23:55.798Z",
    "source": "shop@example.com",
    "messageId": "010201a1-6c1c-4b7e-9e9d-0c1f",
    "destination": ["gone@example.net"],
    "tags": {"ses:configuration-set": ["stockwright-prod"]},
}


def bounce(kind: str, address: str) -> dict[str, Any]:
    recipient = {
        "emailAddress": address,
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "smtp; 550 5.1.1 user unknown",
    }
    body = {
        "bounceType": kind,
        "bounceSubType": "General",
        "bouncedRecipients": [recipient],
        "timestamp": "2026-10-05T14:23:56.900Z",
        "feedbackId": "0102",
        "reportingMTA": "dns; mx.example.net",
    }
    return {"eventType": "Bounce", "bounce": body, "mail": MAIL}


def complaint(address: str) -> dict[str, Any]:
    body = {
        "complainedRecipients": [{"emailAddress": address}],
        "timestamp": "2026-10-05T14:25:00.000Z",
        "feedbackId": "0103",
        "complaintFeedbackType": "abuse",
    }
    return {"eventType": "Complaint", "complaint": body, "mail": MAIL}


async def report(cloud: Cloud, *reports: Any) -> Any:
    return await cloud.invoke("mail_feedback", batch(*[message(each, queue="mail-feedback") for each in reports]))


async def test_who_bounced_or_complained_is_blocked_and_who_may_come_back_is_not(cloud: Cloud) -> None:
    reports = [bounce("Permanent", "Gone@example.net"), bounce("Transient", "full@example.net")]
    answer = await report(cloud, *reports, complaint("angry@example.net"), reports[0])
    assert answer == {"batchItemFailures": []}
    blocked, _ = await page_of_blocks(cloud.app.store)
    assert {each.email: (each.reason, each.detail) for each in blocked} == {
        "gone@example.net": ("bounce", "smtp; 550 5.1.1 user unknown"),
        "angry@example.net": ("complaint", "abuse"),
    }
    output = cloud.function("mail_feedback").output()
    assert output.count('"MailBounces":[1.0]') == 2
    assert output.count('"MailComplaints":[1.0]') == 1


async def test_a_report_that_cannot_be_read_comes_again_alone(cloud: Cloud) -> None:
    bad = message("{ no report", queue="mail-feedback", message_id="bad")
    good = message(bounce("Permanent", "gone@example.net"), queue="mail-feedback")
    answer = await cloud.invoke("mail_feedback", batch(bad, good))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert [each.email for each in (await page_of_blocks(cloud.app.store))[0]] == ["gone@example.net"]


async def test_no_mail_goes_to_a_blocked_address(cloud: Cloud) -> None:
    await report(cloud, bounce("Permanent", "gone@example.net"))
    event = Event(id="evt_1", name="order.placed", subject="ord_1", at=0, data={})
    for to, status in (("gone@example.net", "BLOCKED"), ("alice@example.com", "SENT")):
        wanted = Notification(
            id=f"ntf_{to}", channel="email", to=to, subject="Hello", body="there", html="", status="WAITING",
            event_id="evt_1", about="ord_1", created_at=0,
        )  # fmt: skip
        found = await hand_over(cloud.app, event, "order-mail", wanted, Message("ntf_1", to, "Hello", "there"))
        assert found.status == status
