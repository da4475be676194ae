# Reports in Vivado's formats.

proc vd::report_head {command figures} {
    variable version
    set rule [string repeat - 120]
    set state [dict get {Synthesized Synthesized Optimized Optimized Placed "Fully Placed" Routed Routed} [dict get $figures stage]]
    lassign [build] number date
    return [list "Copyright 1986-2022 Xilinx, Inc. All Rights Reserved." $rule \
        "| Tool Version : Vivado v.$version (lin64) Build $number $date" \
        "| Date         : [now]" \
        "| Host         : [info hostname] running 64-bit Linux" \
        "| Command      : $command" \
        "| Design       : [dict get $figures top]" \
        "| Device       : [dict get $figures part]" \
        "| Speed File   : -2" \
        "| Design State : $state" $rule ""]
}

# A table with a frame; all rows are as wide as the widest.
proc vd::table {head rows} {
    set widths [lmap cell $head { string length $cell }]
    foreach row $rows {
        set widths [lmap width $widths cell $row { expr {max($width, [string length $cell])} }]
    }
    set rule "+[join [lmap width $widths { string repeat - [expr {$width + 2}] }] +]+"
    set lines [list $rule [table_row $head $widths] $rule]
    foreach row $rows { lappend lines [table_row $row $widths] }
    return [lappend lines $rule]
}

proc vd::table_row {cells widths} {
    set texts {}
    foreach cell $cells width $widths {
        lappend texts [expr {[llength $texts] ? [format %${width}s $cell] : [format %-${width}s $cell]}]
    }
    return "| [join $texts { | }] |"
}

proc vd::used {name used available} {
    return [list $name $used 0 0 $available [expr {$available in {"" 0} ? "" : [format %.2f [expr {100.0 * $used / $available}]]}]]
}

proc vd::report_utilization_file {path figures} {
    set has [dict get $figures has]
    set zynq7 [string match xc7z* [dict get $figures part]]
    set clb [expr {$zynq7 ? "Slice" : "CLB"}]
    set head {"Site Type" Used Fixed Prohibited Available Util%}
    set star [expr {[dict get $figures stage] eq "Synthesized" ? "*" : ""}]
    set lut [dict get $figures lut]
    set tile [dict get $figures tile]
    set whole [expr {int($tile)}]
    set logic [list [used "$clb LUTs$star" $lut [dict get $has lut]] [used "  LUT as Logic" [expr {$lut - 60}] [dict get $has lut]] \
        [used "  LUT as Memory" 60 [expr {[dict get $has lut] / 3}]] \
        [used "$clb Registers" [dict get $figures ff] [dict get $has ff]] \
        [used "  Register as Flip Flop" [dict get $figures ff] [dict get $has ff]]]
    set memory [list [used "Block RAM Tile" $tile [dict get $has tile]] [used "  RAMB36/FIFO*" $whole [dict get $has tile]] \
        [used "  RAMB18" [expr {round(($tile - $whole) * 2)}] [expr {[dict get $has tile] * 2}]]]
    if {[dict get $has uram]} { lappend memory [used URAM 0 [dict get $has uram]] }
    set dsp [list [used DSPs [dict get $figures dsp] [dict get $has dsp]]]
    lappend dsp [used "  [expr {$zynq7 ? {DSP48E1} : {DSP48E2}}] only" [dict get $figures dsp] ""]
    set lines [report_head "report_utilization -file $path" $figures]
    lappend lines "Utilization Design Information" ""
    foreach {title rows} [list "1. $clb Logic" $logic [expr {$zynq7 ? "3. Memory" : "3. BLOCKRAM"}] $memory \
            [expr {$zynq7 ? "4. DSP" : "4. ARITHMETIC"}] $dsp] {
        lappend lines $title [string repeat - [string length $title]] "" {*}[table $head $rows] "" ""
    }
    write_text $path [join $lines \n]
}

