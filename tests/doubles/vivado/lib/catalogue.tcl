# The IP catalogue: what each IP can be set to, and which interfaces and pins it then has.
#
# The shape of a cell is {interfaces {name {class mode ...}} pins {name {dir width type}}}; a memory-mapped slave may name
# its address segments {name base range}, a master the address space it reads and its apertures {base range}.

namespace eval vd {
    # vlnv to {defaults <CONFIG names and values> shape <procedure>}
    variable catalogue {}
    # vlnv to the folder whose component.xml defines it
    variable packaged {}
}

proc vd::offer {vlnv defaults shape} {
    variable catalogue
    dict set catalogue $vlnv [list defaults $defaults shape $shape]
}

proc vd::axis {mode bytes clock} {
    return [list class axis mode $mode tdata_bytes $bytes clock $clock]
}

proc vd::aximm {mode protocol address_bits data_bits clock args} {
    return [list class aximm mode $mode protocol $protocol addr_width $address_bits data_width $data_bits clock $clock {*}$args]
}

proc vd::pin {dir type {width 1}} { return [list dir $dir width $width type $type] }

proc vd::psu_masters {} {
    return {
        M_AXI_GP0 {M_AXI_HPM0_FPD maxihpm0_fpd_aclk {{0xA0000000 0x10000000} {0x400000000 0x100000000} {0x1000000000 0x3800000000}}}
        M_AXI_GP1 {M_AXI_HPM1_FPD maxihpm1_fpd_aclk {{0xB0000000 0x10000000} {0x500000000 0x100000000} {0x4800000000 0x3800000000}}}
        M_AXI_GP2 {M_AXI_HPM0_LPD maxihpm0_lpd_aclk {{0x80000000 0x20000000}}}
    }
}

proc vd::psu_slaves {} {
    return {
        S_AXI_GP0 {S_AXI_HPC0_FPD saxihpc0_fpd_aclk HPC0} S_AXI_GP1 {S_AXI_HPC1_FPD saxihpc1_fpd_aclk HPC1}
        S_AXI_GP2 {S_AXI_HP0_FPD saxihp0_fpd_aclk HP0} S_AXI_GP3 {S_AXI_HP1_FPD saxihp1_fpd_aclk HP1}
        S_AXI_GP4 {S_AXI_HP2_FPD saxihp2_fpd_aclk HP2} S_AXI_GP5 {S_AXI_HP3_FPD saxihp3_fpd_aclk HP3}
    }
}

proc vd::shape_zynq_ultra_ps_e {config} {
    set interfaces {}
    set pins [dict create pl_clk0 [pin O clk] pl_resetn0 [pin O rst]]
    dict for {port description} [psu_masters] {
        lassign $description name clock apertures
        if {![dict get $config PSU__USE__$port]} continue
        set bits [dict get $config PSU__[string map {_ ""} $port]__DATA_WIDTH]
        dict set interfaces $name [aximm Master AXI4 40 $bits $clock space Data apertures $apertures]
        dict set pins $clock [pin I clk]
    }
    dict for {port description} [psu_slaves] {
        lassign $description name clock short
        if {![dict get $config PSU__USE__$port]} continue
        set segments [list [list ${short}_DDR_LOW 0 0x80000000] [list ${short}_QSPI 0xC0000000 0x20000000] \
            [list ${short}_LPS_OCM 0xFF000000 0x1000000]]
        set bits [dict get $config PSU__[string map {_ ""} $port]__DATA_WIDTH]
        dict set interfaces $name [aximm Slave AXI4 49 $bits $clock segments $segments]
        dict set pins $clock [pin I clk]
    }
    if {[dict get $config PSU__USE__IRQ0]} { dict set pins pl_ps_irq0 [pin I data] }
    return [list interfaces $interfaces pins $pins]
}

proc vd::shape_processing_system7 {config} {
    set interfaces {}
    set pins [dict create FCLK_CLK0 [pin O clk] FCLK_RESET0_N [pin O rst]]
    foreach {port apertures} {GP0 {{0x40000000 0x40000000}} GP1 {{0x80000000 0x40000000}}} {
        if {![dict get $config PCW_USE_M_AXI_$port]} continue
        dict set interfaces M_AXI_$port [aximm Master AXI3 32 32 M_AXI_${port}_ACLK space Data apertures $apertures]
        dict set pins M_AXI_${port}_ACLK [pin I clk]
    }
    foreach port {HP0 HP1 HP2 HP3} {
        if {![dict get $config PCW_USE_S_AXI_$port]} continue
        set bits [dict get $config PCW_S_AXI_${port}_DATA_WIDTH]
        set segments [list [list ${port}_DDR_LOWOCM 0 0x20000000]]
        dict set interfaces S_AXI_$port [aximm Slave AXI3 32 $bits S_AXI_${port}_ACLK segments $segments]
        dict set pins S_AXI_${port}_ACLK [pin I clk]
    }
    dict set interfaces DDR {class ddrx mode Master clock {}}
    dict set interfaces FIXED_IO {class fixedio mode Master clock {}}
    return [list interfaces $interfaces pins $pins]
}

