"""PyPI httpx-sse, which leaves resuming to its user. Usage: httpx_sse_client.py URL TOKEN"""

import json
import sys
import time

import httpx
from httpx_sse import connect_sse


def main(url: str, token: str) -> None:
    last, retry = "0", 1.0
    with httpx.Client(timeout=None) as client:
        while True:
            headers = {"authorization": f"Bearer {token}", "last-event-id": last}
            try:
                with connect_sse(client, "GET", url, headers=headers) as source:
                    for event in source.iter_sse():
                        if event.retry is not None:
                            retry = event.retry / 1000
                        if event.data:
                            last = event.id
                            line = {"event": event.event, "id": event.id, "data": event.json()}
                            print(json.dumps(line), flush=True)
            except httpx.TransportError:
                pass
            time.sleep(retry)


main(*sys.argv[1:])
