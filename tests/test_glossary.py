import html

import pytest

from gan.glossary import GLOSSARY, STYLE, term


@pytest.mark.parametrize("name", GLOSSARY)
def test_a_meaning_is_one_sentence(name: str) -> None:
    meaning = GLOSSARY[name]
    assert meaning[0].isupper() or meaning[0].isdigit()
    assert meaning.endswith(".")
    assert ". " not in meaning
    assert len(meaning) < 200


def test_term_shows_a_text_and_holds_its_meaning() -> None:
    built = term("FCD")
    assert ">FCD<" in built
    assert html.escape(GLOSSARY["FCD"]) in built
    assert ">★ <" in term("best", "★ ")


def test_text_of_a_term_is_no_markup() -> None:
    assert "<b>" not in term("FCD", "<b>")


def test_term_takes_focus_and_has_the_style_that_shows_it() -> None:
    assert 'tabindex="0"' in term("latent")
    assert ".term:focus > .term-meaning" in STYLE
    assert ".term:hover > .term-meaning" in STYLE
