"""PyPI sseclient-py, which only parses: connecting and resuming are its user's. Usage: sseclient_py.py URL TOKEN"""

import json
import sys
import time

import httpx
from sseclient import SSEClient


def main(url: str, token: str) -> None:
    last, retry = "0", 1.0
    with httpx.Client(timeout=None) as client:
        while True:
            headers = {"authorization": f"Bearer {token}", "last-event-id": last}
            try:
                with client.stream("GET", url, headers=headers) as response:
                    for event in SSEClient(response.iter_bytes()).events():
                        if event.retry is not None:
                            retry = event.retry / 1000
                        if event.data:
                            last = event.id
                            line = {"event": event.event, "id": event.id, "data": json.loads(event.data)}
                            print(json.dumps(line), flush=True)
            except httpx.TransportError:
                pass
            time.sleep(retry)


main(*sys.argv[1:])
