# Finding the objects of a block design.

# Declares a get_bd_ command: its kind of object, what -of_objects gives, its warning when nothing matches.
proc vd::finder {command kind related id what} {
    declare vivado $command {filter= regexp nocase hierarchical of_objects= boundary_type=} {patterns*} [
        string map [list @KIND@ $kind @RELATED@ $related @ID@ $id @WHAT@ $what @COMMAND@ $command] {
            variable boundary [given boundary_type both]
            set found {}
            if {[dict exists $opt of_objects]} {
                foreach object [dict get $opt of_objects] { lappend found {*}[@RELATED@ $object] }
                set found [lsort -unique [of_kind @KIND@ $found]]
            } else {
                set found [matching @KIND@ $patterns [dict exists $opt hierarchical]]
            }
            set found [filtered $found [given filter]]
            if {[llength $found] == 0} { warn "@ID@" "No @WHAT@ matched '@COMMAND@ $patterns'" }
            return $found
        }]
}

vd::finder get_bd_cells bd_cell cells_of "BD 5-233" cells
vd::finder get_bd_pins bd_pin pins_of "BD 5-235" pins
vd::finder get_bd_intf_pins bd_intf_pin interfaces_at "BD 5-232" "interface pins"
vd::finder get_bd_ports bd_port ports_at "BD 5-234" ports
vd::finder get_bd_intf_ports bd_intf_port ports_at "BD 5-231" "interface ports"
vd::finder get_bd_nets bd_net nets_of "BD 5-236" nets
vd::finder get_bd_intf_nets bd_intf_net intf_nets_of "BD 5-237" "interface nets"
vd::finder get_bd_addr_spaces bd_addr_space list "BD 5-238" "address spaces"
vd::finder get_bd_addr_segs bd_addr_seg list "BD 5-239" "address segments"

# Objects of a kind whose path matches a pattern, level by level; patterns are relative to the top.
proc vd::matching {kind patterns deep} {
    if {$kind in {bd_addr_seg bd_addr_space}} { make_address_objects }
    set found {}
    foreach id [all $kind] {
        foreach pattern [expr {[llength $patterns] ? $patterns : "*"}] {
            if {[path_matches $pattern $id] || ($deep && [string match $pattern [file tail $id]])} {
                lappend found $id
                break
            }
        }
    }
    return $found
}

proc vd::path_matches {pattern path} {
    set wanted [split [string trimleft $pattern /] /]
    set levels [split [string trimleft $path /] /]
    if {[llength $wanted] != [llength $levels]} { return 0 }
    foreach want $wanted level $levels {
        if {![string match $want $level]} { return 0 }
    }
    return 1
}

proc vd::of_kind {kind ids} {
    variable kinds
    set found {}
    foreach id $ids {
        if {[info exists kinds($id)] && $kinds($id) eq $kind} { lappend found $id }
    }
    return $found
}

proc vd::below {kind cell} {
    set found {}
    foreach id [all $kind] {
        if {[file dirname $id] eq $cell} { lappend found $id }
    }
    return $found
}

proc vd::cells_of {object} { return [file dirname $object] }

proc vd::pins_of {object} {
    variable nets
    if {[kind $object] eq "bd_cell"} { return [below bd_pin $object] }
    return [dict get $nets $object]
}

proc vd::interfaces_at {object} {
    variable intf_nets
    if {[kind $object] eq "bd_cell"} { return [below bd_intf_pin $object] }
    return [dict get $intf_nets $object]
}

proc vd::ports_at {object} {
    variable nets
    variable intf_nets
    return [expr {[kind $object] eq "bd_net" ? [dict get $nets $object] : [dict get $intf_nets $object]}]
}

proc vd::nets_of {object} {
    variable net_at
    return [nets_in $net_at $object]
}

proc vd::intf_nets_of {object} {
    variable intf_net_at
    return [nets_in $intf_net_at $object]
}

# Nets on the sides of an object that -boundary_type asks for; only pins of hierarchical cells have two.
proc vd::nets_in {table object} {
    variable boundary
    set found {}
    set sides {upper lower}
    if {$boundary in $sides && "lower" in [levels_of $object]} { set sides $boundary }
    foreach side $sides {
        if {[dict exists $table [list $object $side]]} { lappend found [dict get $table [list $object $side]] }
    }
    return $found
}
