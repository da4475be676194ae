"""CAN frames for intrusion detection: readers, the synthetic car, windows and splits."""
