# The address map: which segments a master can reach, and where they lie in its address space.

# The other ends that an interface reaches, through interconnects and hierarchical cells: interface pins or ports.
proc vd::reached_from {id {side upper}} {
    variable cells
    variable intf_nets
    variable intf_net_at
    if {![dict exists $intf_net_at [list $id $side]]} { return {} }
    set net [dict get $intf_net_at [list $id $side]]
    set found {}
    foreach other [without [dict get $intf_nets $net] [list $id]] {
        if {[kind $other] eq "bd_intf_port"} {
            lappend found $other
            continue
        }
        set cell [file dirname $other]
        if {[dict get $cells $cell kind] eq "hier"} {
            set here [expr {[dict exists $intf_net_at [list $other upper]] && \
                [dict get $intf_net_at [list $other upper]] eq $net ? "lower" : "upper"}]
            lappend found {*}[reached_from $other $here]
        } elseif {[passes $other]} {
            foreach way [below bd_intf_pin $cell] {
                if {[property $way MODE] eq "Master"} { lappend found {*}[reached_from $way] }
            }
        } else {
            lappend found $other
        }
    }
    return $found
}

proc vd::interface {id} {
    variable cells
    set cell [file dirname $id]
    if {[dict get $cells $cell kind] eq "hier"} { return {} }
    return [dict get [shape $cell] interfaces [file tail $id]]
}

proc vd::passes {id} { return [dict exists [interface $id] through] }

# Masters with an address space: {interface space}.
proc vd::spaces {} {
    variable cells
    set found {}
    foreach id [all bd_intf_pin] {
        set interface [interface $id]
        if {[dict exists $interface space]} { lappend found $id [file dirname $id]/[dict get $interface space] }
    }
    return $found
}

# Segments of a slave: {path base range}; an external port is one segment.
proc vd::segments {id} {
    if {[kind $id] eq "bd_intf_port"} {
        if {[property $id CONFIG.ADDR_WIDTH] eq ""} { return {} }
        return [list [list $id/Reg "" [expr {1 << min(40, max(12, [property $id CONFIG.ADDR_WIDTH]))}]]]
    }
    set interface [interface $id]
    if {![dict exists $interface segments]} { return {} }
    return [lmap segment [dict get $interface segments] { lreplace $segment 0 0 $id/[lindex $segment 0] }]
}

# Names of assigned segments are objects, too: <space>/SEG_<cell>_<segment>.
proc vd::make_address_objects {} {
    variable mapped
    foreach {interface space} [spaces] { make bd_addr_space $space [list NAME [file tail $space] PATH $space] }
    foreach id [concat [all bd_intf_pin] [all bd_intf_port]] {
        if {[property $id MODE] ne [expr {[kind $id] eq "bd_intf_port" ? "Master" : "Slave"}]} continue
        foreach segment [segments $id] {
            lassign $segment path base range
            make bd_addr_seg $path [list NAME [file tail $path] PATH $path RANGE $range USAGE register]
        }
    }
    dict for {key place} $mapped {
        lassign $place offset range
        set path [seg_name {*}$key]
        make bd_addr_seg $path [list NAME [file tail $path] PATH $path OFFSET $offset RANGE $range]
    }
}

proc vd::seg_name {space segment} {
    set parts [split [string trimleft $segment /] /]
    set name [expr {[llength $parts] == 2 ? [lindex $parts 0] : [lindex $parts end-2]}]
    return $space/SEG_${name}_[lindex $parts end]
}

vd::declare vivado assign_bd_address {target_address_space= boundary offset= range= force import_from_file=
        export_to_file= combine_segments= master_boundary external} {objects*} {
    make_address_objects
    set all [expr {[llength $objects] == 0 && ![dict exists $opt offset]}]
    set placed 0
    foreach {master space} [spaces] {
        if {[given target_address_space $space] ne $space} continue
        foreach slave [reached_from $master] {
            foreach segment [segments $slave] {
                if {!$all && [lindex $segment 0] ni $objects} continue
                incr placed
                place $master $space $segment [given offset] [size [given range]] [dict exists $opt force]
            }
        }
    }
    if {!$all && $placed == 0} {
        say "ERROR: \[BD 5-4\] Error: running assign_bd_address."
        fail "BD 41-1051" "No address space reaches '$objects'."
    }
}

