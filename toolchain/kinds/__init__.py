"""Networks that `gateweave new` begins a model with: each folder here is copied as it stands."""