vd::declare vivado report_utilization {file= append return_string hierarchical hierarchical_depth= hierarchical_percentage
        cells= pblocks= slr packthru format= name= spreadsheet_file= hierarchical_min_primitive_count= force} {} {
    need_opened report_utilization
    variable opened
    variable stage
    if {[dict exists $opt cells] && [llength [given cells]] == 0} { fail "Common 17-161" "Invalid option value '' specified for 'cells'." }
    set figures [facts_of $opened $stage [expr {[dict exists $opt cells] ? 2 : 1}]]
    if {![dict exists $opt file]} return
    if {[given format] eq "xml"} { return [write_text [given file] [hierarchy_xml $figures]] }
    if {[dict exists $opt hierarchical]} { return [write_text [given file] [hierarchy_text $figures]] }
    report_utilization_file [given file] $figures
}

# Rows of the hierarchical report: the top, and each cell with a share of it.
proc vd::hierarchy_rows {figures} {
    variable cells
    variable design
    set total [list [dict get $figures lut] [expr {[dict get $figures lut] - 60}] 0 60 [dict get $figures ff] \
        [expr {int([dict get $figures tile])}] 1 0 [dict get $figures dsp]]
    set rows [list [list [dict get $figures top] "(top)" {*}$total]]
    foreach path [dict keys $cells] {
        set name [string trimleft $path /]
        lappend rows [list "  $name" ${design}_[string map {/ _} $name]_0 {*}[lmap number $total { expr {$number / 4} }]]
    }
    return $rows
}

proc vd::hierarchy_head {} {
    return {Instance Module "Total LUTs" "Logic LUTs" LUTRAMs SRLs FFs RAMB36 RAMB18 URAM "DSP Blocks"}
}

proc vd::hierarchy_text {figures} {
    set lines [report_head "report_utilization -hierarchical" $figures]
    lappend lines "Utilization Design Information" "" "1. Utilization by Hierarchy" "---------------------------" ""
    return [join [concat $lines [table [hierarchy_head] [hierarchy_rows $figures]]] \n]
}

proc vd::hierarchy_xml {figures} {
    set lines {{<?xml version="1.0" encoding="UTF-8"?>} {<RptDoc>} {<section title="Utilization by Hierarchy">} {<table>} {<tablerow>}}
    foreach cell [hierarchy_head] { lappend lines "<tableheader contents=\"$cell\"/>" }
    lappend lines "</tablerow>"
    foreach row [hierarchy_rows $figures] {
        lappend lines "<tablerow>"
        foreach cell $row { lappend lines "<tablecell contents=\"$cell\"/>" }
        lappend lines "</tablerow>"
    }
    return [join [lappend lines "</table>" "</section>" "</RptDoc>"] \n]
}

proc vd::title {text} {
    set rule [string repeat - 96]
    return [list $rule "| $text" "| [string repeat - [string length $text]]" $rule ""]
}

proc vd::report_timing_file {path figures} {
    set lines [report_head "report_timing_summary -file $path" $figures]
    lappend lines "Timing Summary Report" "" {*}[title "Timer Settings"] \
        "  Enable Multi Corner Analysis               :  Yes" "" "" {*}[title "Design Timing Summary"]
    lappend lines {*}[slack_table "" "" $figures] ""
    lappend lines [expr {[dict get $figures wns] < 0 ? "Timing constraints are not met." : "All user specified timing constraints are met."}] "" ""
    set period [dict get $figures period]
    set clock [dict get $figures clock]
    lappend lines {*}[title "Clock Summary"] "Clock       Waveform(ns)         Period(ns)      Frequency(MHz)" \
        "-----       ------------         ----------      --------------" \
        [format "%-10s  {0.000 %.3f}        %-14s  %.3f         " $clock [expr {$period / 2}] $period [expr {1000 / $period}]] "" ""
    lappend lines {*}[title "Intra Clock Table"] {*}[slack_table Clock $clock $figures] "" ""
    lappend lines {*}[title "Inter Clock Table"] "From Clock    To Clock          WNS(ns)      TNS(ns)" \
        "----------    --------          -------      -------" "" "" {*}[title "Timing Details"]
    write_text $path [join [concat $lines [worst_path $figures]] \n]
}

