# Vitis HLS, as far as FINN uses it: the interfaces of a C++ function become the ports of an IP. The function itself is
# not compiled.

namespace eval vd {
    # What has been set: project, solution, top, part, period, and the design files.
    variable hls {files {}}
}

proc vd::hls_need {key what} {
    variable hls
    if {![dict exists $hls $key]} { fail "HLS 200-101" "no $what is set; set it before this command" }
    return [dict get $hls $key]
}

proc vd::hls_set {key value} {
    variable hls
    dict set hls $key $value
}

proc vd::hls_folder {args} { return [file join [hls_need project project] [hls_need solution solution] {*}$args] }

vd::declare hls open_project {reset upgrade} {name} {
    if {[dict exists $opt reset]} { file delete -force $name }
    file mkdir $name
    hls_set project [file normalize $name]
    note "HLS 200-1510" "Running: open_project $name"
}

vd::declare hls add_files {tb cflags= csimflags= blackbox=} {files+} {
    variable hls
    foreach file $files {
        if {![file isfile $file]} { fail "HLS 200-642" "The design file '$file' does not exist." }
        dict lappend hls files [file normalize $file]
    }
}

vd::declare hls set_top {} {name} { hls_set top $name }

vd::declare hls open_solution {reset flow_target=} {name} {
    hls_set solution $name
    file mkdir [hls_folder]
}

vd::declare hls set_part {tool=} {part} {
    variable play
    variable parts
    if {$play eq "no_part" || $part ni $parts} { fail "HLS 200-1023" "Part '$part' is not installed." }
    hls_set part $part
}

vd::declare hls create_clock {period= name=} {port?} { hls_set period [given period] }
vd::declare hls set_clock_uncertainty {} {uncertainty clocks*} {}
vd::declare hls set_param {} {name value} {
    variable parameters
    if {![dict exists $parameters $name]} { fail "Common 17-59" "Invalid parameter name '$name'." }
}
vd::declare hls config_compile {disable_unroll_code_size_check pipeline_style= name_max_length= pipeline_loops=
        no_signed_zeros unsafe_math_optimizations ignore_long_run_time} {} {}
vd::declare hls config_interface {m_axi_addr64= m_axi_offset= register_io= default_slave_interface= m_axi_latency=
        m_axi_alignment_byte_size= m_axi_max_widen_bitwidth= s_axilite_data64} {} {}
vd::declare hls config_rtl {module_auto_prefix deadlock_detection= reset= reset_level= reset_async register_all_io
        module_prefix= kernel_profile header=} {} {}
vd::declare hls config_export {format= rtl= vivado_clock= description= display_name= vendor= version= library= output=} {} {}
vd::declare hls config_storage {impl= type= auto_srl_max_bits= auto_srl_max_depth=} {kind?} {}
vd::declare hls config_dataflow {default_channel= fifo_depth= start_fifo_depth= strict_mode=} {} {}

vd::declare hls csynth_design {dump_cfg dump_post_cfg synthesis_check} {} {
    variable hls
    variable play
    variable core_ports
    set top [hls_need top "top function"]
    hls_need part part
    if {$play eq "licence"} {
        fail "Common 17-345" "A valid license was not found for feature 'HLS' and/or device '[device_of [dict get $hls part]]'. Please run the Vivado License Manager for assistance in determining which features and devices are licensed for your system."
    }
    note "HLS 200-10" "Analyzing design file ..."
    set core_ports [function_ports $top]
    write_text [hls_folder syn verilog $top.v] [module_text $top $core_ports]
    write_text [hls_folder syn report ${top}_csynth.xml] [synthesis_xml $top]
    write_text [hls_folder syn report ${top}_csynth.rpt] "== Vitis HLS Report for '$top'"
    note "HLS 200-111" "Finished Command csynth_design"
}

# config_interface takes -m_axi_addr64 with or without a value.
dict set vd::commands hls config_interface [list {m_axi_addr64 m_axi_offset= register_io= default_slave_interface=
    m_axi_latency= m_axi_alignment_byte_size= m_axi_max_widen_bitwidth= s_axilite_data64 quiet verbose} {value?} {}]