proc vd::shape_smartconnect {config} {
    set interfaces {}
    for {set i 0} {$i < [dict get $config NUM_SI]} {incr i} {
        dict set interfaces [format S%02d_AXI $i] [aximm Slave AXI4 64 0 aclk through 1]
    }
    for {set i 0} {$i < [dict get $config NUM_MI]} {incr i} {
        dict set interfaces [format M%02d_AXI $i] [aximm Master AXI4 64 0 aclk through 1]
    }
    set pins [dict create aclk [pin I clk] aresetn [pin I rst]]
    for {set i 1} {$i < [dict get $config NUM_CLKS]} {incr i} { dict set pins aclk$i [pin I clk] }
    return [list interfaces $interfaces pins $pins]
}

proc vd::shape_axi_interconnect {config} {
    set interfaces {}
    set pins [dict create ACLK [pin I clk] ARESETN [pin I rst]]
    foreach {letter mode} {S Slave M Master} {
        for {set i 0} {$i < [dict get $config NUM_${letter}I]} {incr i} {
            set port [format ${letter}%02d $i]
            dict set interfaces ${port}_AXI [aximm $mode AXI4 64 0 ${port}_ACLK through 1]
            dict set pins ${port}_ACLK [pin I clk]
            dict set pins ${port}_ARESETN [pin I rst]
        }
    }
    return [list interfaces $interfaces pins $pins]
}

proc vd::shape_proc_sys_reset {config} {
    return [list interfaces {} pins [dict create \
        slowest_sync_clk [pin I clk] ext_reset_in [pin I rst] aux_reset_in [pin I data] mb_debug_sys_rst [pin I data] \
        dcm_locked [pin I data] mb_reset [pin O rst] bus_struct_reset [pin O rst] peripheral_reset [pin O rst] \
        interconnect_aresetn [pin O rst] peripheral_aresetn [pin O rst]]]
}

proc vd::shape_clk_wiz {config} {
    set pins [dict create clk_in1 [pin I clk] clk_out1 [pin O clk]]
    if {[dict get $config USE_RESET]} { dict set pins [dict get $config RESET_PORT] [pin I rst] }
    if {[dict get $config USE_LOCKED]} { dict set pins locked [pin O data] }
    return [list interfaces {} pins $pins]
}

proc vd::shape_axi_gpio {config} {
    set pins [dict create s_axi_aclk [pin I clk] s_axi_aresetn [pin I rst]]
    if {[dict get $config C_ALL_OUTPUTS]} { dict set pins gpio_io_o [pin O data] }
    if {[dict get $config C_IS_DUAL] && [dict get $config C_ALL_OUTPUTS_2]} { dict set pins gpio2_io_o [pin O data] }
    return [list interfaces [list S_AXI [aximm Slave AXI4LITE 9 32 s_axi_aclk segments {{Reg "" 0x10000}}]] pins $pins]
}

proc vd::shape_axi_dma {config} {
    set bits [dict get $config c_addr_width]
    set interfaces [list S_AXI_LITE [aximm Slave AXI4LITE 10 32 s_axi_lite_aclk segments {{Reg "" 0x10000}}]]
    set pins [dict create s_axi_lite_aclk [pin I clk] axi_resetn [pin I rst]]
    if {[dict get $config c_include_sg]} {
        dict set interfaces M_AXI_SG [aximm Master AXI4 $bits 32 m_axi_sg_aclk space Data_SG apertures {}]
        dict set pins m_axi_sg_aclk [pin I clk]
    }
    if {[dict get $config c_include_mm2s]} {
        set data [dict get $config c_m_axi_mm2s_data_width]
        dict set interfaces M_AXI_MM2S [aximm Master AXI4 $bits $data m_axi_mm2s_aclk space Data_MM2S apertures {}]
        set bytes [expr {[dict get $config c_m_axis_mm2s_tdata_width] / 8}]
        dict set interfaces M_AXIS_MM2S [axis Master $bytes m_axi_mm2s_aclk]
        dict set pins m_axi_mm2s_aclk [pin I clk]
        dict set pins mm2s_introut [pin O data]
    }
    if {[dict get $config c_include_s2mm]} {
        set data [dict get $config c_m_axi_s2mm_data_width]
        dict set interfaces M_AXI_S2MM [aximm Master AXI4 $bits $data m_axi_s2mm_aclk space Data_S2MM apertures {}]
        # The width of this stream follows from what is connected to it.
        dict set interfaces S_AXIS_S2MM [axis Slave 0 m_axi_s2mm_aclk]
        dict set pins m_axi_s2mm_aclk [pin I clk]
        dict set pins s2mm_introut [pin O data]
    }
    return [list interfaces $interfaces pins $pins]
}

