"""A few words and bytes in one message, as pages get them (`readMessage` in gan/web/src/message.js)."""

import json
from collections.abc import Mapping
from typing import Any


def framed(about: Mapping[str, Any], content: bytes = b"") -> bytes:
    """The length of `about` as JSON (4 bytes, little endian), the JSON, filled up with blanks to a multiple of 4, and
    the content."""
    text = json.dumps(about, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text + content


def unframed(message: bytes) -> tuple[dict[str, Any], bytes]:
    """The inverse of `framed`."""
    end = 4 + int.from_bytes(message[:4], "little")
    return json.loads(message[4:end]), message[end:]
