"""The cloud's adapters, on MiniStack: mail, SMS, topics, secrets."""

from __future__ import annotations

import json
from email.header import decode_header, make_header

import pytest

from stockwright.adapters.mail import SesMailer
from stockwright.adapters.secrets import load_from_manager
from stockwright.adapters.sms import SnsTexts, SnsTopics
from stockwright.base.errors import Misconfigured, Permanent
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
