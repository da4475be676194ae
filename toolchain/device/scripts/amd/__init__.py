"""Programs that lie in packages, each with `toolchain.device.opening` written into it; they hand over to `lib/`."""
