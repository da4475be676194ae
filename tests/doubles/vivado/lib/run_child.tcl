# The process of one run: reads design.dict in the current folder, prints a log in Vivado's format, leaves what the run
# would leave.

namespace eval vd { variable lib [file dirname [file normalize [info script]]] }
foreach file {messages declare filter objects verilog project runs design reports} { source [file join $vd::lib $file.tcl] }

proc vd::child {} {
    variable facts [read_file design.dict]
    variable version [dict get $facts version]
    variable play [dict get $facts play]
    array set vd::rules [dict get $facts rules]
    banner "Vivado v$version (64-bit)"
    say "source [dict get $facts top].tcl -notrace"
    if {[catch [list child_[dict get $facts run]] result]} {
        if {![string match "ERROR:*" $result]} { say "ERROR: \[Common 17-69\] Command failed: $result" }
        end_run 50% "[dict get $facts run] ERROR"
    }
    end_run 100% "[dict get {synth_1 synth_design impl_1 write_bitstream} [dict get $facts run]] Complete!"
}

proc vd::end_run {progress status} {
    say "INFO: \[Common 17-206\] Exiting Vivado at [now]..."
    mark_end "$progress|$status"
    exit [expr {$progress ne "100%"}]
}

# In one step, so that nobody reads half of it.
proc vd::mark_end {text} {
    write_text .end $text
    file rename .end .vivado.end.rst
}

# Faults that strike while a step runs.
proc vd::strike {step} {
    variable play
    variable version
    if {$play eq "hang" && $step eq "place_design"} { after 600000 }
    if {$play eq "killed" && $step eq "place_design"} { after 60000 }
    if {$play eq "crash" && $step eq "route_design"} {
        say "Abnormal program termination (11)"
        say "Please check '[file join [pwd] hs_err_pid[pid].log]' for details"
        mark_end "50%|route_design ERROR"
        exit 139
    }
    if {$play eq "memory" && $step eq "synth_design"} {
        say "/opt/Xilinx/Vivado/$version/bin/rdiArgs.sh: line 312: [pid] Killed                  \"\$RDI_PROG\" \"\$@\""
        mark_end "50%|synth_design ERROR"
        exit 137
    }
}

proc vd::licence {feature} {
    variable facts
    variable play
    set device [device_of [dict get $facts part]]
    say "Attempting to get a license for feature '$feature' and/or device '$device'"
    if {$play ne "licence"} {
        return [note "Common 17-349" "Got license for feature '$feature' and/or device '$device'"]
    }
    say "0 Infos, 0 Warnings, 0 Critical Warnings and 1 Errors encountered."
    say "synth_design failed"
    fail "Common 17-345" "A valid license was not found for feature '$feature' and/or device '$device'. Please run the Vivado License Manager for assistance in determining which features and devices are licensed for your system.\nResolution: Check the status of your licenses in the Vivado License Manager. For debug help search Xilinx Support for \"Licensing FAQ\"."
}

proc vd::child_synth_1 {} {
    variable facts
    set top [dict get $facts top]
    say "Command: synth_design -top $top -part [dict get $facts part]"
    say "Starting synth_design"
    licence Synthesis
    strike synth_design
    say "Starting RTL Elaboration : Time (s): cpu = 00:00:01 ; elapsed = 00:00:01 ."
    check_sources $top
    say "Starting Technology Mapping : Time (s): cpu = 00:00:02 ; elapsed = 00:00:02 ."
    say "synth_design completed successfully"
    write_design $top.dcp
    report_utilization_file ${top}_utilization_synth.rpt [facts_of $facts Synthesized]
}

# Every module that a source instantiates must be in a source, and every data file must be readable.
proc vd::check_sources {top} {
    variable facts
    set defined {}
    foreach file [dict get $facts sources] { lappend defined {*}[modules_of $file] }
    foreach file [dict get $facts sources] {
        if {[file extension $file] ne ".v"} continue
        foreach name [instances_of $file] {
            if {$name ni $defined && ![primitive $name]} {
                say "RTL Elaboration failed"
                say "ERROR: \[Synth 8-439\] module '$name' not found \[$file:1\]"
                fail "Common 17-69" "Command failed: Synthesis failed - please see the console or run log file for details"
            }
        }
        foreach data [data_files_of $file] { check_data $file $data }
    }
    if {$top ni $defined} {
        say "ERROR: \[Synth 8-3348\] could not find top module '$top'"
        fail "Common 17-69" "Command failed: Synthesis failed - please see the console or run log file for details"
    }
}

# Cells of the device and of Xilinx's own libraries have no source in the project; nor has the block design here.
proc vd::primitive {name} {
    variable facts
    return [expr {[regexp {^([A-Z][A-Z0-9_]+|xpm_\w+)$} $name] || "${name}_wrapper" eq [dict get $facts top]}]
}

proc vd::check_data {source name} {
    variable facts
    if {[file pathtype $name] eq "absolute" && [file exists $name]} return
    foreach file [dict get $facts data] {
        if {[file tail $file] eq [file tail $name]} return
    }
    critical "Synth 8-4445" "could not open \$readmem data file '$name'; please make sure the file is added to project and has read permission, ignoring \[$source:1\]"
}

proc vd::child_impl_1 {} {
    variable facts
    variable play
    set top [dict get $facts top]
    set last [dict get $facts step]
    say "Command: link_design -top $top -part [dict get $facts part]"
    say "Command: opt_design"
    licence Implementation
    if {[llength [dict get $facts spare]]} {
        fail "DRC INBB-3" "Black Box Instances: Cell '[lindex [dict get $facts spare] 0]' has undefined contents and is considered a black box.  The contents of this cell must be defined for opt_design to complete successfully."
    }
    foreach step {place_design route_design} {
        say "Command: $step"
        strike $step
        say "Phase 1 [dict get {place_design {Placer Initialization} route_design {Build RT Design}} $step]"
        if {$play eq "unfit"} { too_large }
        write_design ${top}_[dict get {place_design placed route_design routed} $step].dcp
    }
    report_results $top
    if {$last in {"" route_design}} return
    say "Command: write_bitstream -force $top.bit"
    write_bitstream_file $top.bit $top [dict get $facts part]
    say "write_bitstream completed successfully"
}

proc vd::too_large {} {
    set text "This design requires more Slice LUTs cells than are available in the target device. This design requires 354597 of such cell types but only 230400 compatible sites are available in the target device. Please analyze your synthesis results and constraints to ensure the design is mapped to Xilinx primitives as expected. If so, please consider targeting a larger device."
    say "ERROR: \[Place 30-640\] Place Check : $text"
    fail "Common 17-39" "'place_design' failed due to earlier errors."
}

proc vd::report_results {top} {
    variable facts
    set figures [facts_of $facts Routed]
    report_utilization_file ${top}_utilization_placed.rpt $figures
    report_timing_file ${top}_timing_summary_routed.rpt $figures
    write_text timing.dict [dict create WNS [dict get $figures wns] TNS [dict get $figures tns] WHS 0.012 THS 0.000]
    if {[dict get $figures wns] < 0} {
        warn "Route 35-39" "The design did not meet timing requirements. Please run report_timing_summary for detailed reports."
        critical "Timing 38-282" "The design failed to meet the timing requirements. Please see the timing summary report for details on the timing violations."
    }
}

vd::child
