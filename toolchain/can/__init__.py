"""What Gateweave knows of CAN buses: data to train on, and live detection."""
