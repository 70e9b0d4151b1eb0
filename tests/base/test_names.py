"""Names: cleaned, compared and searched in one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockwright.base.errors import Invalid
from stockwright.base.names import check_direction, clean, name_key, same_sku, search_text, search_words


@given(st.text())
def test_cleaning_and_folding_are_done_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert name_key(clean(text)) == name_key(text)
    assert same_sku(text, f" {text}\t")


@given(st.text(), st.text())
def test_a_text_is_found_by_each_of_its_own_words(one: str, other: str) -> None:
    looked_into = search_text(one, other)
    for word in (*one.split(), *other.split()):
        assert all(each in looked_into for each in search_words(word))


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Café Crème", "cafe"), ("Cafe Creme", "café"), ("Blue Cotton Shirt", "cotton blue"),
        ("O'Neill", "O\u2019Neill"),
        ("O\u2019Neill", "o'neill"), ("O\u2019Neill", "oneill"), ("Straße", "STRASSE"), ("Smørrebrød", "smorrebrod"),
        ("Łódź", "lodz"), ("İstanbul", "istanbul"), ("Æther", "aether"), ("ﬁne ﬂour", "fine flour"),
        ("Keyboard", "boa"),
        ("USB hub 4", "4"), ("TV stand", "tv"), ("手机壳", "手机"), ("Ａ４ paper", "a4"), ("Wi-Fi 6E", "wi-fi"),
        ("x", ""), ("Oak chair", "chair, oak;"), ("Wi-Fi 6E", "-wi-fi-"), ("C++ book", "c++"), ("50 % off", "%"),
        ('TV (4K) "OLED"', "4k"),
        ("TV 4K", "(4k)"),
    ],
)  # fmt: skip
def test_a_search_finds_names_in_spite_of_case_accents_and_spelling(name: str, query: str) -> None:
    assert all(word in search_text(name) for word in search_words(query))


@pytest.mark.parametrize("spelling", ["NIKE", " nike ", "Ni ke", "ＮＩＫＥ"])
def test_spellings_of_one_name_have_one_key(spelling: str) -> None:
    assert name_key(spelling) == name_key("Nike")


@pytest.mark.parametrize(
    ("name", "query"), [("Keyboard", "bo"), ("USB hub 14", "4"), ("Red shirt", "red shoe"), ("Cotton", "cottons")]
)
def test_a_search_does_not_find_unrelated_names(name: str, query: str) -> None:
    assert not all(word in search_text(name) for word in search_words(query))


@pytest.mark.parametrize("sign", ["\u202a", "\u202e", "\u2066", "\u2069"])
def test_characters_that_change_the_direction_of_text_are_refused_in_a_name(sign: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_direction(f"invoice{sign}fdp.exe", "name")
    assert [each["field"] for each in refused.value.details] == ["name"]


@pytest.mark.parametrize("name", ["كرسي خشبي", "כיסא עץ USB", "a\u200fb", "Zoë"])
def test_letters_of_every_writing_direction_are_accepted_in_a_name(name: str) -> None:
    assert check_direction(name, "name") == name
