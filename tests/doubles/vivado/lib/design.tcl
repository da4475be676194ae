# The design in memory: steps without runs, what is written from it, and figures that follow from its sources alone.

namespace eval vd {
    # facts of the open design (see run_facts), empty if none is open
    variable opened {}
    variable stage ""
    variable devices {
        xczu7ev {lut 230400 ff 460800 tile 312 uram 96 dsp 1728} xczu9eg {lut 274080 ff 548160 tile 912 uram 0 dsp 2520}
        xck26 {lut 117120 ff 234240 tile 144 uram 64 dsp 1248} xczu3eg {lut 70560 ff 141120 tile 216 uram 0 dsp 360}
        xc7z020 {lut 53200 ff 106400 tile 140 uram 0 dsp 220}
    }
}

proc vd::open_design {folder run} {
    variable opened [read_file [file join $folder design.dict]]
    variable stage [expr {$run eq "impl_1" ? "Routed" : "Synthesized"}]
    make design [dict get $opened top] [list NAME [dict get $opened top]]
}

proc vd::need_opened {command} {
    variable opened
    if {$opened eq ""} { fail "Common 17-53" "User Exception: No open design. Please open an elaborated, synthesized or implemented design before executing this command." }
}

# What a design comes to. The numbers depend on the sources only, and stand for nothing.
proc vd::facts_of {facts stage {part_of 1}} {
    variable devices
    set bytes 0
    foreach file [dict get $facts sources] { incr bytes [string length [without_comments [read_file $file]]] }
    set has [dict get $devices [device_of [dict get $facts part]]]
    set lut [expr {(2000 + $bytes % 7000) / $part_of}]
    set period [dict get $facts period]
    set wns [expr {[dict get $facts play] eq "timing" ? -0.412 : [format %.3f [expr {$period * 0.127}]]}]
    return [dict create has $has stage $stage part [dict get $facts part] top [dict get $facts top] \
        lut $lut ff [expr {$lut * 2}] tile [format %g [expr {1.5 + $bytes % 9}]] dsp [expr {$bytes % 20}] \
        clock [dict get $facts clock] period $period wns $wns tns [expr {$wns < 0 ? -3.708 : 0.0}]]
}

vd::declare vivado current_design {} {name?} {
    variable opened
    need_opened current_design
    return [dict get $opened top]
}

vd::declare vivado close_design {} {} { variable opened {} }

vd::declare vivado get_cells {hierarchical filter= regexp nocase of_objects=} {patterns*} {
    need_opened get_cells
    variable cells
    variable design
    set found {}
    foreach pattern $patterns {
        foreach path [dict keys $cells] {
            set name ${design}_i$path
            if {[string match $pattern $name]} { lappend found [make cell $name [list NAME $name]] }
        }
    }
    if {[llength $found] == 0} { warn "Vivado 12-180" "No cells matched '$patterns'." }
    return $found
}

vd::declare vivado get_ports {filter= regexp nocase of_objects= scoped_to_current_instance} {patterns*} {
    need_opened get_ports
    set found {}
    foreach port [all bd_port] {
        foreach pattern $patterns {
            if {[string match $pattern [file tail $port]]} { lappend found [make port [file tail $port] [list NAME [file tail $port]]] }
        }
    }
    # A project that was opened again has its design in files that the double does not read.
    if {[llength $found] == 0 && [llength [all bd_port]] == 0} { return [lmap p $patterns { make port $p [list NAME $p] }] }
    if {[llength $found] == 0} { warn "Vivado 12-584" "No ports matched '$patterns'." }
    return $found
}

vd::declare vivado create_clock {period= name= waveform= add} {objects*} {
    need_opened create_clock
    variable opened
    if {[llength $objects] == 0 && ![dict exists $opt name]} { fail "Common 17-55" "'create_clock' expects at least one object." }
    dict set opened period [format %.3f [given period]]
    dict set opened clock [given name [lindex $objects 0]]
}

vd::declare vivado synth_design {top= part= mode= name= directive= flatten_hierarchy= include_dirs= generic= verilog_define=
        retiming no_iobuf} {} {
    need_project synth_design
    variable opened [run_facts synth_1 ""]
    variable stage Synthesized
    if {[dict exists $opt top]} { dict set opened top [given top] }
    say "Command: synth_design -top [dict get $opened top]"
}

