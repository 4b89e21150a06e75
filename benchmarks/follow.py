"""Follows the live panels of a Streamlit page as browsers do, without drawing anything.

`python -m benchmarks.follow URL [--clients N] [--seconds S]` prints one JSON object: how long the first
script run and the refreshes took, and how many bytes a refresh sent.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE = 3.0
"""Seconds without a word from the server after which a request counts as not answered."""


@dataclass
class Seen:
    """What all followers together have measured."""

    first_ms: list[float] = field(default_factory=list)
    refresh_ms: list[float] = field(default_factory=list)
    refresh_bytes: list[float] = field(default_factory=list)
    exceptions: int = 0

    def summary(self) -> dict[str, object]:
        """Counts, medians and 95th percentiles."""

        def of(values: list[float]) -> dict[str, float]:
            if not values:
                return {"n": 0}
            median, high = np.percentile(values, (50, 95))
            return {"n": len(values), "median": round(float(median), 1), "p95": round(float(high), 1)}

        return {
            "first_ms": of(self.first_ms),
            "refresh_ms": of(self.refresh_ms),
            "refresh_bytes": of(self.refresh_bytes),
            "exceptions": self.exceptions,
        }


async def follower(url: str, seconds: float, seen: Seen) -> None:
    """Opens the page once, then asks for each fragment again whenever its interval has passed."""
    parts = urlsplit(url)
    page, end = parts.path.strip("/"), time.monotonic() + seconds
    intervals: dict[str, float] = {}
    due: dict[str, float] = {}
    async with websockets.connect(
        f"ws://{parts.netloc}/_stcore/stream",
        subprotocols=["streamlit"],
        max_size=None,
        origin=f"http://{parts.netloc}",
    ) as socket:

        async def ask(fragment: str) -> tuple[float, int]:
            """Runs the script, or a fragment of it, and reads to its end: milliseconds and bytes.

            Raises `TimeoutError` for a fragment that the server has since replaced by another.
            """
            message = BackMsg()
            message.rerun_script.page_name = page
            message.rerun_script.query_string = parts.query
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = bool(fragment)
            start, size = time.monotonic(), 0
            await socket.send(message.SerializeToString())
            while True:
                raw = await asyncio.wait_for(socket.recv(), PATIENCE)
                size += len(raw)
                answer = ForwardMsg.FromString(raw)
                kind = answer.WhichOneof("type")
                if kind == "auto_rerun":
                    intervals[answer.auto_rerun.fragment_id] = answer.auto_rerun.interval
                elif kind == "delta" and answer.delta.new_element.WhichOneof("type") == "exception":
                    seen.exceptions += 1
                elif kind == "script_finished":
                    return (time.monotonic() - start) * 1e3, size

        seen.first_ms.append((await ask(""))[0])
        while time.monotonic() < end:
            now = time.monotonic()
            for fragment, interval in list(intervals.items()):
                if due.setdefault(fragment, now + interval) <= now:
                    due[fragment] = now + interval
                    try:
                        took, size = await ask(fragment)
                    except TimeoutError:
                        del intervals[fragment]
                        continue
                    seen.refresh_ms.append(took)
                    seen.refresh_bytes.append(size)
            await asyncio.sleep(0.02)


async def follow(url: str, clients: int, seconds: float) -> Seen:
    """So many followers at once; raises whatever a connection raises."""
    seen = Seen()
    await asyncio.gather(*(follower(url, seconds, seen) for _ in range(clients)))
    return seen


def main() -> None:
    """Prints the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    print(json.dumps(asyncio.run(follow(args.url, args.clients, args.seconds)).summary()))


if __name__ == "__main__":
    main()