vd::declare hls export_design {format= rtl= flow= output= vendor= version= library= ipname= description= display_name= taxonomy=} {} {
    variable hls
    variable core_ports
    set top [hls_need top "top function"]
    if {![file exists [hls_folder syn verilog $top.v]]} { fail "HLS 200-478" "The design is not synthesised; run csynth_design first." }
    if {[given format ip_catalog] ni {ip_catalog xo syn_dcp sysgen rtl}} { fail "HLS 200-101" "'export_design': unknown format '[given format]'." }
    foreach folder {{impl verilog} {impl ip hdl verilog}} {
        file mkdir [hls_folder {*}$folder]
        file copy -force [hls_folder syn verilog $top.v] [hls_folder {*}$folder]
    }
    write_component [hls_folder impl ip component.xml] xilinx.com:hls:$top:1.0 $core_ports \
        [list xilinx_verilogsynthesis [list hdl/verilog/$top.v]] {}
    note "HLS 200-802" "Generated output file [hls_folder impl export.zip]"
}

# Ports of the top function: streams, memory masters, registers.
proc vd::function_ports {top} {
    variable hls
    set arguments ""
    foreach file [dict get $hls files] {
        set text [without_comments [read_file $file]]
        if {[regexp "void\\s+$top\\s*\\((.*?)\\)\\s*\\x7b(.*)" $text - arguments body]} break
    }
    if {$arguments eq ""} { fail "HLS 200-1715" "Encountered problem during source synthesis: no function '$top'." }
    set ports [list {ap_clk input 1 "" ""} {ap_rst_n input 1 "" ""}]
    set memory 0
    foreach argument [split [string map {"> >" ">>"} $arguments] ,] { lappend ports {*}[argument_ports [string trim $argument] $body memory] }
    if {[regexp {INTERFACE\s+s_axilite\M} $body]} {
        regexp {INTERFACE\s+s_axilite[^\n]*bundle\s*=\s*(\w+)} $body - bundle
        lappend ports {*}[prefixed s_axi_$bundle input [memory_signals AXI4LITE 6 32]]
    }
    if {$memory} { lappend ports {*}[prefixed m_axi_gmem output [memory_signals AXI4 64 $memory]] }
    return $ports
}

proc vd::argument_ports {argument body name} {
    upvar 1 $name memory
    if {![regexp {(\w+)\s*(?:\[[^\]]*\])?$} $argument - port]} return
    set width 32
    regexp {ap_u?int<\s*(\d+)\s*>} $argument - width
    if {[string match *stream<* $argument]} {
        set bits [expr {($width + 7) / 8 * 8}]
        set in [regexp "\\m$port\\M\\s*(?:\\.read|>>)" $body]
        set in [expr {$in || [string match in* $port]}]
        return [prefixed $port [expr {$in ? "input" : "output"}] [list TDATA > $bits TVALID > 1 TREADY < 1]]
    }
    if {[regexp "INTERFACE\\s+m_axi\[^\\n\]*port\\s*=\\s*$port" $body]} { set memory $width }
    if {[regexp "INTERFACE\\s+ap_none\[^\\n\]*port\\s*=\\s*$port" $body]} {
        return [list [list $port [expr {[string match {*[&*]*} $argument] ? "output" : "input"}] $width "" ""]]
    }
}

# Signals as ports, named after their interface; `forward` is the direction of those that go with the transfer.
proc vd::prefixed {prefix forward signals} {
    set back [dict get {output input input output} $forward]
    set ports {}
    foreach {signal way width} $signals {
        lappend ports [list ${prefix}_$signal [expr {$way eq ">" ? $forward : $back}] $width "" ""]
    }
    return $ports
}

proc vd::module_text {top ports} {
    set lines {}
    foreach port $ports {
        lassign $port name dir width
        lappend lines "    $dir [expr {$width > 1 ? "\[[expr {$width - 1}]:0\] " : ""}]$name"
    }
    return "module $top (\n[join $lines ,\n]\n);\nendmodule"
}

# Estimates as the real report names them; the numbers stand for nothing.
proc vd::synthesis_xml {top} {
    return [join [list {<?xml version="1.0" encoding="UTF-8"?>} <profile> <AreaEstimates> <Resources> \
        "<BRAM_18K>2</BRAM_18K>" "<DSP>0</DSP>" "<FF>1200</FF>" "<LUT>1500</LUT>" "<URAM>0</URAM>" \
        </Resources> </AreaEstimates> </profile>] \n]
}
