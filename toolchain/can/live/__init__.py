"""The use case, live: frames of a CAN bus or a capture through the network, alerts out."""
