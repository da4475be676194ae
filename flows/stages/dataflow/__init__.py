"""From an integer network through our own RTL and an AXI shell to a Zynq board."""
