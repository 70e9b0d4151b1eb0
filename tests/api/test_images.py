"""Products' pictures over the API: added in three ways, described, moved, deleted, shown, and served to everybody."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from stockwright.audit.usecases import audit
from stockwright.base.errors import VersionConflict
from stockwright.catalog.pictures import AddPicture, add_picture, attach_picture
from stockwright.context import App
from stockwright.products.pictures import PICTURES_MAX
from stockwright.request import BY_SYSTEM
from stockwright.store.sqlite.engine import SqliteStore
from stockwright.sweeper import sweep
from stockwright.uploads.records import find_unused
from tests.api.asking import Answer, Client
from tests.api.conftest import AsKey, Made
from tests.conftest import Clock
from tests.pictures import bomb, opened, picture, refused
from tests.shops import meanwhile

FORM = "multipart/form-data; boundary=here"


async def send(client: Client, product_id: str, content: bytes, kind: str = "image/png", **more: Any) -> Answer:
    path = f"/products/{product_id}/images"
    headers = {"content-type": kind, **more.pop("headers", {})}
    return await client.post(path, raw=content, headers=headers, **more)


async def add(client: Client, product_id: str, **more: Any) -> dict[str, Any]:
    """Add a small picture, of which one width is made."""
    answer = await send(client, product_id, picture(40, 30), **more)
    assert answer.status == 201, answer.response.text
    data: dict[str, Any] = answer.data
    return data


def form(*parts: tuple[str, bytes], file: bytes | None = b"") -> bytes:
    """A form with these fields and one file."""
    lines = [b'--here\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), value)
             for name, value in parts]  # fmt: skip
    if file is not None:
        head = b'--here\r\nContent-Disposition: form-data; name="picture"; filename="../../x.svg"\r\n'
        lines.append(head + b"Content-Type: image/svg+xml\r\n\r\n" + file + b"\r\n")
    return b"".join(lines) + b"--here--\r\n"


async def media(app: App) -> set[str]:
    return {name async for name in app.files.names() if name.startswith("media/")}


async def names(client: Client, product_id: str) -> list[str]:
    return [each["id"] for each in (await client.get(f"/products/{product_id}")).data["images"]]


# ---- adding ------------------------------------------------------------------------------------


async def test_a_picture_is_added_and_shown_with_the_product_everywhere(
    admin: Client, alice: Client, nobody: Client, made: Made
) -> None:
    product = await made(imageUrl=None)
    assert product["images"] == []
    answer = await send(admin, product["id"], picture(2000, 1500, "JPEG"), "image/jpeg", alt="In front of a window")
    image = answer.data
    assert answer.status == 201
    assert re.fullmatch(r"/media/img_[0-9a-z]{26}-800\.webp", image["url"])
    assert image == {
        "id": image["id"],
        "url": f"/media/{image['id']}-800.webp",
        "widths": [320, 800, 1600],
        "alt": "In front of a window",
        "position": 1,
    }
    shown = await alice.get(f"/products/{product['id']}")
    assert (shown.data["images"], shown.data["imageUrl"]) == ([image], image["url"])
    assert shown.data["version"] == product["version"] + 1
    assert shown.headers["etag"] == answer.headers["etag"]
    for path in ("/products", "/items"):
        [listed] = (await (nobody if path == "/items" else alice).get(path)).data["items"]
        assert (listed["images"], listed["imageUrl"]) == ([image], image["url"])
    assert (await nobody.get(f"/items/{product['id']}")).data["images"] == [image]


async def test_an_address_that_a_product_was_given_stays_its_address(admin: Client, made: Made) -> None:
    product = await made(imageUrl="https://example.com/image.jpg")
    await add(admin, product["id"])
    assert (await admin.get(f"/products/{product['id']}")).data["imageUrl"] == "https://example.com/image.jpg"


async def test_what_was_read_can_be_sent_back_and_changes_nothing(admin: Client, made: Made) -> None:
    product = await made(imageUrl=None)
    await add(admin, product["id"])
    read = (await admin.get(f"/products/{product['id']}")).data
    answer = await admin.put(f"/products/{product['id']}", {key: value for key, value in read.items() if key != "id"})
    assert answer.data == read
    other = await made(imageUrl=None)
    wrong = await admin.patch(f"/products/{other['id']}", {"imageUrl": read["imageUrl"]})
    assert wrong.refusal == (400, "VALIDATION_ERROR")


async def test_a_form_brings_the_picture_with_its_fields(admin: Client, made: Made) -> None:
    product = await made()
    await add(admin, product["id"])
    body = form(("alt", "Von vorn: groß".encode()), ("position", b"1"), ("more", b"x"), file=picture(kind="WEBP"))
    answer = await send(admin, product["id"], body, FORM)
    assert (answer.status, answer.data["alt"], answer.data["position"]) == (201, "Von vorn: groß", 1)
    assert (await names(admin, product["id"]))[0] == answer.data["id"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (form(file=None), FORM),
        (form(("alt", b"x" * 300), file=picture(40, 30)), FORM),
        (form(("position", b"first"), file=picture(40, 30)), FORM),
        (form(file=picture(40, 30))[:80], FORM),
        (form(file=picture(40, 30)) * 2, "multipart/form-data"),
        (b"--here\r\n\r\nx", FORM),
        (b"", FORM),
        (b"", "image/png"),
        (b"{}", "application/json"),
        (b'{"uploadId": 5}', "application/json"),
        (b'{"uploadId": "upl_none"}', "application/json"),
        (b"{", "application/json"),
    ],
)
async def test_a_body_without_a_picture_is_refused(admin: Client, made: Made, body: bytes, kind: str) -> None:
    product = await made()
    answer = await send(admin, product["id"], body, kind)
    assert answer.refusal == (400, "VALIDATION_ERROR"), answer.response.text
    assert (await admin.get(f"/products/{product['id']}")).data == product


async def test_two_files_in_a_form_are_one_too_many(admin: Client, made: Made) -> None:
    product = await made()
    one = form(file=picture(40, 30)).removesuffix(b"--here--\r\n")
    answer = await send(admin, product["id"], one + form(file=picture(40, 30)), FORM)
    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert await names(admin, product["id"]) == []


async def test_a_picture_can_come_as_an_upload(admin: Client, made: Made, http: httpx2.AsyncClient, app: App) -> None:
    product, content = await made(), picture(500, 400, "JPEG")
    upload = (await admin.post("/uploads", {"size": len(content)})).data
    path = f"/products/{product['id']}/images"
    early = await admin.post(path, {"uploadId": upload["id"]})
    assert early.refusal == (400, "VALIDATION_ERROR")
    assert "not been put" in str(early.details)
    assert (await http.put(upload["url"], content=content)).is_success
    answer = await admin.post(path, {"uploadId": upload["id"], "alt": "x", "position": 1})
    assert (answer.status, answer.data["widths"], answer.data["alt"]) == (201, [320, 500], "x")
    large = (await admin.post("/uploads", {"size": 10 * 1024 * 1024 + 1})).data
    await app.files.put(f"uploads/{large['id']}", parts_of(bytes(large["size"])))
    refusal = await admin.post(path, {"uploadId": large["id"]})
    assert refusal.refusal == (413, "PAYLOAD_TOO_LARGE")


async def parts_of(content: bytes) -> Any:
    yield content


@pytest.mark.one_engine
@pytest.mark.parametrize("name", ["SVG", "GIF", "JPEG that ends in the middle", "PNG with a wrong byte", "bomb"])
@pytest.mark.parametrize("as_form", [False, True])
async def test_bad_files_are_refused_whatever_they_are_called_and_change_nothing(
    admin: Client, made: Made, app: App, name: str, as_form: bool
) -> None:
    product, (content, why) = await made(), refused()[name]
    before = await app.store.tail(limit=1000)
    body, kind = (form(file=content), FORM) if as_form else (content, "image/png")
    answer = await send(admin, product["id"], body, kind)
    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert why in str(answer.details)
    assert (await admin.get(f"/products/{product['id']}")).data == product
    assert await media(app) == set()
    assert await app.store.tail(limit=1000) == before


async def test_a_picture_is_judged_by_its_content_whatever_the_header_says(admin: Client, made: Made) -> None:
    product = await made()
    for kind in ("text/html", "image/svg+xml", "application/octet-stream", ""):
        assert (await send(admin, product["id"], picture(40, 30), kind)).status == 201
    assert (await send(admin, product["id"], b"<svg/>", "image/png")).status == 400


@pytest.mark.one_engine
async def test_a_picture_of_more_than_ten_megabytes_is_refused(admin: Client, made: Made) -> None:
    product = await made()
    answer = await send(admin, product["id"], picture(40, 30) + bytes(10 * 1024 * 1024))
    assert answer.refusal == (413, "PAYLOAD_TOO_LARGE")
    answer = await send(admin, product["id"], picture(40, 30) + bytes(11 * 1024 * 1024))
    assert answer.refusal == (413, "PAYLOAD_TOO_LARGE")
    assert len(bomb()) < 10 * 1024 * 1024


async def test_a_product_has_a_bounded_number_of_pictures(admin: Client, made: Made, app: App) -> None:
    product = await made()
    for _ in range(PICTURES_MAX):
        await attach_picture(app, BY_SYSTEM, AddPicture(product_id=product["id"]), {40: b"x"})
    answer = await send(admin, product["id"], picture(40, 30))
    assert answer.refusal == (409, "CONFLICT")
    assert len(await media(app)) == PICTURES_MAX


async def test_what_is_not_there_has_no_pictures(admin: Client, made: Made) -> None:
    product = await made()
    assert (await send(admin, "none", picture(40, 30))).refusal == (404, "NOT_FOUND")
    for method in ("PATCH", "DELETE"):
        answer = await admin.ask(method, f"/products/{product['id']}/images/img_none", {"alt": "x"})
        assert answer.refusal == (404, "NOT_FOUND")


async def test_a_key_that_may_write_products_may_write_their_pictures(
    admin: Client, made: Made, as_key: AsKey, http: httpx2.AsyncClient
) -> None:
    product, key, other = await made(), await as_key("products:write"), await as_key("inventory")
    assert (await send(other, product["id"], picture(40, 30))).refusal == (403, "FORBIDDEN")
    content = picture(40, 30)
    upload = (await key.post("/uploads", {"size": len(content)})).data
    assert (await http.put(upload["url"], content=content)).is_success
    image = (await key.post(f"/products/{product['id']}/images", {"uploadId": upload["id"]})).data
    assert (await key.patch(f"/products/{product['id']}", {"name": "By a machine"})).status == 200
    assert (await key.delete(f"/products/{product['id']}/images/{image['id']}")).status == 200


# ---- order, text, deletion -----------------------------------------------------------------------


async def test_pictures_are_described_and_moved(admin: Client, made: Made) -> None:
    product = await made()
    path = f"/products/{product['id']}/images"
    a, b, c = [(await add(admin, product["id"], alt=name))["id"] for name in "abc"]
    moved = await admin.patch(f"{path}/{c}", {"position": 1})
    assert (moved.data["position"], moved.data["alt"]) == (1, "c")
    assert await names(admin, product["id"]) == [c, a, b]
    assert (await admin.patch(f"{path}/{c}", {"position": 20, "alt": "the last"})).data["position"] == 3
    assert await names(admin, product["id"]) == [a, b, c]
    assert (await admin.patch(f"{path}/{a}", {"position": 2})).data["position"] == 2
    assert await names(admin, product["id"]) == [b, a, c]
    assert (await admin.patch(f"{path}/{c}", {"alt": ""})).data["alt"] == ""
    version = (await admin.get(f"/products/{product['id']}")).data["version"]
    assert (await admin.patch(f"{path}/{a}", {"position": 2})).status == 200
    assert (await admin.get(f"/products/{product['id']}")).data["version"] == version
    for wrong in ({"position": 0}, {"position": 21}, {"alt": "x" * 251}, {"alt": "a\u202eb"}, {"alt": 5}):
        assert (await admin.patch(f"{path}/{a}", wrong)).refusal == (400, "VALIDATION_ERROR"), wrong
    assert (await add(admin, product["id"], position=1))["position"] == 1


async def test_a_change_of_a_picture_is_held_to_the_products_version(admin: Client, made: Made) -> None:
    product = await made()
    first = await send(admin, product["id"], picture(40, 30), headers={"if-match": f'"{product["version"]}-1"'})
    path, etag = f"/products/{product['id']}/images", first.headers["etag"]
    assert first.status == 201
    changed = await admin.patch(f"{path}/{first.data['id']}", {"alt": "x"}, headers={"if-match": etag})
    assert changed.status == 200
    for answer in (
        await send(admin, product["id"], picture(40, 30), headers={"if-match": etag}),
        await admin.patch(f"{path}/{first.data['id']}", {"alt": "y"}, headers={"if-match": etag}),
        await admin.patch(f"{path}/{first.data['id']}", {"alt": "y", "expectedVersion": 1}),
        await admin.delete(f"{path}/{first.data['id']}", headers={"if-match": etag}),
        await admin.post(path, {"uploadId": "any", "expectedVersion": 1}),
    ):
        assert answer.refusal == (412, "VERSION_CONFLICT")
        assert answer.details["current"]["images"][0]["alt"] == "x"


async def test_a_deleted_picture_is_gone_and_its_files_a_day_later(
    admin: Client, made: Made, app: App, clock: Clock
) -> None:
    product = await made(imageUrl=None)
    image = (await send(admin, product["id"], picture(900, 600))).data
    stays = await add(admin, product["id"])
    assert len(await media(app)) == 4
    answer = await admin.delete(f"/products/{product['id']}/images/{image['id']}")
    assert answer.data == {"message": "Picture deleted successfully", "deletedId": image["id"]}
    shown = (await admin.get(f"/products/{product['id']}")).data
    assert ([each["id"] for each in shown["images"]], shown["imageUrl"]) == ([stays["id"]], stays["url"])
    # Who has the page open still sees it.
    await sweep(app)
    assert len(await media(app)) == 4
    clock.advance(days=1, seconds=1)
    await sweep(app)
    assert await media(app) == {stays["url"].removeprefix("/")}
    assert await find_unused(app.store, image["id"]) is None


async def test_a_deleted_product_takes_its_pictures_along(admin: Client, made: Made, app: App, clock: Clock) -> None:
    product = await made()
    for _ in range(3):
        await add(admin, product["id"])
    assert (await admin.delete(f"/products/{product['id']}")).status == 200
    assert len(await media(app)) == 3
    clock.advance(days=1, seconds=1)
    await sweep(app)
    assert await media(app) == set()


async def test_an_order_is_shown_when_a_picture_and_the_product_are_gone(
    admin: Client, alice: Client, made: Made
) -> None:
    product = await made(quantity=5)
    await add(admin, product["id"])
    order = (await alice.post("/orders", {"productId": product["id"], "quantity": 1})).data
    await admin.post(f"/orders/{order['id']}/cancel", {})
    assert (await admin.delete(f"/products/{product['id']}")).status == 200
    assert (await alice.get(f"/orders/{order['id']}")).data["items"][0]["productId"] == product["id"]


# ---- what happens in between ---------------------------------------------------------------------


async def test_pictures_that_are_added_at_once_are_all_there(admin: Client, made: Made, app: App) -> None:
    product = await made()
    images = await asyncio.gather(*(add(admin, product["id"], alt=str(number)) for number in range(6)))
    shown = (await admin.get(f"/products/{product['id']}")).data
    assert {each["id"] for each in shown["images"]} == {each["id"] for each in images}
    assert [each["position"] for each in shown["images"]] == [1, 2, 3, 4, 5, 6]
    moves = [{"position": 1}, {"position": 6}, {"alt": "moved"}]
    path = f"/products/{product['id']}/images"
    await asyncio.gather(
        *(admin.patch(f"{path}/{image['id']}", move) for image, move in zip(images, moves, strict=False)),
        admin.delete(f"{path}/{images[5]['id']}"),
        admin.patch(f"/products/{product['id']}", {"name": "Renamed meanwhile"}),
    )
    after = (await admin.get(f"/products/{product['id']}")).data
    assert {each["id"] for each in after["images"]} == {each["id"] for each in images[:5]}
    assert after["name"] == "Renamed meanwhile"
    assert len(await media(app)) == 6


async def test_the_same_request_sent_again_adds_one_picture(admin: Client, made: Made) -> None:
    product = await made()
    first = await send(admin, product["id"], picture(40, 30), key="k", alt="x")
    again = await send(admin, product["id"], picture(40, 30), key="k", alt="x")
    assert (again.data, again.replayed) == (first.data, True)
    assert again.headers["etag"] == first.headers["etag"]
    assert (await send(admin, product["id"], picture(41, 30), key="k", alt="x")).refusal == (
        422,
        "IDEMPOTENCY_KEY_REUSED",
    )
    assert await names(admin, product["id"]) == [first.data["id"]]
    path = f"/products/{product['id']}/images/{first.data['id']}"
    for method in ("PATCH", "DELETE"):
        one, other = [await admin.ask(method, path, {"alt": "y"}, key=method) for _ in range(2)]
        assert (other.data, other.replayed) == (one.data, True)


async def test_what_fails_in_between_leaves_files_that_are_removed(
    admin: Client, made: Made, app: App, clock: Clock
) -> None:
    product = await made()
    command = AddPicture(product_id=product["id"], content=picture(40, 30))

    async def renamed() -> None:
        await admin.patch(f"/products/{product['id']}", {"name": "Renamed meanwhile"})

    seen = meanwhile(app, renamed)
    with pytest.raises(VersionConflict):
        await add_picture(seen, BY_SYSTEM, replace(command, expected_version=product["version"]))
    assert len(await media(app)) == 1
    assert await names(admin, product["id"]) == []
    clock.advance(days=1, seconds=1)
    await sweep(app)
    assert await media(app) == set()


async def test_an_audit_reports_each_file_that_is_missing(admin: Client, made: Made, app: App) -> None:
    product = await made()
    image = (await send(admin, product["id"], picture(900, 600))).data
    await add(admin, product["id"])
    assert (await audit(app)).is_clean
    for width in (320, 900):
        await app.files.delete(f"media/{image['id']}-{width}.webp")
    drifts = (await audit(app)).drifts
    assert [(each.product_id, each.about, each.rule) for each in drifts] == [
        (product["id"], f"media/{image['id']}-{width}.webp", "every file of a picture is there") for width in (320, 900)
    ]
    await admin.delete(f"/products/{product['id']}/images/{image['id']}")
    assert (await audit(app)).is_clean


# ---- serving -------------------------------------------------------------------------------------


async def test_everybody_is_served_a_picture_that_never_changes(
    admin: Client, made: Made, http: httpx2.AsyncClient
) -> None:
    product = await made()
    image = (await send(admin, product["id"], picture(900, 600))).data
    answer = await http.get(image["url"])
    assert answer.status_code == 200
    assert opened(answer.content).size == (800, 533)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for width in image["widths"]:
        assert opened((await http.get(f"/media/{image['id']}-{width}.webp")).content).width == width
    again = await http.get(image["url"], headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == answer.headers["cache-control"]
    part = await http.get(image["url"], headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    assert part.headers["content-range"] == f"bytes 0-3/{len(answer.content)}"
    assert (await http.get(image["url"], headers={"range": "bytes=999999-"})).status_code == 416
    head = await http.head(image["url"])
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.content))


async def test_no_other_file_is_served(admin: Client, made: Made, http: httpx2.AsyncClient, app: App) -> None:
    upload = (await admin.post("/uploads", {"size": 1})).data
    await http.put(upload["url"], content=b"x")
    for path in (
        f"/media/{upload['id']}",
        f"/media/..%2Fuploads%2F{upload['id']}",
        f"/media/../uploads/{upload['id']}",
        "/media/",
        "/media",
        "/media/img_none-800.webp",
        "/media/img_none-800.webp%00",
        "/media/..%2f..%2fstockwright.db",
        "/uploads/" + upload["id"],
    ):
        assert (await http.get(path)).status_code == 404, path
    assert (await http.post("/media/img_none-800.webp")).status_code in {404, 405}
    assert isinstance(app.store, SqliteStore) or app.files.path("media/img_x-1.webp") is not None


@pytest.mark.one_engine
async def test_without_a_folder_a_picture_is_served_from_where_it_is(
    admin: Client, made: Made, http: httpx2.AsyncClient, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = await made()
    image = await add(admin, product["id"])
    monkeypatch.setattr(type(app.files), "path", lambda _self, _name: None)
    answer = await http.get(image["url"])
    assert (answer.status_code, opened(answer.content).size) == (200, (40, 30))
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["content-length"] == str(len(answer.content))
    again = await http.get(image["url"], headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await http.head(image["url"])).headers["content-length"] == str(len(answer.content))
    assert (await http.get("/media/img_none-800.webp")).status_code == 404
