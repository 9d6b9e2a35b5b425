"""PyPI sseclient-py over requests, which leaves resuming to its user. Usage: sseclient_client.py URL TOKEN"""

import json
import sys
import time

import requests
from sseclient import SSEClient


def main(url: str, token: str) -> None:
    last, retry = "0", 1.0
    while True:
        headers = {"authorization": f"Bearer {token}", "last-event-id": last}
        try:
            with requests.get(url, headers=headers, stream=True) as answer:
                for event in SSEClient(answer).events():
                    if event.retry is not None:
                        retry = int(event.retry) / 1000
                    last = event.id
                    line = {"event": event.event, "id": event.id, "data": json.loads(event.data)}
                    print(json.dumps(line), flush=True)
        except requests.RequestException:
            pass
        time.sleep(retry)


main(*sys.argv[1:])
