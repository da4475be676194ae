# The board files that are installed.

namespace eval vd {
    variable board_parts {
        xilinx.com:zcu104:part0:1.1 xczu7ev-ffvc1156-2-e
        xilinx.com:zcu102:part0:3.3 xczu9eg-ffvb1156-2-e
        xilinx.com:zcu102:part0:3.4 xczu9eg-ffvb1156-2-e
        xilinx.com:kv260_som:part0:1.3 xck26-sfvc784-2LV-c
        xilinx.com:kv260_som:part0:1.4 xck26-sfvc784-2LV-c
        avnet.com:ultra96v2:part0:1.2 xczu3eg-sbva484-1-i
        www.digilentinc.com:pynq-z1:part0:1.0 xc7z020clg400-1
        tul.com.tw:pynq-z2:part0:1.0 xc7z020clg400-1
    }
}

proc vd::installed_boards {} {
    variable board_parts
    variable play
    return [expr {$play eq "no_board_files" ? {} : $board_parts}]
}

vd::declare vivado get_board_parts {regexp nocase latest_file_version latest_hw_revision filter=} {patterns*} {
    set found {}
    dict for {name part} [installed_boards] {
        foreach pattern [expr {[llength $patterns] ? $patterns : "*"}] {
            if {[string match $pattern $name]} { lappend found [board_part $name $part] }
        }
    }
    return [filtered $found [given filter]]
}

proc vd::board_part {name part} {
    lassign [split $name :] vendor board - version
    return [make board_part $name [list NAME $name VLNV $name VENDOR_NAME $vendor BOARD_NAME $board \
        FILE_VERSION $version PART_NAME $part]]
}

# Properties of the project: its board part must be installed and have its part.
proc vd::set_project {project name value} {
    variable parameters
    if {$name eq "BOARD_PART"} {
        set boards [installed_boards]
        if {![dict exists $boards $value]} {
            fail "Board 49-71" "The board_part definition was not found for $value. The project's board_part property was not set, but the project's part property was set to [property $project PART]. Valid board_part values can be retrieved with the 'get_board_parts' Tcl command. Check if board.repoPaths parameter is set and the board_part is installed from the tcl app store."
        }
        put $project PART [dict get $boards $value]
    }
    if {$name eq "PART"} { check_part $value }
    put $project $name $value
}
