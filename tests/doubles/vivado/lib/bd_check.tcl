# validate_bd_design: what must be connected, addressed and of equal width.

vd::declare vivado validate_bd_design {force design=} {} {
    need_design
    open_resets
    set faults [concat [open_clocks] [width_faults] [clock_faults]]
    foreach fault $faults {
        lassign $fault id text
        say "ERROR: \[$id\] $text"
    }
    if {[llength $faults]} { fail "Common 17-39" "'validate_bd_design' failed due to earlier errors." }
    warn_unassigned
    propagate_clocks
    return 1
}

# All pins and ports that a pin is connected with, across hierarchical cells.
proc vd::connected_with {id} {
    variable nets
    variable net_at
    set seen {}
    set frontier [list $id]
    while {[llength $frontier]} {
        set frontier [lassign $frontier next]
        lappend seen $next
        foreach {side -} [levels_of $next] {
            if {![dict exists $net_at [list $next $side]]} continue
            foreach other [dict get $nets [dict get $net_at [list $next $side]]] {
                if {$other ni $seen && $other ni $frontier} { lappend frontier $other }
            }
        }
    }
    return $seen
}

proc vd::driver_of {id} {
    foreach other [connected_with $id] {
        if {[drives $other]} { return $other }
    }
    return ""
}

# Input pins of a type that nothing drives.
proc vd::undriven {type} {
    set found {}
    foreach id [all bd_pin] {
        if {[property $id TYPE] eq $type && [property $id DIR] eq "I" && [driver_of $id] eq ""} { lappend found $id }
    }
    return $found
}

proc vd::open_clocks {} {
    set open [undriven clk]
    if {[llength $open] == 0} return
    return [list [list "BD 41-758" "The following clock pins are not connected to a valid clock source: \n[join $open \n]\n"]]
}

proc vd::open_resets {} {
    foreach id [undriven rst] {
        critical "BD 41-759" "The input pins (listed below) are either not connected or do not have a source port, and they don't have a tie-off specified. These pins are tied-off to all 0's to avoid error in Implementation flow.\nPlease check your design and connect them as needed: \n$id\n"
    }
}

# Streams of different widths.
proc vd::width_faults {} {
    variable intf_nets
    set faults {}
    dict for {net ends} $intf_nets {
        set widths [lmap end $ends { property $end CONFIG.TDATA_NUM_BYTES }]
        lassign $widths one other
        if {$one ni {"" 0} && $other ni {"" 0} && $one != $other} {
            lassign $ends a b
            lappend faults [list "BD 41-237" "Bus Interface property TDATA_NUM_BYTES does not match between ${b}($other) and ${a}($one)"]
        }
    }
    return $faults
}

# Interfaces that are connected must run on one clock.
proc vd::clock_faults {} {
    variable intf_nets
    set faults {}
    dict for {net ends} $intf_nets {
        set clocks [lmap end $ends { clock_source $end }]
        lassign $clocks one other
        if {$one ne "" && $other ne "" && $one ne $other} {
            lassign $ends a b
            lappend faults [list "BD 41-238" "Port/Pin property CLK_DOMAIN does not match between ${a}($one) and ${b}($other)"]
        }
    }
    return $faults
}

proc vd::clock_source {id} {
    if {[kind $id] ne "bd_intf_pin"} return
    set interface [interface $id]
    if {![dict exists $interface clock] || [dict get $interface clock] eq ""} return
    return [driver_of [file dirname $id]/[dict get $interface clock]]
}

proc vd::warn_unassigned {} {
    variable mapped
    foreach {master space} [spaces] {
        foreach slave [reached_from $master] {
            foreach segment [segments $slave] {
                if {[dict exists $mapped [list $space [lindex $segment 0]]]} continue
                critical "BD 41-1356" "Slave segment <[lindex $segment 0]> is not assigned into address space <$space>. Please use Address Editor to either assign or exclude it."
            }
        }
    }
}

# The frequency that a processing system's divider really gives.
proc vd::propagate_clocks {} {
    variable cells
    dict for {path cell} $cells {
        foreach {pattern key pin pll} {
            *:zynq_ultra_ps_e:* PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ pl_clk0 1499985015
            *:processing_system7:* PCW_FPGA0_PERIPHERAL_FREQMHZ FCLK_CLK0 1000000000
        } {
            if {![string match $pattern [dict get $cell of]]} continue
            set wanted [expr {[dict get $cell config $key] * 1e6}]
            put $path/$pin CONFIG.FREQ_HZ [expr {round($pll / max(1.0, round($pll / $wanted)))}]
        }
    }
}
