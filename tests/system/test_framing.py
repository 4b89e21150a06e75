"""Messages of words and bytes."""

from hypothesis import given
from hypothesis import strategies as st

from gan.system.framing import framed, unframed

words = st.dictionaries(st.text(max_size=5), st.text(max_size=9) | st.integers() | st.booleans(), max_size=4)


def test_message_begins_with_the_length_of_its_words() -> None:
    """{"a":1} has seven letters, which a blank makes eight."""
    assert framed({"a": 1}, b"\x07") == b'\x08\x00\x00\x00{"a":1} \x07'


@given(words, st.binary(max_size=20))
def test_message_is_read_as_it_was_and_its_bytes_begin_at_a_multiple_of_four(
    about: dict[str, str | int | bool], content: bytes
) -> None:
    message = framed(about, content)
    assert unframed(message) == (about, content)
    assert (len(message) - len(content)) % 4 == 0
