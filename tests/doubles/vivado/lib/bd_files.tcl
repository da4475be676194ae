# Files of a block design: the design itself, its wrapper, and the hardware description (.hwh) that software reads.

vd::declare vivado save_bd_design {} {name?} {
    variable cells
    variable mapped
    need_design
    set kinds_of [lmap path [dict keys $cells] { list $path [property $path TYPE] [property $path VLNV] }]
    write_text [bd_file] [dict create cells $cells mapped $mapped kinds $kinds_of]
    say "Wrote  : <[bd_file]> "
    return [bd_file]
}

# What a saved design of an opened project must still tell: its cells and addresses.
proc vd::restore_block_design {path} {
    variable design [file rootname [file tail $path]]
    variable cells
    variable mapped
    if {![file size $path]} return
    set saved [read_file $path]
    set cells [dict get $saved cells]
    set mapped [dict get $saved mapped]
    foreach cell [dict get $saved kinds] {
        lassign $cell path type vlnv
        make bd_cell $path [list NAME [file tail $path] PATH $path TYPE $type VLNV $vlnv]
    }
}

proc vd::bd_file {} {
    variable design
    return [file join [project_dir srcs] sources_1 bd $design $design.bd]
}

proc vd::bd_folder {kind} {
    variable design
    set folder [file join [project_dir gen] sources_1 bd $design $kind]
    file mkdir $folder
    return $folder
}

vd::declare vivado generate_target {force} {name objects+} {
    if {$name ni {all synthesis simulation implementation instantiation_template hw_handoff}} {
        fail "Common 17-161" "Invalid option value '$name' specified for 'name'."
    }
    foreach object $objects {
        if {[property $object FILE_TYPE] eq "Block Designs"} { generate_block_design }
    }
}

proc vd::generate_block_design {} {
    variable design
    write_text [file join [bd_folder synth] $design.v] "module $design ();\nendmodule"
    write_text [file join [bd_folder hw_handoff] $design.hwh] [hardware_description]
    note "BD 41-1662" "The design '$design.bd' is already validated. Therefore parameter propagation will not be re-run."
}

vd::declare vivado make_wrapper {files= top testbench inst_template fileset= import force} {rest*} {
    variable design
    need_design
    foreach file [concat [given files] $rest] {
        if {[property $file FILE_TYPE] ne "Block Designs"} { fail "Vivado 12-1464" "'$file' is no block design" }
    }
    generate_block_design
    set wrapper [file join [bd_folder hdl] ${design}_wrapper.v]
    write_text $wrapper "module ${design}_wrapper ();\n  $design ${design}_i ();\nendmodule"
    if {[dict exists $opt import]} {
        set set [given fileset sources_1]
        set wrapper [lindex [add_one $wrapper $set [file join [project_dir srcs] $set imports hdl]] 0]
    }
    return $wrapper
}

# The .hwh as far as drivers read it: modules, their parameters, and the memory map of the processor.
proc vd::hardware_description {} {
    variable cells
    variable design
    variable project
    variable version
    set lines [list {<?xml version="1.0" encoding="UTF-8" standalone="no" ?>} \
        "<EDKSYSTEM EDWVERSION=\"1.2\" TIMESTAMP=\"\" VIVADOVERSION=\"$version\">" \
        "  <SYSTEMINFO DEVICE=\"[device_of [property $project PART]]\" NAME=\"$design\" PART=\"[property $project PART]\"/>" \
        "  <MODULES>"]
    foreach path [lsort [dict keys $cells]] {
        if {[dict get $cells $path kind] ne "hier"} { lappend lines {*}[hardware_module $path] }
    }
    return [join [lappend lines "  </MODULES>" "</EDKSYSTEM>"] \n]
}

proc vd::hardware_module {path} {
    variable cells
    set cell [dict get $cells $path]
    set vlnv [property $path VLNV]
    lassign [split $vlnv :] - - type number
    set name [string map {/ _} [string trimleft $path /]]
    set lines [list "    <MODULE FULLNAME=\"$path\" HWVERSION=\"$number\" INSTANCE=\"$name\" MODTYPE=\"$type\" VLNV=\"$vlnv\">" \
        "      <PARAMETERS>"]
    dict for {key value} [dict get $cell config] {
        lappend lines "        <PARAMETER NAME=\"[string toupper $key]\" VALUE=\"$value\"/>"
    }
    lappend lines "      </PARAMETERS>"
    set ranges [hardware_ranges $path]
    if {[llength $ranges]} { lappend lines "      <MEMORYMAP>" {*}$ranges "      </MEMORYMAP>" }
    return [lappend lines "    </MODULE>"]
}

proc vd::hardware_ranges {path} {
    variable mapped
    set lines {}
    dict for {key place} $mapped {
        lassign $key space segment
        if {[file dirname $space] ne $path} continue
        lassign $place offset range
        lassign [lrange [split $segment /] end-2 end] instance interface block
        set high [format 0x%08X [expr {$offset + $range - 1}]]
        lappend lines "        <MEMRANGE ADDRESSBLOCK=\"$block\" BASENAME=\"C_BASEADDR\" BASEVALUE=\"$offset\" HIGHNAME=\"C_HIGHADDR\" HIGHVALUE=\"$high\" INSTANCE=\"$instance\" IS_DATA=\"TRUE\" MEMTYPE=\"REGISTER\" SLAVEBUSINTERFACE=\"$interface\"/>"
    }
    return $lines
}
