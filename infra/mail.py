"""The sender of mails: its identity, and what SES reports of them.

By domain, mails are signed (DKIM) and bounce to a subdomain of it (SPF): DNS records that SES names, and that the
operator enters (docs/aws.md). The configuration set publishes bounces and complaints on a topic, whose messages wait in
a queue for the function `mail-feedback`.
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.events import DLQ_RETENTION, RECEIVES_MAX, RETENTION, VISIBILITY
from infra.stages import Stage

FEEDBACK = "mail-feedback"


class Mail(Construct):
    """One sender, one configuration set, one topic of feedback with its queue."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, "Mail")
        self.configuration_set = ses.ConfigurationSet(
            self,
            "Set",
            configuration_set_name=stage.prefix,
            reputation_metrics=True,
            # SES itself does not send again to what bounced or complained, for all of the account.
            suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
            tls_policy=ses.ConfigurationSetTlsPolicy.OPTIONAL,
        )
        self.identity = ses.EmailIdentity(
            self,
            "Sender",
            identity=ses.Identity.domain(stage.mail_domain) if stage.mail_domain else ses.Identity.email(stage.sender),
            configuration_set=self.configuration_set,
            mail_from_domain=f"bounce.{stage.mail_domain}" if stage.mail_domain else None,
            mail_from_behavior_on_mx_failure=(
                ses.MailFromBehaviorOnMxFailure.USE_DEFAULT_VALUE if stage.mail_domain else None
            ),
        )
        self.dlq = self._queue("FeedbackDlq", f"{stage.prefix}-{FEEDBACK}-dlq")
        self.queue = self._queue("Feedback", f"{stage.prefix}-{FEEDBACK}", self.dlq)
        self.topic = sns.Topic(self, "FeedbackTopic", topic_name=f"{stage.prefix}-{FEEDBACK}", enforce_ssl=True)
        self.topic.add_subscription(subscriptions.SqsSubscription(self.queue, raw_message_delivery=True))
        self.configuration_set.add_event_destination(
            "Feedback",
            destination=ses.EventDestination.sns_topic(self.topic),
            events=[ses.EmailSendingEvent.BOUNCE, ses.EmailSendingEvent.COMPLAINT],
        )

    def _queue(self, id_: str, name: str, dlq: sqs.Queue | None = None) -> sqs.Queue:
        return sqs.Queue(
            self,
            id_,
            queue_name=name,
            visibility_timeout=VISIBILITY,
            retention_period=RETENTION if dlq else DLQ_RETENTION,
            receive_message_wait_time=Duration.seconds(20) if dlq else None,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dlq, max_receive_count=RECEIVES_MAX) if dlq else None,
        )
