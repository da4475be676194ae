# Connecting pins and interfaces, and making them external.

# Levels on which an object can be connected: {side level} pairs. A pin of a hierarchical cell has two sides.
proc vd::levels_of {id} {
    variable cells
    if {[kind $id] in {bd_port bd_intf_port}} { return {upper /} }
    set cell [file dirname $id]
    set levels [list upper [file dirname $cell]]
    if {[dict get $cells $cell kind] eq "hier"} { lappend levels lower $cell }
    return $levels
}

# The level that all objects share, as the side of each; an error if there is none.
proc vd::common_sides {ids command} {
    foreach {- level} [levels_of [lindex $ids 0]] {
        set sides {}
        foreach id $ids {
            foreach {side at} [levels_of $id] {
                if {$at eq $level} { lappend sides $side }
            }
        }
        if {[llength $sides] == [llength $ids]} { return $sides }
    }
    say "ERROR: \[BD 5-4\] Error: running $command."
    fail "BD 41-70" "$ids are not on one level of the hierarchy."
}

vd::declare vivado connect_bd_net {net= boundary_type=} {objects+} {
    variable nets
    variable net_at
    set pins [of_kind bd_net $objects]
    if {[llength $pins]} { set objects [concat [dict get $nets [lindex $pins 0]] [without $objects $pins]] }
    set objects [unique $objects]
    if {[llength $objects] < 2} {
        fail "BD 41-701" "connect_bd_net requires at least two pins/ports, or one pin/port and a net"
    }
    foreach id $objects {
        if {[kind $id] ni {bd_pin bd_port}} { fail "Common 17-161" "Invalid option value '$id' specified for 'objects'." }
    }
    join_net $objects [common_sides $objects connect_bd_net]
}

proc vd::unique {words} {
    set kept {}
    foreach word $words {
        if {$word ni $kept} { lappend kept $word }
    }
    return $kept
}

proc vd::without {words dropped} {
    set kept {}
    foreach word $words {
        if {$word ni $dropped} { lappend kept $word }
    }
    return $kept
}

# Puts pins on one net: the one that some are on, else a new one named after the driver.
proc vd::join_net {ids sides} {
    variable nets
    variable net_at
    set found {}
    foreach id $ids side $sides {
        if {[dict exists $net_at [list $id $side]]} { lappend found [dict get $net_at [list $id $side]] }
    }
    set found [unique $found]
    set name [expr {[llength $found] ? [lindex $found 0] : [new_name bd_net [net_name $ids]]}]
    set members {}
    foreach net $found { lappend members {*}[dict get $nets $net] }
    foreach net [lrange $found 1 end] { dict unset nets $net; forget $net }
    foreach id $ids side $sides {
        lappend members $id
        dict set net_at [list $id $side] $name
    }
    foreach id $members {
        foreach side {upper lower} {
            if {[dict exists $net_at [list $id $side]] && [dict get $net_at [list $id $side]] in $found} {
                dict set net_at [list $id $side] $name
            }
        }
    }
    dict set nets $name [unique $members]
    make bd_net $name [list NAME [file tail $name] PATH $name]
    check_drivers $name
    return $name
}

proc vd::net_name {ids} {
    foreach id $ids {
        if {[drives $id]} { return /[string map {/ _} [string trimleft $id /]]_net }
    }
    return /[string map {/ _} [string trimleft [lindex $ids 0] /]]_net
}

proc vd::new_name {kind wanted} {
    variable kinds
    set name $wanted
    for {set i 1} {[info exists kinds($name)]} {incr i} { set name ${wanted}_$i }
    return $name
}

# Whether a pin or port drives a net it is on. Pins of hierarchical cells only pass on.
proc vd::drives {id} {
    variable cells
    set dir [property $id DIR]
    if {[kind $id] eq "bd_port"} { return [expr {$dir eq "I"}] }
    if {[dict get $cells [file dirname $id] kind] eq "hier"} { return 0 }
    return [expr {$dir eq "O"}]
}

proc vd::check_drivers {net} {
    variable nets
    set drivers {}
    foreach id [dict get $nets $net] {
        if {[drives $id]} { lappend drivers $id }
    }
    if {[llength $drivers] > 1} {
        say "ERROR: \[BD 5-4\] Error: running connect_bd_net."
        fail "BD 41-1306" "Net $net has several drivers: [join $drivers {, }]"
    }
}

