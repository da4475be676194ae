# The clock of the logic and its period come with the processing system (clk_pl_0 or clk_fpga_0), and the design has no
# pins of its own, so there is nothing to constrain by hand. Uncompressed, a bitstream takes longer to load.
set_property BITSTREAM.GENERAL.COMPRESS TRUE [current_design]