# Offers what this version of Vivado brings along.
proc vd::fill_catalogue {} {
    variable version
    variable catalogue
    if {[dict size $catalogue]} return
    set psu {PSU__USE__M_AXI_GP0 1 PSU__USE__M_AXI_GP1 1 PSU__USE__M_AXI_GP2 0 PSU__USE__IRQ0 0 PSU__USE__IRQ1 0
        PSU__MAXIGP0__DATA_WIDTH 128 PSU__MAXIGP1__DATA_WIDTH 128 PSU__MAXIGP2__DATA_WIDTH 32 PSU__FPGA_PL0_ENABLE 1
        PSU__FPGA_PL1_ENABLE 0 PSU__FPGA_PL2_ENABLE 0 PSU__FPGA_PL3_ENABLE 0 PSU__OVERRIDE__BASIC_CLOCK 0
        PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ 100 PSU__NUM_FABRIC_RESETS 1}
    foreach i {0 1 2 3 4 5 6} { lappend psu PSU__USE__S_AXI_GP$i 0 PSU__SAXIGP${i}__DATA_WIDTH 128 }
    offer xilinx.com:ip:zynq_ultra_ps_e:[expr {$version < 2023 ? "3.4" : "3.5"}] $psu shape_zynq_ultra_ps_e
    set ps7 {PCW_USE_M_AXI_GP0 1 PCW_USE_M_AXI_GP1 0 PCW_FPGA0_PERIPHERAL_FREQMHZ 50 PCW_EN_CLK0_PORT 1
        PCW_EN_RST0_PORT 1 PCW_USE_FABRIC_INTERRUPT 0 PCW_IRQ_F2P_INTR 0 PCW_IMPORT_BOARD_PRESET ""}
    foreach i {0 1 2 3} { lappend ps7 PCW_USE_S_AXI_HP$i 0 PCW_S_AXI_HP${i}_DATA_WIDTH 64 }
    offer xilinx.com:ip:processing_system7:5.5 $ps7 shape_processing_system7
    offer xilinx.com:ip:smartconnect:1.0 {NUM_SI 1 NUM_MI 1 NUM_CLKS 1 HAS_ARESETN 1} shape_smartconnect
    offer xilinx.com:ip:axi_interconnect:2.1 {NUM_SI 1 NUM_MI 2 ENABLE_ADVANCED_OPTIONS 0} shape_axi_interconnect
    offer xilinx.com:ip:proc_sys_reset:5.0 {C_EXT_RESET_HIGH 0 C_AUX_RESET_HIGH 0 C_NUM_PERP_ARESETN 1} shape_proc_sys_reset
    offer xilinx.com:ip:clk_wiz:6.0 {PRIM_IN_FREQ 100.000 PRIM_IN_FREQ.VALUE_SRC USER PRIM_SOURCE No_buffer PRIMITIVE MMCM
        CLKOUT1_REQUESTED_OUT_FREQ 100.000 CLKOUT1_USED true USE_LOCKED true USE_RESET true RESET_TYPE ACTIVE_HIGH
        RESET_PORT reset} shape_clk_wiz
    offer xilinx.com:ip:axi_gpio:2.0 {C_ALL_OUTPUTS 0 C_ALL_OUTPUTS_2 0 C_ALL_INPUTS 0 C_GPIO_WIDTH 32 C_GPIO2_WIDTH 32
        C_IS_DUAL 0 C_DOUT_DEFAULT 0x0} shape_axi_gpio
    offer xilinx.com:ip:axi_dma:7.1 {c_include_sg 1 c_sg_include_stscntrl_strm 1 c_sg_length_width 14 c_addr_width 32
        c_include_mm2s 1 c_include_s2mm 1 c_m_axi_mm2s_data_width 32 c_m_axis_mm2s_tdata_width 32 c_mm2s_burst_size 16
        c_m_axi_s2mm_data_width 32 c_s_axis_s2mm_tdata_width 32 c_s2mm_burst_size 16 c_include_mm2s_dre 0
        c_include_s2mm_dre 0 c_micro_dma 0} shape_axi_dma
}

