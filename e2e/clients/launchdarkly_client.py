"""PyPI launchdarkly-eventsource, which resumes by itself. Usage: launchdarkly_client.py URL TOKEN"""

import json
import sys

from ld_eventsource import SSEClient
from ld_eventsource.config import ConnectStrategy, ErrorStrategy


def main(url: str, token: str) -> None:
    connect = ConnectStrategy.http(url, headers={"authorization": f"Bearer {token}"})
    client = SSEClient(connect, last_event_id="0", error_strategy=ErrorStrategy.always_continue())
    for event in client.events:
        line = {"event": event.event, "id": event.last_event_id, "data": json.loads(event.data)}
        print(json.dumps(line), flush=True)


main(*sys.argv[1:])