vd::declare vivado connect_bd_intf_net {intf_net= boundary_type= auto} {objects+} {
    variable intf_net_at
    set objects [unique $objects]
    if {[llength $objects] != 2} {
        fail "BD 41-700" "connect_bd_intf_net requires two interface pins/ports, or one interface pin/port and an interface net"
    }
    foreach id $objects {
        if {[kind $id] ni {bd_intf_pin bd_intf_port}} { fail "Common 17-161" "Invalid option value '$id' specified for 'objects'." }
    }
    set sides [common_sides $objects connect_bd_intf_net]
    check_interfaces $objects $sides
    join_interfaces $objects $sides [given intf_net]
}

proc vd::join_interfaces {objects sides {name ""}} {
    variable intf_nets
    variable intf_net_at
    foreach id $objects side $sides {
        if {[dict exists $intf_net_at [list $id $side]]} {
            say "ERROR: \[BD 5-4\] Error: running connect_bd_intf_net."
            fail "BD 41-1307" "The interface pin $id is connected already."
        }
    }
    if {$name eq ""} { set name [string map {/ _} [string trimleft [lindex $objects 0] /]] }
    set name [new_name bd_intf_net /$name]
    foreach id $objects side $sides { dict set intf_net_at [list $id $side] $name }
    dict set intf_nets $name $objects
    return [make bd_intf_net $name [list NAME [file tail $name] PATH $name]]
}

# Classes must agree, and one must be a master where the other is a slave, as seen from the net between them.
proc vd::check_interfaces {objects sides} {
    set classes {}
    set modes {}
    foreach id $objects side $sides {
        lappend classes [regsub {_rtl} [lindex [split [property $id VLNV] :] 2] {}]
        set mode [property $id MODE]
        if {$side eq "lower" || [kind $id] eq "bd_intf_port"} { set mode [dict get {Master Slave Slave Master} $mode] }
        lappend modes $mode
    }
    lassign $objects one other
    if {[lindex $classes 0] ne [lindex $classes 1]} {
        fail "BD 41-172" "The interfaces $one ([lindex $classes 0]) and $other ([lindex $classes 1]) are not compatible. They cannot be connected."
    }
    if {[lindex $modes 0] eq [lindex $modes 1]} {
        fail "BD 41-171" "The modes of the interface pins $one ([property $one MODE]) and $other ([property $other MODE]) are incompatible. They cannot be connected."
    }
}

vd::declare vivado make_bd_pins_external {name=} {objects+} {
    foreach id $objects {
        set port [new_name bd_port /[given name [file tail $id]_0]]
        set dir [property $id DIR]
        make bd_port $port [list NAME [file tail $port] PATH $port DIR $dir TYPE [property $id TYPE] \
            LEFT [property $id LEFT] RIGHT 0]
        join_net [list $port $id] [common_sides [list $port $id] make_bd_pins_external]
    }
}

vd::declare vivado make_bd_intf_pins_external {name=} {objects+} {
    foreach id $objects { make_intf_external $id [given name [file tail $id]_0] }
}

proc vd::make_intf_external {id name} {
    variable props
    set port [new_name bd_intf_port /$name]
    make bd_intf_port $port $props($id)
    put $port NAME [file tail $port]
    put $port PATH $port
    join_interfaces [list $port $id] {upper upper} [file tail $port]_net
    return $port
}

proc vd::disconnect {id} {
    variable nets
    variable net_at
    variable intf_nets
    variable intf_net_at
    foreach side {upper lower} {
        foreach {table members} {net_at nets intf_net_at intf_nets} {
            if {![dict exists [set $table] [list $id $side]]} continue
            set net [dict get [set $table] [list $id $side]]
            dict set $members $net [without [dict get [set $members] $net] [list $id]]
            dict unset $table [list $id $side]
        }
    }
}

# set_property name on a port renames it.
proc vd::set_bd_port {id name value} { rename_port $id $name $value }
proc vd::set_bd_intf_port {id name value} { rename_port $id $name $value }

proc vd::rename_port {id name value} {
    variable kinds
    variable props
    variable nets
    variable net_at
    variable intf_nets
    variable intf_net_at
    if {$name ne "NAME"} { return [put $id $name $value] }
    set new /$value
    if {$new eq $id} return
    if {[info exists kinds($new)]} { fail "BD 5-100" "An object of the name '$value' exists." }
    make $kinds($id) $new $props($id)
    put $new NAME $value
    put $new PATH $new
    foreach {table members} {net_at nets intf_net_at intf_nets} {
        if {![dict exists [set $table] [list $id upper]]} continue
        set net [dict get [set $table] [list $id upper]]
        dict unset $table [list $id upper]
        dict set $table [list $new upper] $net
        dict set $members $net [lmap member [dict get [set $members] $net] { expr {$member eq $id ? $new : $member} }]
    }
    forget $id
}
