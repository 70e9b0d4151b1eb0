"""The demo shop's goods: one line each, made up for this purpose."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from stockwright.products.barcode import check_digit


class Good(Struct, frozen=True):
    """A product of the demo: price and cost in cents, opening stock in units, tax rate in hundredths of a percent.

    A gift card has no cost: what it is worth is paid when it is spent.
    """

    sku: str
    name: str
    category: str
    type: str
    brand: str
    price_cents: int
    stock: int
    colors: tuple[str, ...]
    description: str
    barcode: str
    cost_cents: int | None
    weight_grams: int
    tax_rate: int


# SKU | name | category | type | brand | price | stock | colors | description
_TABLE: Final = """
PH-AUR-12 | Aurora 12 | phone | smart | aurora | 69900 | 64 | midnight,ivory,coral | A 6.1-inch phone with two days of battery and five years of updates.
PH-AUR-12P | Aurora 12 Pro | phone | smart | aurora | 94900 | 38 | graphite,ivory | The Aurora with a periscope camera and a titanium frame.
PH-AUR-MINI | Aurora Mini | phone | smart | aurora | 52900 | 9 | coral,mint | Everything that matters, in a phone that fits a small pocket.
PH-KIN-7 | Kinzo 7 | phone | smart | kinzo | 44900 | 71 | black,blue | A clean phone with a headphone jack and a replaceable battery.
PH-KIN-7L | Kinzo 7 Lite | phone | smart | kinzo | 27900 | 120 | black,blue,sand | The sensible phone: bright display, long life, fair price.
PH-FAIR-3 | Fairwave 3 | phone | smart | fairwave | 57900 | 26 | forest | Built to be opened: eight modules, one screwdriver.
PH-DOT-1 | Dot One | phone | feature | dot | 5900 | 210 | white,black | Calls, texts, a torch and three weeks of standby.
PH-DOT-FLIP | Dot Flip | phone | feature | dot | 8900 | 47 | red,black | A flip phone with big keys and a loud, clear speaker.
PC-NOR-14 | Nordlicht 14 | computer | laptop | nordlicht | 129900 | 31 | silver,night | A 14-inch laptop that weighs 1.1 kg and runs all day.
PC-NOR-16 | Nordlicht 16 Studio | computer | laptop | nordlicht | 214900 | 12 | night | Sixteen calibrated inches for people who draw, cut and build.
PC-HAW-13 | Hawthorn 13 | computer | laptop | hawthorn | 84900 | 55 | silver | The student's laptop: quiet, light and repairable.
PC-HAW-CB | Hawthorn Cloudbook | computer | laptop | hawthorn | 34900 | 83 | grey,teal | Opens in three seconds and never asks for an update.
PC-TOW-S | Tower S | computer | desktop | hawthorn | 99900 | 18 | black | A small tower with room for the next graphics card.
PC-TOW-XL | Tower XL | computer | desktop | hawthorn | 249900 | 6 | black | Sixteen cores and silence. Your compiler will thank you.
PC-MIN-2 | Minnow 2 | computer | desktop | nordlicht | 59900 | 44 | silver | A desktop the size of a paperback.
PC-PAD-11 | Slate 11 | computer | tablet | nordlicht | 49900 | 58 | silver,night,rose | A tablet for reading, sketching and the kitchen counter.
AC-CHG-65 | 65 W Charger | accessories | power | voltaic | 3900 | 340 | white | Charges a laptop and a phone at once, and stays cool.
AC-CHG-20 | 20 W Charger | accessories | power | voltaic | 1900 | 410 | white | The little charger for the bag.
AC-PWB-10 | Powerbank 10k | accessories | power | voltaic | 3500 | 160 | black,mint | Two full charges and a display that tells the truth.
AC-PWB-20 | Powerbank 20k | accessories | power | voltaic | 5500 | 8 | black | For long trains and longer flights.
AC-CBL-C2 | USB-C Cable 2 m | accessories | cable | voltaic | 1200 | 620 | white,black,coral | Braided, 100 W, and long enough for the sofa.
AC-CBL-HD | HDMI Cable 3 m | accessories | cable | voltaic | 1500 | 230 | black | Carries 8K at 60 Hz without a flicker.
AC-CAS-AUR | Aurora Case | accessories | case | shellback | 2900 | 190 | clear,navy,coral | Thin, grippy, and tested from two metres.
AC-CAS-KIN | Kinzo Case | accessories | case | shellback | 2500 | 140 | clear,black | Protects the corners that meet the floor first.
AC-SLV-14 | Laptop Sleeve 14 | accessories | case | shellback | 3900 | 75 | felt grey,green | Wool felt outside, soft lining inside.
AC-MOU-E | Ergo Mouse | accessories | input | kestrel | 5900 | 96 | black,white | A vertical mouse that your wrist will notice.
AC-MOU-T | Travel Mouse | accessories | input | kestrel | 2900 | 180 | black,sage | Folds flat, wakes at once, runs for a year.
AC-KEY-75 | Kestrel 75 Keyboard | accessories | input | kestrel | 12900 | 42 | slate,cream | A mechanical keyboard with a gentle voice.
AC-STY-1 | Slate Pen | accessories | input | nordlicht | 7900 | 61 | white | Tilt, pressure, and no charging cable.
AC-STD-L | Laptop Stand | accessories | desk | kestrel | 4500 | 88 | aluminium | Lifts the screen to where your eyes are.
EL-HP-OE | Hush Over-Ear | electronics | audio | hush | 24900 | 52 | black,stone | Noise cancelling that turns a train into a library.
EL-HP-IE | Hush Buds | electronics | audio | hush | 12900 | 134 | black,white,lilac | Small buds, full sound, eight hours.
EL-SPK-S | Pebble Speaker | electronics | audio | hush | 6900 | 77 | moss,sand | A waterproof speaker for showers and beaches.
EL-SPK-L | Monolith Speaker | electronics | audio | hush | 39900 | 14 | walnut | Room-filling sound in one piece of walnut.
EL-CAM-A | Field Camera | electronics | camera | oculo | 89900 | 11 | black | A compact camera with a viewfinder and a real dial.
EL-CAM-L35 | 35 mm Lens | electronics | camera | oculo | 44900 | 7 | black | The lens that stays on.
EL-TRI-T | Travel Tripod | electronics | camera | oculo | 11900 | 33 | black | Carbon, 900 g, stands on anything.
EL-WAT-2 | Pulse Watch 2 | electronics | wearable | pulse | 19900 | 68 | black,rose,olive | Sleep, steps and heart rate, with ten days of battery.
EL-BND-1 | Pulse Band | electronics | wearable | pulse | 4900 | 220 | black,blue,pink | The band that counts so that you need not.
EL-LMP-D | Daybreak Lamp | electronics | home | lumen | 8900 | 59 | white | A lamp that wakes you like the sun.
EL-BUL-3 | Smart Bulb, 3 pack | electronics | home | lumen | 4900 | 145 | warm white | Bulbs that dim without an account.
EL-THM-1 | Thermostat | electronics | home | lumen | 14900 | 23 | white | Learns your week and keeps it to itself.
EL-PRJ-1 | Pocket Projector | electronics | home | oculo | 34900 | 0 | white | A hundred inches on any wall.
CL-TEE-M | Organic Tee | clothing | shirt | loom | 2400 | 260 | white,black,navy,moss | Heavy organic cotton, cut to last.
CL-TEE-S | Striped Tee | clothing | shirt | loom | 2900 | 118 | navy,red | Stripes that were knitted, not printed.
CL-SHI-O | Oxford Shirt | clothing | shirt | loom | 5900 | 84 | white,sky | A shirt that forgives the lack of an iron.
CL-SWE-W | Wool Sweater | clothing | knitwear | loom | 8900 | 46 | oat,forest,navy | Merino from one farm, traceable to the flock.
CL-HOO-C | Classic Hoodie | clothing | knitwear | loom | 6400 | 91 | grey,black | Brushed inside, quiet outside.
CL-JAC-R | Rain Jacket | clothing | outerwear | fjell | 14900 | 29 | yellow,navy | Three layers, taped seams, packs into its pocket.
CL-JAC-D | Down Jacket | clothing | outerwear | fjell | 19900 | 5 | black,rust | Responsible down for honest winters.
CL-PAN-C | Canvas Trousers | clothing | trousers | fjell | 7900 | 67 | sand,olive | Double knees and a pocket for the ruler.
CL-SOC-3 | Wool Socks, 3 pack | clothing | socks | fjell | 2700 | 305 | grey,blue,mixed | Warm when wet, guaranteed for life.
CL-CAP-1 | Field Cap | clothing | hat | fjell | 2900 | 73 | olive,navy | A cap with a brim that keeps its shape.
FO-COF-E | Espresso Beans 1 kg | food | coffee | brewhouse | 2200 | 150 |  | Chocolate, hazelnut, and no bitterness.
FO-COF-F | Filter Roast 500 g | food | coffee | brewhouse | 1600 | 97 |  | Light roast: apricot and black tea.
FO-TEA-G | Sencha 100 g | food | tea | leaf & stone | 1400 | 64 |  | First flush from Shizuoka.
FO-TEA-C | Chamomile 80 g | food | tea | leaf & stone | 900 | 88 |  | Whole flowers for quiet evenings.
FO-CHO-7 | Dark Chocolate 70 % | food | sweets | cacaoteca | 450 | 480 |  | Two ingredients, one bar.
FO-CHO-M | Sea Salt Chocolate | food | sweets | cacaoteca | 480 | 3 |  | The one that is always gone first.
FO-OIL-O | Olive Oil 750 ml | food | pantry | oliveto | 1900 | 112 |  | Cold pressed within hours of the harvest.
FO-HON-F | Forest Honey 500 g | food | pantry | oliveto | 1300 | 76 |  | Dark, resinous, from fir trees.
FO-PAS-B | Bronze-Cut Pasta 500 g | food | pantry | oliveto | 390 | 355 |  | Rough enough to hold the sauce.
OT-NTB-A5 | Notebook A5 | other | stationery | folio | 1500 | 270 | black,red,sand | 192 numbered pages that lie flat.
OT-PEN-F | Fountain Pen | other | stationery | folio | 4900 | 37 | black,amber | Writes on the first stroke, every time.
OT-BOT-S | Steel Bottle | other | outdoor | fjell | 3200 | 129 | steel,moss,rust | Cold for a day, hot for half of one.
OT-BAG-D | Daypack 20 l | other | outdoor | fjell | 11900 | 41 | black,olive | One big room, one pocket, no dangling straps.
OT-PLN-M | Desk Planter | other | home | lumen | 2600 | 54 | terracotta,white | Waters itself for two weeks.
OT-GFT-50 | Gift Card | other | gift | stockwright | 5000 | 1000 |  | For when you know the person but not the size.
"""


class Sizes(Struct, frozen=True):
    """What a good is sold in beside its colors: each combination has stock of its own, in units, in their order."""

    name: str
    values: tuple[str, ...]
    stock: tuple[int, ...]
    price_cents: tuple[int, ...] | None = None
    """Of each value, where that makes the price."""


SIZES: Final = {
    "PH-AUR-12P": Sizes("storage", ("256 GB", "512 GB"), (17, 9, 12, 0), (94900, 109900)),
    "CL-SHI-O": Sizes("size", ("S", "M", "L"), (14, 19, 11, 12, 22, 6)),
}
"""Goods whose variants have stock of their own; of the others, all colors share one."""

_COST_SHARES: Final = {
    "phone": 68, "computer": 74, "electronics": 61, "accessories": 42, "clothing": 45, "food": 55, "other": 48,
}  # fmt: skip
"""What a good costs the shop, in percent of its price."""
_WEIGHTS: Final = {
    "smart": 190, "feature": 95, "laptop": 1300, "desktop": 4800, "tablet": 480, "power": 220, "cable": 70, "case": 60,
    "input": 240, "desk": 900, "audio": 280, "camera": 520, "wearable": 45, "home": 430, "shirt": 210, "knitwear": 480,
    "outerwear": 650, "trousers": 540, "socks": 150, "hat": 90, "coffee": 1000, "tea": 100, "sweets": 100,
    "pantry": 620, "stationery": 260, "outdoor": 480, "gift": 5,
}  # fmt: skip
"""What a good of each type weighs (g)."""
_SHOP_NUMBER: Final = "2000000"
"""EAN numbers that begin with 20 to 29 are for a shop's own use: no other goods bear them."""


def goods() -> list[Good]:
    """Read the table."""
    read: list[Good] = []
    for number, line in enumerate(_TABLE.strip().splitlines(), 1):
        sku, name, category, kind, brand, price, stock, colors, description = (part.strip() for part in line.split("|"))
        shades = tuple(color.strip() for color in colors.split(",") if color.strip())
        digits = f"{_SHOP_NUMBER}{number:05d}"
        read.append(
            Good(
                sku, name, category, kind, brand, int(price), int(stock), shades, description,
                barcode=f"{digits}{check_digit(digits)}",
                cost_cents=None if kind == "gift" else _cost_of(category, int(price)),
                weight_grams=_WEIGHTS[kind],
                tax_rate=0 if kind == "gift" else 700 if category == "food" else 1900,
            )
        )  # fmt: skip
    return read


def _cost_of(category: str, price_cents: int) -> int:
    """Return a cost as people agree on them, in steps of ten cents."""
    return max(10, price_cents * _COST_SHARES[category] // 1000 * 10)
