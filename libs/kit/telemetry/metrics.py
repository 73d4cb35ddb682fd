"""Prometheus metrics that every service has."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "tradehall_http_request_seconds",
    "Time to answer a request.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
COMMANDS = Histogram(
    "tradehall_command_seconds",
    "Time of a command's transaction; `nothing` had nothing to change.",
    ["outcome"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
RELAY_POSITION = Gauge("tradehall_relay_position", "Sequence of the last event published.", ["stream"])
RELAY_AGE = Gauge("tradehall_relay_age_seconds", "Age of the oldest event still waiting to be published.", ["stream"])
RELAY_PUBLISHED = Counter("tradehall_relay_published_total", "Events published.", ["stream"])
CONSUMED = Counter("tradehall_consumed_total", "Messages taken from the bus.", ["durable", "outcome"])
DEAD_LETTERS = Gauge("tradehall_dead_letters", "Dead letters, read from the database.", ["durable"])
PARKED = Gauge("tradehall_parked_messages", "Deprecated: use tradehall_dead_letters.", ["durable"])
STREAM_MESSAGES = Gauge("tradehall_stream_messages", "Messages in the service's own stream.", ["stream"])
STREAM_BYTES = Gauge("tradehall_stream_bytes", "Bytes of the service's own stream.", ["stream"])
CONSUMER_PENDING = Gauge(
    "tradehall_consumer_pending_messages", "Messages that a consumer has yet to read.", ["durable"]
)
FIRST_EXPIRATION = Gauge(
    "tradehall_first_end_timestamp_seconds", "When the first of these expires, if within 30 days or past.", ["what"]
)
EXPIRING = Gauge("tradehall_ending", "How many of these expire within that time, or have expired.", ["what", "within"])
BUS_CUT_OFF = Gauge("tradehall_bus_cut_off_seconds", "How long the bus has been unreachable; 0 while it is connected.")
LOOP_LAG = Gauge("tradehall_event_loop_lag_seconds", "How late the event loop ran its last timer.")
