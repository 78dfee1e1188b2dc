"""Ports of a scheduler on AWS: `PORTS` of `lib/config/ports.ts`."""

SCHEDULER_PORT = 8786

DASHBOARD_PORT = 8787
"""Dashboard and `/metrics`. With TLS, the dashboard proxy, which requires a password."""

SCHEDULER_HTTP_PORT = 8788
"""With TLS, the scheduler's HTTP server behind the proxy."""