vd::declare vivado get_ipdefs {all name regexp nocase filter= of_objects=} {patterns*} {
    fill_catalogue
    variable catalogue
    set found {}
    foreach vlnv [dict keys $catalogue] {
        lassign [split $vlnv :] vendor library name number
        make ipdef $vlnv [list VLNV $vlnv NAME $name VENDOR $vendor LIBRARY $library VERSION $number \
            DESIGN_TOOL_CONTEXTS IPI]
        foreach pattern [expr {[llength $patterns] ? $patterns : "*"}] {
            if {[string match $pattern $vlnv]} { lappend found $vlnv }
        }
    }
    return [filtered $found [given filter]]
}

vd::declare vivado update_ip_catalog {rebuild scan_changes repo_path= add_ip= delete_ip=} {} {
    variable project
    need_project update_ip_catalog
    fill_catalogue
    foreach folder [property $project IP_REPO_PATHS] { scan_repository [file normalize $folder] }
}

# Offers every component.xml below a folder.
proc vd::scan_repository {folder} {
    variable packaged
    if {![file isdirectory $folder]} {
        warn "IP_Flow 19-2207" "Repository '$folder' does not exist"
        return
    }
    foreach file [find_components $folder] {
        set component [read_component $file]
        dict set packaged [dict get $component vlnv] [file dirname $file]
        offer [dict get $component vlnv] {} [list shape_component $component]
    }
}

proc vd::find_components {folder} {
    set found [glob -nocomplain -directory $folder component.xml]
    foreach below [lsort [glob -nocomplain -type d -directory $folder *]] { lappend found {*}[find_components $below] }
    return $found
}

# Address blocks of packaged IPs are called Reg0, those of module references reg0.
proc vd::shape_component {component config} {
    return [string map {reg0 Reg0} [shape_of_ports [dict get $component ports]]]
}

# Newest VLNV of the catalogue that a VLNV with or without version names.
proc vd::resolve_vlnv {vlnv} {
    fill_catalogue
    variable catalogue
    if {[dict exists $catalogue $vlnv]} { return $vlnv }
    set found [lsort -dictionary [dict keys $catalogue $vlnv:*]]
    if {[llength $found] == 0 || [llength [split $vlnv :]] == 4} {
        fail "BD 5-216" "VLNV <$vlnv> is not supported for the current part."
    }
    return [lindex $found end]
}

# Shape of a module or packaged IP from its ports.
proc vd::shape_of_ports {ports} {
    lassign [interfaces_of $ports] interfaces pins
    set shapes {}
    set clocks {}
    dict for {name pin} $pins {
        if {[dict get $pin type] eq "clk"} { lappend clocks $name }
    }
    dict for {name interface} $interfaces {
        dict set shapes $name [interface_shape $name $interface [clock_of $name $pins $clocks]]
    }
    return [list interfaces $shapes pins $pins]
}

# Clock of an interface: the one whose ASSOCIATED_BUSIF names it, else the only one.
proc vd::clock_of {interface pins clocks} {
    foreach clock $clocks {
        if {[regexp {ASSOCIATED_BUSIF\s+([^,]+)} [dict get $pins $clock parameter] - names] && \
                $interface in [split [string trim $names] :]} { return $clock }
    }
    return [lindex $clocks 0]
}

proc vd::interface_shape {name interface clock} {
    set mode [dict get $interface mode]
    set ports [dict get $interface ports]
    if {[dict get $interface class] eq "axis"} {
        set bits [expr {[dict exists $ports tdata] ? [lindex [dict get $ports tdata] 2] : 0}]
        return [axis $mode [expr {($bits + 7) / 8}] $clock]
    }
    set protocol [expr {[dict exists $ports awlen] || [dict exists $ports arlen] ? "AXI4" : "AXI4LITE"}]
    set width 0
    foreach end {awaddr araddr} {
        if {[dict exists $ports $end]} { set width [lindex [dict get $ports $end] 2] }
    }
    set data 32
    foreach end {wdata rdata} {
        if {[dict exists $ports $end]} { set data [lindex [dict get $ports $end] 2] }
    }
    if {$mode eq "Master"} {
        return [aximm Master $protocol $width $data $clock space [string map {m_axi_ Data_m_axi_} $name] apertures {}]
    }
    return [aximm Slave $protocol $width $data $clock segments [list [list reg0 "" [expr {max(4096, 1 << $width)}]]]]
}
