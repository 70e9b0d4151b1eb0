"""The cloud form's stack, as code (AWS CDK).

app.py         which stages there are, and the review of what they are made of
stages.py      what differs between them (`stages.toml`)
stack.py       joins the parts:
data.py        table, secrets
identity.py    user pool, client, groups
events.py      bus, topics; a rule, a queue and a dead-letter queue for each handler
functions.py   a function with its role, log group and alias
handlers.py    which functions there are, and what each may do
mail.py        sender, configuration set, bounces and complaints
http.py        HTTP API
firewall.py    WAF before CloudFront, a stack of its own
web.py         bucket, CloudFront
alarms.py      alarms, dashboard
releases.py    new versions take traffic gradually
watch.py       tries the shop from outside, and each release before it takes traffic
review.py      what the review may not complain about, and why
package.py     builds the functions' folder
rollout.py     deploys a stage, its firewall first
publish.py     puts the web app into the bucket
"""

import os

# Node 20 works; the CDK would say at length that it is old.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
