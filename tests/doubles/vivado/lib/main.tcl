# Start and end of a session: command line, banner, the script, its error.

namespace eval vd {
    variable lib [file dirname [file normalize [info script]]]
    variable play success
    variable version 2024.1
}
foreach file {messages declare filter objects verilog project boards catalogue component bd_cells bd_find bd_connect
        bd_address bd_check bd_files runs design reports ipx hls} {
    source [file join $vd::lib $file.tcl]
}

rename exit vd::real_exit

# How the session plays: what the test asks for, version and exit.
proc vd::main {tool arguments} {
    variable play [vd::environment VIVADO_DOUBLE_PLAY success]
    variable version [vd::environment VIVADO_DOUBLE_VERSION 2024.1]
    set allowed {success licence timing unfit crash killed memory hang no_part no_board_files}
    if {$play ni $allowed} {
        puts stderr "the Vivado double cannot play '$play'; expected one of $allowed"
        vd::real_exit 2
    }
    vd::main_$tool $arguments
}

proc vd::environment {name default} {
    return [expr {[info exists ::env($name)] && $::env($name) ne "" ? $::env($name) : $default}]
}

proc vd::main_vivado {arguments} {
    variable version
    if {[lindex $arguments 0] eq "-version"} {
        vd::print_version
        vd::real_exit 0
    }
    set options [vd::vivado_options $arguments]
    if {[dict get $options -mode] ne "batch"} {
        puts stderr "the Vivado double runs in batch only"
        vd::real_exit 2
    }
    vd::open_log [expr {[dict exists $options -nolog] ? "" : [dict get $options -log]}]
    vd::banner "Vivado v$version (64-bit)"
    set ::argv [dict get $options -tclargs]
    set ::argc [llength $::argv]
    vd::session vivado [dict get $options -source]
}

proc vd::vivado_options {arguments} {
    set options {-mode gui -log vivado.log -journal vivado.jou -source {} -tclargs {}}
    for {set i 0} {$i < [llength $arguments]} {incr i} {
        set word [lindex $arguments $i]
        switch -- $word {
            -tclargs {
                dict set options -tclargs [lrange $arguments [expr {$i + 1}] end]
                return $options
            }
            -mode - -log - -journal - -source { dict set options $word [lindex $arguments [incr i]] }
            -notrace - -nolog - -nojournal { dict set options $word 1 }
            default {
                puts "ERROR: \[Common 17-170\] Unknown option '$word', please type 'vivado -help' for usage info."
                vd::real_exit 1
            }
        }
    }
    return $options
}

# HLS: `vitis_hls script`, `vitis_hls -f script`; later `vitis-run --mode hls --tcl script`.
proc vd::main_vitis_hls {arguments} {
    set script [lindex $arguments end]
    if {[llength $arguments] > 2 || ([llength $arguments] == 2 && [lindex $arguments 0] ne "-f")} {
        puts "ERROR: \[HLS 200-101\] unexpected arguments '$arguments'"
        vd::real_exit 1
    }
    vd::run_hls $script
}

proc vd::main_vitis-run {arguments} {
    if {[llength $arguments] != 4 || [lrange $arguments 0 2] ne {--mode hls --tcl}} {
        puts "ERROR: \[vitis-run 60-1\] unexpected arguments '$arguments'; the double knows --mode hls --tcl <script>"
        vd::real_exit 1
    }
    vd::run_hls [lindex $arguments 3]
}

proc vd::run_hls {script} {
    variable version
    vd::open_log vitis_hls.log
    vd::banner "Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v$version (64-bit)"
    set ::argv {}
    set ::argc 0
    vd::session hls $script
}

# Runs a script with the commands of one tool; ends the process.
proc vd::session {name script} {
    variable tool $name
    vd::install $tool
    vd::say "source $script -notrace"
    if {![file isfile $script]} {
        vd::say "couldn't read file \"$script\": no such file or directory"
        vd::leave 1
    }
    if {[catch {uplevel #0 [list source $script]} result options]} {
        vd::report_error $result [dict get $options -errorinfo]
        vd::leave 1
    }
    vd::leave 0
}

# Vivado prints a message when it happens; what Tcl itself has to say comes before the stack.
proc vd::report_error {result stack} {
    if {![string match "ERROR:*" $result]} { vd::say $result }
    vd::say ""
    foreach line [vd::script_stack $stack] { vd::say $line }
}

# The part of a stack that lies in the script, without the double's own procedures.
proc vd::script_stack {stack} {
    set lines [split $stack \n]
    set first [lsearch -exact $lines "    while executing"]
    set inner [lindex [lsearch -all -glob $lines {"vd::call *}] end]
    if {$inner ne ""} { set first [expr {$inner + 2}] }
    set last [lindex [lsearch -all -glob $lines {    (file "*" line *)}] end]
    return [concat [list "    while executing"] [lrange $lines [expr {$first + 1}] $last]]
}

proc vd::leave {status} {
    vd::say "INFO: \[Common 17-206\] Exiting [expr {$vd::tool eq "hls" ? "vitis_hls" : "Vivado"}] at [vd::now]..."
    vd::close_log
    vd::real_exit $status
}
proc exit {{status 0}} { vd::leave $status }
