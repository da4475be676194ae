"""Programs that lie in packages, each with `toolchain.package.opening` written into it; they hand over to `lib/`."""