# "64K" as a number.
proc vd::size {text} {
    if {![regexp {^(.*?)([KMGT]?)$} $text - number unit] || $number eq ""} { return $text }
    return [expr {$number * [dict get {"" 1 K 1024 M 1048576 G 1073741824 T 1099511627776} $unit]}]
}

# Places one segment in a space; one that has its place stays there, unless an address is given.
proc vd::place {master space segment offset range force} {
    variable mapped
    lassign $segment path base natural
    if {[dict exists $mapped [list $space $path]] && $offset eq ""} return
    if {$range eq ""} { set range $natural }
    if {$offset eq ""} { set offset [expr {$base ne "" ? $base : [free_place $master $space $range]}] }
    if {$offset eq "none"} {
        critical "BD 41-1356" "Slave segment <$path> is not assigned into address space <$space>. Please use Address Editor to either assign or exclude it."
        return
    }
    check_place $master $space $path $offset $range $natural
    dict set mapped [list $space $path] [list [format 0x%08X $offset] $range]
    note "BD 41-1" "Slave segment '$path' is being assigned into address space '$space' at <[format 0x%08X $offset] \[ [expr {$range / 1024}]K \]>."
}

proc vd::check_place {master space path offset range natural} {
    variable mapped
    if {$offset % $range} { fail "BD 41-1377" "The offset [format 0x%X $offset] of <$path> is not aligned to its range $range." }
    if {$range > max($natural, 4096)} { fail "BD 41-1287" "The range $range of <$path> is larger than the $natural that it has." }
    set apertures [dict get [interface $master] apertures]
    if {[llength $apertures] && ![inside $offset $range $apertures]} {
        fail "BD 41-1378" "Slave segment <$path> at [format 0x%X $offset] lies outside the apertures of <$master>."
    }
    if {!($offset + $range <= 1 << [dict get [interface $master] addr_width])} {
        fail "BD 41-1379" "Slave segment <$path> at [format 0x%X $offset] lies beyond the address width of <$master>."
    }
    dict for {key other} $mapped {
        lassign $key at segment
        lassign $other start length
        if {$at eq $space && $segment ne $path && $offset < $start + $length && $start < $offset + $range} {
            fail "BD 41-1276" "Segment <$path> overlaps with <$segment> in address space <$space>."
        }
    }
}

proc vd::inside {offset range apertures} {
    foreach aperture $apertures {
        lassign $aperture start length
        if {$offset >= $start && $offset + $range <= $start + $length} { return 1 }
    }
    return 0
}

# First free place in the apertures of a master.
proc vd::free_place {master space range} {
    set apertures [dict get [interface $master] apertures]
    if {[llength $apertures] == 0} { set apertures [list [list 0 [expr {1 << [dict get [interface $master] addr_width]}]]] }
    foreach aperture $apertures {
        lassign $aperture start length
        for {set offset [expr {($start + $range - 1) / $range * $range}]} {$offset + $range <= $start + $length} {incr offset $range} {
            if {![catch {taken $space $offset $range} is] && !$is} { return $offset }
        }
    }
    return none
}

proc vd::taken {space offset range} {
    variable mapped
    dict for {key other} $mapped {
        lassign $other start length
        if {[lindex $key 0] eq $space && $offset < $start + $length && $start < $offset + $range} { return 1 }
    }
    return 0
}

vd::declare vivado exclude_bd_addr_seg {target_address_space=} {segments+} {}

# set_property offset and range on an assigned segment.
proc vd::set_bd_addr_seg {id name value} {
    variable mapped
    foreach key [dict keys $mapped] {
        if {[seg_name {*}$key] ne $id} continue
        lassign [dict get $mapped $key] offset range
        if {$name eq "OFFSET"} { set offset $value }
        if {$name eq "RANGE"} { set range [size $value] }
        dict set mapped $key [list $offset $range]
    }
    put $id $name $value
}