foreach {step after} {opt_design Optimized place_design Placed phys_opt_design Placed route_design Routed} {
    vd::declare vivado $step {directive= verbose retarget propconst sweep remap resynth_area} {} [string map [
            list @STEP@ $step @AFTER@ $after] {
        need_opened @STEP@
        variable stage @AFTER@
        say "Command: @STEP@"
        say "@STEP@ completed successfully"
    }]
}

proc vd::write_design {path} { write_text $path "a design checkpoint's stand-in" }

vd::declare vivado write_checkpoint {force cell= logic_function_stripped incremental_synth} {file?} {
    need_opened write_checkpoint
    refuse_existing $file [dict exists $opt force] write_checkpoint
    write_design $file
}

vd::declare vivado write_verilog {force mode= cell= include_xilinx_libs port_diff_buffers sdf_anno= rename_top=} {file} {
    need_opened write_verilog
    refuse_existing $file [dict exists $opt force] write_verilog
    variable opened
    write_text $file "module [dict get $opened top] ();\nendmodule"
}

vd::declare vivado write_xdc {force no_fixed_only constraints= cell= sdc type= exclude_timing} {file?} {
    need_opened write_xdc
    refuse_existing $file [dict exists $opt force] write_xdc
    write_text $file "# constraints"
}

proc vd::refuse_existing {file force command} {
    if {[file exists $file] && !$force} {
        fail "Common 17-1257" "File '[file normalize $file]' already exists, use -force with $command to overwrite."
    }
}

vd::declare vivado write_bitstream {force verbose raw_bitfile no_binary_bitfile mask_file readback_file logic_location_file
        bin_file reference_bitfile= cell= no_partial_bitfile} {file} {
    need_opened write_bitstream
    variable opened
    refuse_existing $file [dict exists $opt force] write_bitstream
    write_bitstream_file $file [dict get $opened top] [dict get $opened part]
}

# A .bit file: the real header, and some words of no meaning where the configuration would be.
proc vd::write_bitstream_file {path top part} {
    set fields [list a "$top;UserID=0XFFFFFFFF;Version=2024.1" b [string range $part 2 end] c 2024/01/01 d 00:00:00]
    set header [binary format H* 00090ff00ff00ff00ff000000001]
    foreach {letter text} $fields {
        append header [binary format aSa* $letter [expr {[string length $text] + 1}] "$text\0"]
    }
    set body [string repeat [binary format H* ffffffff] 16][binary format H* 000000bb11220044ffffffffffffffffaa995566]
    append body [string repeat [binary format H* 20000000] 512]
    append header [binary format aI e [string length $body]] $body
    write_binary $path $header
}

proc vd::write_binary {path data} {
    set channel [open $path wb]
    real_puts -nonewline $channel $data
    close $channel
}

vd::declare vivado write_hw_platform {fixed force include_bit include_sim_content minimal hw= file=} {file?} {
    need_project write_hw_platform
    variable design
    set path [expr {$file eq "" ? [given file] : $file}]
    refuse_existing $path [dict exists $opt force] write_hw_platform
    set members [list xsa.json "{}" $design.hwh [hardware_description]]
    if {[dict exists $opt include_bit]} {
        set bit [file join [property impl_1 DIRECTORY] [property sources_1 TOP].bit]
        if {![file exists $bit]} { fail "Common 17-69" "Command failed: The bitstream '$bit' does not exist; run write_bitstream first." }
        set channel [open $bit rb]
        lappend members $design.bit [read $channel]
        close $channel
    }
    write_zip $path $members
    note "Project 1-1918" "Creating Hardware Platform: [file normalize $path] ..."
}

# A zip archive whose members are stored as they are.
proc vd::write_zip {path members} {
    set body ""
    set index ""
    foreach {name data} $members {
        set offset [string length $body]
        set size [string length $data]
        set common [binary format sssssiiiss 20 0 0 0 33 [zlib crc32 $data] $size $size [string length $name] 0]
        append body [binary format a4 PK\3\4] $common $name $data
        append index [binary format a4s PK\1\2 20] $common [binary format sssii 0 0 0 0 $offset] $name
    }
    set count [expr {[llength $members] / 2}]
    write_binary $path $body$index[binary format a4ssssiis PK\5\6 0 0 $count $count [string length $index] [string length $body] 0]
}
