"""The host link's protocol, for drivers, virtual boards and tests (docs/host-link.md)."""
