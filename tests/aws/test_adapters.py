"""The cloud's adapters, on MiniStack: mail, SMS, topics, secrets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from email.header import decode_header, make_header

import httpx2
import pytest

from stockwright.adapters.mail import SesMailer
from stockwright.adapters.s3_files import S3Files
from stockwright.adapters.secrets import load_from_manager
from stockwright.adapters.sms import SnsTexts, SnsTopics
from stockwright.base.errors import Misconfigured, NotFound, Permanent
from stockwright.base.ports import Message
from tests.aws.ministack import Aws


async def test_a_mail_is_sent_through_ses_with_its_text_and_html(here: Aws) -> None:
    here.client("ses").verify_email_identity(EmailAddress="shop@example.com")
    mailer = SesMailer("Shop <shop@example.com>")
    await mailer.send(Message("ntf_1", "alice@example.com", "Order\nConfirmation £5", "Thanks! £5", "<p>Thanks!</p>"))
    [mail] = here.read_back("ses/messages")["messages"][here.account]
    assert (mail["Source"], mail["To"]) == ("Shop <shop@example.com>", ["alice@example.com"])
    assert (mail["Subject"], mail["BodyText"], mail["BodyHtml"]) == (
        "Order Confirmation £5",
        "Thanks! £5",
        "<p>Thanks!</p>",
    )


async def test_a_sender_with_non_ascii_letters_is_encoded_for_ses(here: Aws) -> None:
    here.client("ses").verify_email_identity(EmailAddress="shop@example.com")
    await SesMailer("Björns Möbel <shop@example.com>").send(Message("ntf_1", "alice@example.com", "Hello", "there"))
    [mail] = here.read_back("ses/messages")["messages"][here.account]
    assert mail["Source"].isascii()
    assert str(make_header(decode_header(mail["Source"]))) == "Björns Möbel <shop@example.com>"


async def test_a_text_message_is_sent_through_sns(here: Aws) -> None:
    await SnsTexts().send(Message("ntf_1", "+15550100", "", "Low Stock Alert: Lamp"))
    found = here.read_back("sns/sms-messages")["sms_messages"]["+15550100"]
    assert [each["Message"] for each in found] == ["Low Stock Alert: Lamp"]


async def test_a_topic_notifies_its_subscribers(here: Aws) -> None:
    sns, sqs = here.client("sns"), here.client("sqs")
    topic = sns.create_topic(Name="low-stock-alerts")["TopicArn"]
    queue = sqs.create_queue(QueueName="probe")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    await SnsTopics().send(Message("ntf_1", topic, "Low Stock Alert: " + "Lämp " * 40, "3 are left"))
    [received] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    body = json.loads(received["Body"])
    assert body["Message"] == "3 are left"
    assert body["Subject"].startswith("Low Stock Alert: L?mp L?mp")
    assert len(body["Subject"]) <= 100


async def test_a_deleted_topic_is_a_permanent_failure(here: Aws) -> None:
    with pytest.raises(Permanent, match="SNS refuses"):
        await SnsTopics().send(Message("ntf_1", f"arn:aws:sns:eu-central-1:{here.account}:nothing", "Hello", "there"))


def test_a_secret_is_read_and_a_missing_one_is_one_clear_line(here: Aws) -> None:
    here.client("secretsmanager").create_secret(Name="shop/warehouse", SecretString="hush-hush")
    assert load_from_manager("shop/warehouse") == "hush-hush"
    with pytest.raises(Misconfigured, match="cannot read the secret shop/delivery"):
        load_from_manager("shop/delivery")


async def _parts(*contents: bytes) -> AsyncIterator[bytes]:
    for content in contents:
        yield content


async def test_files_are_kept_in_a_bucket_and_put_to_signed_addresses(here: Aws) -> None:
    here.client("s3").create_bucket(
        Bucket="shop-files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    files = S3Files("shop-files")
    assert await files.put("media/img_1-0a-320.webp", _parts(b"pic", b"ture")) == 7
    assert b"".join([part async for part in files.read("media/img_1-0a-320.webp")]) == b"picture"
    stored = here.client("s3").head_object(Bucket="shop-files", Key="media/img_1-0a-320.webp")
    assert stored["ContentType"] == "image/webp"
    assert stored["CacheControl"] == "public, max-age=31536000, immutable"
    assert files.path("media/img_1-0a-320.webp") is None
    address = await files.address_to_put("uploads/upl_1", 5, 600)
    assert address is not None
    assert "X-Amz-Signature=" in address
    assert "content-length" in address
    async with httpx2.AsyncClient(trust_env=False) as http:
        assert (await http.put(address, content=b"12345")).status_code == 200
    assert await files.size("uploads/upl_1") == 5
    assert [name async for name in files.names()] == ["media/img_1-0a-320.webp", "uploads/upl_1"]
    await files.delete("uploads/upl_1")
    await files.delete("uploads/upl_1")
    assert await files.size("uploads/upl_1") is None
    with pytest.raises(NotFound):
        await anext(aiter(files.read("uploads/upl_1")))
