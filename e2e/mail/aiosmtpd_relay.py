"""A relay that others wrote (PyPI aiosmtpd, in a version that takes a bare LF for the end of a line, by which one mail can be
smuggled in another). Prints its port, then one JSON object a mail. Not here: what is in the mails."""

import base64
import json
import sys

from aiosmtpd.controller import Controller


class Keep:
    """Takes everything."""

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "bytes": base64.b64encode(envelope.original_content).decode(),
        }
        print(json.dumps(mail), flush=True)
        return "250 kept"


controller = Controller(Keep(), hostname="127.0.0.1", port=int(sys.argv[1]), server_hostname="relay.example.com")
controller.start()
print(json.dumps({"port": controller.server.sockets[0].getsockname()[1]}), flush=True)
sys.stdin.read()
controller.stop()