proc vd::slack_table {first name figures} {
    set head {WNS(ns) TNS(ns) "TNS Failing Endpoints" "TNS Total Endpoints" WHS(ns) THS(ns) "THS Failing Endpoints"
        "THS Total Endpoints" WPWS(ns) TPWS(ns) "TPWS Failing Endpoints" "TPWS Total Endpoints"}
    set failing [expr {[dict get $figures wns] < 0 ? 12 : 0}]
    set total [dict get $figures ff]
    set row [list [format %.3f [dict get $figures wns]] [format %.3f [dict get $figures tns]] $failing $total \
        0.012 0.000 0 $total 3.500 0.000 0 [expr {$total / 2}]]
    set lines {}
    foreach cells [list $head [lmap text $head { string repeat - [string length $text] }] $row] {
        set texts [lmap text $head cell $cells { format "%[expr {[string length $text] + 4}]s" $cell }]
        lappend lines "[format %-12s [lindex [list $first [string repeat - [string length $first]] $name] [llength $lines]]][join $texts {}]  "
    }
    return $lines
}

proc vd::worst_path {figures} {
    set wns [dict get $figures wns]
    set period [dict get $figures period]
    set delay [format %.3f [expr {$period - $wns - 0.05}]]
    return [list "Max Delay Paths" [string repeat - 86] \
        [format "Slack (%s) :             %.3fns  (required time - arrival time)" [expr {$wns < 0 ? "VIOLATED" : "MET"}] $wns] \
        "  Source:                 system_i/axi_chip_0/inst/core/sum_reg\[3\]/C" \
        "                            (rising edge-triggered cell FDRE clocked by [dict get $figures clock])" \
        "  Destination:            system_i/axi_chip_0/inst/core/out_reg\[7\]/D" \
        "  Path Group:             [dict get $figures clock]" \
        "  Requirement:            ${period}ns" \
        "  Data Path Delay:        ${delay}ns  (logic 1.2ns (12%)  route 8.2ns (88%))" ""]
}

vd::declare vivado report_timing_summary {file= append return_string max_paths= nworst= warn_on_violation rpx= pb=
        delay_type= report_unconstrained check_timing_verbose input_pins no_detailed_paths no_header significant_digits=
        slack_lesser_than= routable_nets unique_pins path_type= name= cells= datasheet} {} {
    need_opened report_timing_summary
    variable opened
    variable stage
    if {[dict exists $opt file]} { report_timing_file [given file] [facts_of $opened $stage] }
}

vd::declare vivado report_power {file= append return_string format= hier= hierarchical_depth= rpx= xpe= name= advisory} {} {
    need_opened report_power
    variable opened
    variable stage
    if {![dict exists $opt file]} return
    set lines [report_head "report_power -file [given file]" [facts_of $opened $stage]]
    lappend lines "1. Summary" "----------" "" {*}[table {"Total On-Chip Power (W)" 2.904} {{"Dynamic (W)" 2.310} {"Device Static (W)" 0.594}}]
    write_text [given file] [join $lines \n]
}

foreach command {report_timing report_drc report_methodology report_route_status report_clock_utilization report_io
        report_control_sets report_design_analysis report_ip_status} {
    vd::declare vivado $command {file= append return_string max_paths= nworst= rpx= name= sort_by= show_all} {} [
        string map [list @COMMAND@ $command] {
            need_opened @COMMAND@
            variable opened
            variable stage
            if {[dict exists $opt file]} {
                write_text [given file] [join [report_head @COMMAND@ [facts_of $opened $stage]] \n]
            }
        }]
}
