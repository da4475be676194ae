"""Programs that lie in packages as they are here; each only finds `lib/` and hands over."""
