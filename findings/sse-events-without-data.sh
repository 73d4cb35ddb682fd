#!/bin/sh
# httpx2 2.16.2 and httpx-sse 0.4.3: a server-sent block without data is delivered as an event with empty data.
#
# Expected: a block that has only `id:` or `retry:` sets the last event id or the reconnection time, and no event is
#           dispatched: the HTML standard says so for an empty data buffer (section "Event stream interpretation").
# Observed: both libraries yield an event of type "message" with data "" for each such block. json.loads("") then raises.
# We do:    nothing of ours reads such streams yet; what will must skip events whose data is empty.
# Needs:    Python 3.11 or newer.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet httpx2==2.16.2 httpx-sse==0.4.3 httpx==0.28.1 || exit 2

venv/bin/python - <<'EOF'
import httpx
import httpx2
from httpx_sse import EventSource

STREAM = b"retry: 3000\n\nid: 17\n\ndata: one\n\n"
HEADERS = {"Content-Type": "text/event-stream"}


def shown(events):
    return [(each.event, each.data) for each in events]


old = shown(EventSource(httpx.Response(200, headers=HEADERS, content=STREAM)).iter_sse())
request = httpx2.Request("GET", "http://127.0.0.1/")
new = shown(httpx2.EventSource(httpx2.Response(200, headers=HEADERS, content=STREAM, request=request)))
print("httpx-sse", old)
print("httpx2   ", new)
assert old == new == [("message", ""), ("message", ""), ("message", "one")]
EOF
