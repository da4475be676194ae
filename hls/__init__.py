"""From the integer network to hardware: folding, Verilog, and its bit-exact simulation."""
