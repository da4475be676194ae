# The processing system, the design, an AXI DMA for bursts, and what connects them. One clock, one reset.
#
# Each procedure ps_<family> makes and sets the processing system `ps` and returns its pins by role.

proc ps_zynq_ultrascale {mhz} {
    create_bd_cell -type ip -vlnv xilinx.com:ip:zynq_ultra_ps_e ps
    apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config {apply_board_preset "1"} [get_bd_cells ps]
    # Both ports keep the 128 bits they have after reset: a Linux that loads bitstreams does not change them.
    set_property -dict [list \
        CONFIG.PSU__USE__M_AXI_GP0 {1} \
        CONFIG.PSU__USE__M_AXI_GP1 {0} \
        CONFIG.PSU__USE__M_AXI_GP2 {0} \
        CONFIG.PSU__USE__S_AXI_GP2 {1} \
        CONFIG.PSU__MAXIGP0__DATA_WIDTH {128} \
        CONFIG.PSU__SAXIGP2__DATA_WIDTH {128} \
        CONFIG.PSU__FPGA_PL0_ENABLE {1} \
        CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $mhz \
    ] [get_bd_cells ps]
    return {
        clock pl_clk0 reset pl_resetn0
        master M_AXI_HPM0_FPD master_clock maxihpm0_fpd_aclk
        memory S_AXI_HP0_FPD memory_clock saxihp0_fpd_aclk
        address_bits 64
    }
}

proc ps_zynq_7000 {mhz} {
    create_bd_cell -type ip -vlnv xilinx.com:ip:processing_system7 ps
    apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 -config {
        make_external "FIXED_IO, DDR" apply_board_preset "1" Master "Disable" Slave "Disable"
    } [get_bd_cells ps]
    set_property -dict [list \
        CONFIG.PCW_USE_M_AXI_GP0 {1} \
        CONFIG.PCW_USE_S_AXI_HP0 {1} \
        CONFIG.PCW_S_AXI_HP0_DATA_WIDTH {64} \
        CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $mhz \
    ] [get_bd_cells ps]
    return {
        clock FCLK_CLK0 reset FCLK_RESET0_N
        master M_AXI_GP0 master_clock M_AXI_GP0_ACLK
        memory S_AXI_HP0 memory_clock S_AXI_HP0_ACLK
        address_bits 32
    }
}

proc connect_bus {from to} {
    connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to]
}

# Gives registers their address, and the range that their address pins can tell apart.
proc place_registers {interface offset} {
    set range [expr {1 << [get_property CONFIG.ADDR_WIDTH [get_bd_intf_pins $interface]]}]
    assign_bd_address -offset $offset -range [expr {max($range, 4096)}] [get_bd_addr_segs $interface/*]
}

create_bd_design system
set pins [ps_$family $clock_mhz]

create_bd_cell -type module -reference $top axi_chip_0
create_bd_cell -type ip -vlnv xilinx.com:ip:axi_dma axi_dma_0
set_property -dict [list \
    CONFIG.c_include_sg {0} \
    CONFIG.c_sg_include_stscntrl_strm {0} \
    CONFIG.c_sg_length_width {26} \
    CONFIG.c_addr_width [dict get $pins address_bits] \
    CONFIG.c_m_axi_mm2s_data_width $data_bits \
    CONFIG.c_m_axis_mm2s_tdata_width $data_bits \
    CONFIG.c_mm2s_burst_size {16} \
    CONFIG.c_m_axi_s2mm_data_width {32} \
    CONFIG.c_s2mm_burst_size {16} \
] [get_bd_cells axi_dma_0]
create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect axi_control
set_property -dict {CONFIG.NUM_SI 1 CONFIG.NUM_MI 2} [get_bd_cells axi_control]
create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect axi_memory
set_property -dict {CONFIG.NUM_SI 2 CONFIG.NUM_MI 1} [get_bd_cells axi_memory]
create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset reset_0

connect_bus ps/[dict get $pins master] axi_control/S00_AXI
connect_bus axi_control/M00_AXI axi_chip_0/s_axi
connect_bus axi_control/M01_AXI axi_dma_0/S_AXI_LITE
connect_bus axi_dma_0/M_AXIS_MM2S axi_chip_0/s_axis
connect_bus axi_chip_0/m_axis axi_dma_0/S_AXIS_S2MM
connect_bus axi_dma_0/M_AXI_MM2S axi_memory/S00_AXI
connect_bus axi_dma_0/M_AXI_S2MM axi_memory/S01_AXI
connect_bus axi_memory/M00_AXI ps/[dict get $pins memory]

foreach pin [list \
    ps/[dict get $pins master_clock] ps/[dict get $pins memory_clock] reset_0/slowest_sync_clk \
    axi_control/aclk axi_memory/aclk axi_chip_0/aclk \
    axi_dma_0/s_axi_lite_aclk axi_dma_0/m_axi_mm2s_aclk axi_dma_0/m_axi_s2mm_aclk \
] {
    connect_bd_net [get_bd_pins ps/[dict get $pins clock]] [get_bd_pins $pin]
}
connect_bd_net [get_bd_pins ps/[dict get $pins reset]] [get_bd_pins reset_0/ext_reset_in]
foreach pin {axi_control/aresetn axi_memory/aresetn axi_chip_0/aresetn axi_dma_0/axi_resetn} {
    connect_bd_net [get_bd_pins reset_0/peripheral_aresetn] [get_bd_pins $pin]
}

place_registers axi_chip_0/s_axi $control
place_registers axi_dma_0/S_AXI_LITE $dma
assign_bd_address
validate_bd_design
save_bd_design

# The clock is divided from the processing system's own; the driver reckons with the one asked for.
set hertz [get_property CONFIG.FREQ_HZ [get_bd_pins ps/[dict get $pins clock]]]
if {abs($hertz / ($clock_mhz * 1e6) - 1) > 0.01} {
    refuse "the processing system cannot give $clock_mhz MHz: the nearest is [expr {$hertz / 1e6}] MHz; set clock.mhz\
        of board.yaml to that"
}
