"""Settings: where they are read from, what is refused, what is shown."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from stockwright.base.errors import Misconfigured
from stockwright.config import Settings

OF_THE_CONTRACT = """
    HOST PORT DATA_DIR STORE ADMIN_EMAIL ADMIN_PASSWORD CORS_ORIGINS SMTP_URL MAIL_FROM ALERT_EMAILS ALERT_PHONES
    WAREHOUSE_URL WAREHOUSE_API_KEY DELIVERY_URL DELIVERY_API_KEY RETRY_DELAY_SECONDS RATE_LIMIT DEMO LOG_LEVEL
    TABLE_NAME COGNITO_USER_POOL_ID COGNITO_CLIENT_ID EVENT_BUS HANDLER LOW_STOCK_TOPIC ORDERS_TOPIC OPERATIONS_TOPIC
"""


def load(tmp_path: Path, dotenv: str = "", **env: str) -> Settings:
    file = tmp_path / ".env"
    file.write_text(dotenv, encoding="utf-8")
    return Settings.load({f"STOCKWRIGHT_{name}": value for name, value in env.items()}, file)


def test_without_any_setting_the_shop_is_local_and_sends_nothing(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8000, Path("stockwright-data"))
    assert (settings.smtp_url, settings.warehouse_url, settings.delivery_url) == (None, None, None)
    assert (settings.rate_limit, settings.allow_private_addresses, settings.demo) == (True, False, None)
    assert settings.retry_delay_seconds == 180


def test_every_setting_of_the_contract_is_listed_with_its_meaning(tmp_path: Path) -> None:
    listed = {name: meaning for name, _, meaning in load(tmp_path).listed()}
    assert {f"STOCKWRIGHT_{name}" for name in OF_THE_CONTRACT.split()} <= set(listed)
    assert all(listed.values())


def test_lists_are_separated_by_commas(tmp_path: Path) -> None:
    settings = load(tmp_path, ALERT_EMAILS="a@example.com, b@example.com,", CORS_ORIGINS="https://a.example/")
    assert settings.alert_emails == ("a@example.com", "b@example.com")
    assert settings.cors_origins == ("https://a.example",)


def test_proxies_are_addresses_or_networks(tmp_path: Path) -> None:
    settings = load(tmp_path, TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/16,fd00::/8")
    assert settings.trusted_proxies == ("127.0.0.1/32", "10.0.0.0/16", "fd00::/8")
    for wrong in ("proxy.example.com", "10.0.0.7/16", "10.0.0.0/40"):
        with pytest.raises(Misconfigured, match="must be addresses or networks"):
            load(tmp_path, TRUSTED_PROXIES=wrong)


@pytest.mark.parametrize(("word", "meant"), [("on", True), ("TRUE", True), ("1", True), ("off", False), ("No", False)])
def test_a_switch_understands_the_usual_words(tmp_path: Path, word: str, *, meant: bool) -> None:
    assert load(tmp_path, RATE_LIMIT=word).rate_limit is meant


def test_a_file_is_read_with_comments_quotes_and_export(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "# the shop\n\nSTOCKWRIGHT_PORT=8001\nexport STOCKWRIGHT_MAIL_FROM='Shop <shop@example.com>'\n"
        'STOCKWRIGHT_ADMIN_EMAIL = "me@example.com"\nOTHER_PROGRAM=hello\n',
    )
    assert settings.port == 8001
    assert settings.mail_from == "Shop <shop@example.com>"
    assert settings.admin_email == "me@example.com"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, "STOCKWRIGHT_PORT=8001\n", PORT="8002").port == 8002


def test_an_empty_value_is_the_default(tmp_path: Path) -> None:
    assert load(tmp_path, PORT="", SMTP_URL=" ") == Settings()


def test_an_unknown_setting_is_refused_in_the_file_and_the_environment(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="STOCKWRIGHT_PROT is not a setting"):
        load(tmp_path, "STOCKWRIGHT_PROT=8001\n")


@pytest.mark.parametrize(
    "line",
    [
        "STOCKWRIGHT_PORT 8001",
        "STOCKWRIGHT_PORT",
        "export STOCKWRIGHT_PORT",
        'STOCKWRIGHT_ADMIN_PASSWORD="hush-hush',
        "STOCKWRIGHT_ADMIN_PASSWORD='hush-hush",
        'STOCKWRIGHT_ADMIN_PASSWORD="hush-hush" hush',
        'STOCKWRIGHT_ADMIN_PASSWORD="hush-hush\nSTOCKWRIGHT_HOST="::1"',
        "= 8001",
    ],
)
def test_an_invalid_line_is_refused_by_its_number_without_its_text(tmp_path: Path, line: str) -> None:
    with pytest.raises(Misconfigured, match=r"\.env, line 4: not of the form NAME=value") as refused:
        load(tmp_path, f"# the shop\nSTOCKWRIGHT_HOST=::1\n\n{line}\nSTOCKWRIGHT_DEMO=on\n")
    assert "hush" not in refused.value.message


def test_a_wrong_secret_is_refused_without_being_printed(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        load(tmp_path, SMTP_URL="mailto:shop:hush-hush@example.com")
    assert "smtp://" in refused.value.message
    assert "hush-hush" not in refused.value.message


def test_secrets_are_listed_as_set_and_never_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, ADMIN_EMAIL="me@example.com", ADMIN_PASSWORD="hush-hush", WAREHOUSE_API_KEY="hush-hush")
    listed = {name: value for name, value, _ in settings.listed()}
    assert listed["STOCKWRIGHT_ADMIN_PASSWORD"] == listed["STOCKWRIGHT_WAREHOUSE_API_KEY"] == "set"
    assert "hush-hush" not in str(listed)


def test_the_credentials_in_a_partners_url_are_not_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, WAREHOUSE_URL="https://shop:hush@hush@warehouse.example/a@b")
    assert ("STOCKWRIGHT_WAREHOUSE_URL", "https://***@warehouse.example/a@b") in [row[:2] for row in settings.listed()]
    with pytest.raises(Misconfigured) as refused:
        load(tmp_path, DELIVERY_URL="htps://shop:hush-hush@delivery.example/")
    assert "hush" not in refused.value.message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"STORE": "dynamodb"}, "STOCKWRIGHT_STORE dynamodb also requires STOCKWRIGHT_TABLE_NAME"),
        (
            {"COGNITO_CLIENT_ID": "abc"},
            "STOCKWRIGHT_COGNITO_USER_POOL_ID and STOCKWRIGHT_COGNITO_CLIENT_ID must be set together",
        ),
        ({"MAIL": "smtp"}, "STOCKWRIGHT_MAIL smtp also requires STOCKWRIGHT_SMTP_URL"),
        ({"LOW_STOCK_TOPIC": "alerts"}, "STOCKWRIGHT_LOW_STOCK_TOPIC must be the ARN of an SNS topic, not 'alerts'"),
    ],
)
def test_settings_of_the_cloud_that_do_not_go_together_stop_the_start(
    tmp_path: Path, given: dict[str, str], expected: str
) -> None:
    with pytest.raises(Misconfigured, match=re.escape(expected)):
        load(tmp_path, **given)


def test_the_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("STOCKWRIGHT_PORT=1234\n", encoding="utf-8-sig")
    assert Settings.load({}, file).port == 1234


def test_a_file_in_another_encoding_gets_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# Größe\nSTOCKWRIGHT_PORT=1234\n", encoding="latin-1")
    with pytest.raises(Misconfigured, match=r"is not written in UTF-8: invalid .* at byte 4"):
        Settings.load({}, file)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a@b.de # the boss", "a@b.de"),
        ("a@b.de\t# the boss", "a@b.de"),
        ('"a@b.de" # the "boss"', "a@b.de"),
        ("'a # b@b.de'", "a # b@b.de"),
        ('"a#b@b.de"', "a#b@b.de"),
        ("a#b@b.de", "a#b@b.de"),
        ("#b@b.de", "#b@b.de"),
        ('a"b"@b.de', 'a"b"@b.de'),
        ("${HOME}$(x)", "${HOME}$(x)"),
        ('"${HOME}"', "${HOME}"),
        ("a\\nb", "a\\nb"),
        (r"'a\nb\'c'", r"a\nb'c"),
        (r'"a\\b\"c"', r'a\b"c'),
    ],
)
def test_a_value_ends_at_its_quote_or_at_a_comment(tmp_path: Path, written: str, read: str) -> None:
    settings = load(tmp_path, f"STOCKWRIGHT_ADMIN_PASSWORD={written}\n", ADMIN_EMAIL="me@example.com")
    assert settings.admin_password == read


def test_a_value_that_is_only_a_comment_is_empty(tmp_path: Path) -> None:
    assert load(tmp_path, "STOCKWRIGHT_PORT= # as it is\n").port == 8000


EVERY_SETTING: dict[str, tuple[str, object, list[str]]] = {
    # name: a good text, what it is read as, bad texts
    "host": ("::1", "::1", ["two words", "a\tb"]),
    "port": ("0", 0, ["-1", "65536", "http", "80.5", "\u0663"]),
    "workers": ("AUTO", "auto", ["0", "65", "many", "1.5"]),
    "data_dir": ("/srv/shop", Path("/srv/shop"), ["a\x00b"]),
    "store": ("SQLite", "sqlite", ["mysql", "sqlite3"]),
    "public_url": ("https://shop.example", "https://shop.example", ["shop.example", "ftp://shop.example", "https://"]),
    "admin_email": ("me@example.com", "me@example.com", ["me", "me@", "a b@example.com", "a@b.cc,d@e.ff"]),
    "admin_password": ("any of them", "any of them", []),
    "cors_origins": ("https://a.example,http://b.example:8000/", ("https://a.example", "http://b.example:8000"), ["a"]),
    "smtp_url": ("smtps://a:b@mail.example:465", "smtps://a:b@mail.example:465", ["mail.example", "http://mail.example"]),
    "mail_from": ("Shop <shop@example.com>", "Shop <shop@example.com>", ["Shop", "<shop@example.com", "a@b@c"]),
    "alert_emails": ("a@b.example", ("a@b.example",), ["a", "a@b.example; c@d.example"]),
    "alert_phones": (
        "+49 (170) 123-4567, +15550100",
        ("+491701234567", "+15550100"),
        ["abc", "0170 1234567", "+1", "+0123456789", "+1234567890123456", "+15550100 and +15550101"],
    ),
    "warehouse_url": ("http://w.example/x", "http://w.example/x", ["w.example", "file:///x"]),
    "warehouse_api_key": ("k-1", "k-1", ["k 1", "k\u00e9"]),
    "delivery_url": ("http://d.example/x", "http://d.example/x", ["d.example"]),
    "delivery_api_key": ("k-1", "k-1", ["k\n1"]),
    "allow_private_addresses": ("on", True, ["perhaps"]),
    "retry_delay_seconds": ("0.5", 0.5, ["-1", "86401", "soon", "nan"]),
    "alert_group_seconds": ("0", 0.0, ["-1", "3601", "a minute"]),
    "hold_reservations_max": ("0", 0, ["-1", "201", "x"]),
    "hold_units_max": ("7", 7, ["-1", "x"]),
    "hold_hours_max": ("24", 24, ["0", "25", "1.5"]),
    "customer_confirm": ("off", False, ["never"]),
    "rate_limit": ("off", False, ["none"]),
    "trusted_proxies": ("10.0.0.0/8", ("10.0.0.0/8",), ["proxy.example"]),
    "forwarded_header": ("X-Forwarded-For", "x-forwarded-for", ["x-real-ip"]),
    "demo": ("on", True, ["please"]),
    "migrate": ("off", False, ["later"]),
    "keep_requests_hours": ("24", 24, ["23", "8761", "2 days"]),
    "keep_notifications_days": ("7", 7, ["6", "-1", "36501", "week"]),
    "keep_events_days": ("0", 0, ["29", "1.5"]),
    "keep_holds_days": ("3", 3, ["1", "off"]),
    "backup_every": ("24h", timedelta(days=1), ["24", "0h", "1s", "367d", "daily"]),
    "backup_keep": ("3", 3, ["0", "1001", "all"]),
    "archive": ("off", False, ["maybe"]),
    "files_bucket": ("shop-files", "shop-files", ["my files"]),
    "upload_bytes_max": ("5242880", 5_242_880, ["1", "6000000000", "5 MB"]),
    "table_name": ("shop", "shop", ["my shop"]),
    "cognito_user_pool_id": ("eu_1", "eu_1", ["eu 1"]),
    "cognito_client_id": ("abc", "abc", ["a c"]),
    "event_bus": ("bus", "bus", ["my bus"]),
    "handler": ("stock-alert", "stock-alert", ["stock alert"]),
    "mail": ("local", "local", ["pigeon"]),
    "mail_configuration_set": ("shop", "shop", ["my shop"]),
    "unasked_mails_per_hour": ("50", 50, ["0", "1000001", "many"]),
    "sms": ("sns", "sns", ["twilio"]),
    "low_stock_topic": ("arn:aws:sns:eu:1:a", "arn:aws:sns:eu:1:a", ["a"]),
    "orders_topic": ("arn:aws:sns:eu:1:a", "arn:aws:sns:eu:1:a", ["arn:aws:sqs:eu:1:a"]),
    "operations_topic": ("arn:aws:sns:eu:1:a", "arn:aws:sns:eu:1:a", ["a"]),
    "signing_secret_id": ("shop/key", "shop/key", ["a b"]),
    "origin_secret_id": ("shop/key", "shop/key", ["a b"]),
    "warehouse_secret_id": ("shop/key", "shop/key", ["a b"]),
    "delivery_secret_id": ("shop/key", "shop/key", ["a b"]),
    "trial_secret_id": ("shop/trial", "shop/trial", ["a b"]),
    "trial_function": ("arn:aws:lambda:eu:1:function:api:7", "arn:aws:lambda:eu:1:function:api:7", ["a b"]),
    "log_requests_percent": ("10", 10, ["-1", "101", "few"]),
    "log_level": ("Debug", "debug", ["loud"]),
}  # fmt: skip
BESIDE = {
    "admin_password": {"ADMIN_EMAIL": "me@example.com"},
    "alert_phones": {"SMS": "sns"},
    "cognito_user_pool_id": {"COGNITO_CLIENT_ID": "x"},
    "cognito_client_id": {"COGNITO_USER_POOL_ID": "x"},
}


def test_every_setting_is_in_the_table() -> None:
    assert set(EVERY_SETTING) == {each.name for each in fields(Settings)}


@pytest.mark.parametrize("name", EVERY_SETTING)
def test_every_setting_accepts_valid_values_and_refuses_others_in_one_line(tmp_path: Path, name: str) -> None:
    good, read, bad = EVERY_SETTING[name]
    assert getattr(load(tmp_path, **{name.upper(): good}, **BESIDE.get(name, {})), name) == read
    secret = next(each for each in fields(Settings) if each.name == name).metadata["secret"]
    for wrong in bad:
        with pytest.raises(Misconfigured) as refused:
            load(tmp_path, **{name.upper(): wrong}, **BESIDE.get(name, {}))
        assert refused.value.message.startswith(f"STOCKWRIGHT_{name.upper()} must be ")
        assert "\n" not in refused.value.message
        assert not secret or wrong not in refused.value.message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"ALERT_PHONES": "+15550100"}, "STOCKWRIGHT_SMS=sns"),
        ({"ALERT_PHONES": "+15550100", "SMS": "local"}, "STOCKWRIGHT_SMS=sns"),
        ({"FORWARDED_HEADER": "forwarded"}, "STOCKWRIGHT_TRUSTED_PROXIES"),
        ({"WAREHOUSE_API_KEY": "x", "WAREHOUSE_SECRET_ID": "y"}, "leave one out"),
        ({"DELIVERY_API_KEY": "x", "DELIVERY_SECRET_ID": "y"}, "leave one out"),
        ({"ADMIN_PASSWORD": "x"}, "STOCKWRIGHT_ADMIN_EMAIL"),
    ],
)
def test_settings_that_cannot_go_together_stop_the_start(tmp_path: Path, given: dict[str, str], expected: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(expected)):
        load(tmp_path, **given)


def test_every_origin_is_allowed_if_the_operator_says_so(tmp_path: Path) -> None:
    assert load(tmp_path, CORS_ORIGINS="*").cors_origins == ("*",)
    with pytest.raises(Misconfigured, match="CORS_ORIGINS"):
        load(tmp_path, CORS_ORIGINS="*,https://a.example")
