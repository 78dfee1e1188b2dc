"""Ports of a scheduler on AWS: `PORTS` of `lib/config/ports.ts`."""

SCHEDULER_PORT = 8786

DASHBOARD_PORT = 8787
"""Dashboard and `/metrics`. With TLS, the dashboard proxy, which requires a password."""

AUTOSCALER_PORT = 8791
"""Metrics of the autoscaler, at 127.0.0.1 of the scheduler's node."""

SCHEDULER_HTTP_PORT = 8788
"""With TLS, the scheduler's HTTP server behind the proxy."""
