# The IP packager, as far as FINN uses it.

namespace eval vd {
    variable core ""
    # core to its ports; group to files; map to range
    variable core_ports {}
    variable core_maps {}
}

vd::declare vivado ipx::package_project {root_dir= vendor= library= taxonomy= module= import_files set_current= force
        name= version= generated_files archive_source_project=} {} {
    variable core
    variable core_ports
    variable core_maps {}
    variable design
    need_project ipx::package_project
    if {[given module] ne $design} { fail "IP_Flow 19-3461" "There is no block design '[given module]' to package." }
    set root [file normalize [given root_dir]]
    file mkdir $root
    set vlnv [given vendor]:[given library]:[given module]:1.0
    set core ipx_$vlnv
    make ipx_core $core [list NAME [given module] VENDOR [given vendor] LIBRARY [given library] VERSION 1.0 \
        TAXONOMY [given taxonomy] ROOT_DIRECTORY $root]
    set core_ports [design_ports]
    foreach {interface -} [lindex [interfaces_of $core_ports] 0] {
        make ipx_bus $core/bus/$interface [list NAME $interface]
        make ipx_parameter $core/parameter/$interface [list NAME FREQ_HZ VALUE ""]
        make ipx_address_space $core/space/$interface [list NAME $interface]
    }
    foreach group {xilinx_anylanguagesynthesis xilinx_anylanguagebehavioralsimulation xilinx_implementation} {
        add_group $group ""
    }
    foreach file [source_files] {
        if {[dict exists $opt import_files]} {
            file mkdir [file join $root src]
            file copy -force $file [file join $root src]
        }
        make ipx_file $core/group/xilinx_anylanguagesynthesis/src/[file tail $file] [list NAME src/[file tail $file]]
    }
    save_component
    return $core
}

proc vd::add_group {name type} {
    variable core
    return [make ipx_group $core/group/$name [list NAME $name TYPE $type]]
}

# Ports of the block design: its pins, and the signals of its interfaces.
proc vd::design_ports {} {
    set ports {}
    foreach id [all bd_port] {
        set dir [dict get {I input O output} [property $id DIR]]
        lappend ports [list [property $id NAME] $dir [expr {[property $id LEFT] + 1}] "" ""]
    }
    foreach id [all bd_intf_port] { lappend ports {*}[interface_ports $id] }
    return $ports
}

proc vd::interface_ports {id} {
    set name [property $id NAME]
    if {[string match *axis_rtl* [property $id VLNV]]} {
        set bits [expr {[property $id CONFIG.TDATA_NUM_BYTES] * 8}]
        set signals [list tdata > $bits tvalid > 1 tready < 1]
    } else {
        set signals [memory_signals [property $id CONFIG.PROTOCOL] [property $id CONFIG.ADDR_WIDTH] [property $id CONFIG.DATA_WIDTH]]
    }
    set forward [dict get {Master output Slave input} [property $id MODE]]
    set back [dict get {output input input output} $forward]
    set ports {}
    foreach {signal way width} $signals {
        lappend ports [list ${name}_$signal [expr {$way eq ">" ? $forward : $back}] $width "" ""]
    }
    return $ports
}

# Signals of AXI: name, ">" from master to slave or "<", width.
proc vd::memory_signals {protocol address data} {
    set signals [list awaddr > $address awprot > 3 awvalid > 1 awready < 1 wdata > $data wstrb > [expr {$data / 8}] \
        wvalid > 1 wready < 1 bresp < 2 bvalid < 1 bready > 1 araddr > $address arprot > 3 arvalid > 1 arready < 1 \
        rdata < $data rresp < 2 rvalid < 1 rready > 1]
    if {$protocol ne "AXI4LITE"} {
        lappend signals awlen > 8 awsize > 3 awburst > 2 awcache > 4 wlast > 1 arlen > 8 arsize > 3 arburst > 2 arcache > 4 rlast < 1
    }
    return $signals
}

proc vd::save_component {} {
    variable core
    variable core_ports
    variable core_maps
    set groups {}
    foreach group [all ipx_group] { dict set groups [property $group NAME] [lmap file [group_files $group] { property $file NAME }] }
    set vlnv [join [lmap key {VENDOR LIBRARY NAME VERSION} { property $core $key }] :]
    write_component [file join [property $core ROOT_DIRECTORY] component.xml] $vlnv $core_ports $groups $core_maps
}

proc vd::group_files {group} {
    return [lmap file [all ipx_file] { expr {[string match $group/* $file] ? $file : [continue]} }]
}

vd::declare vivado ipx::current_core {} {file?} {
    variable core
    if {$core eq ""} { fail "IP_Flow 19-1" "No core is open." }
    return $core
}

vd::declare vivado ipx::find_open_core {} {vlnv} {
    variable core
    if {$core ne "ipx_$vlnv"} { fail "IP_Flow 19-2" "The core '$vlnv' is not open." }
    return $core
}

foreach {command kind what} {
    ipx::get_bus_interfaces ipx_bus bus ipx::get_bus_parameters ipx_parameter parameter
    ipx::get_address_spaces ipx_address_space space ipx::get_file_groups ipx_group group
    ipx::get_memory_maps ipx_memory_map map
} {
    vd::declare vivado $command {of_objects= filter=} {patterns*} [string map [list @KIND@ $kind @WHAT@ $what] {
        set found {}
        foreach id [all @KIND@] {
            foreach pattern [expr {[llength $patterns] ? $patterns : "*"}] {
                if {[string match $pattern [property $id NAME]]} { lappend found $id }
            }
        }
        return [filtered $found [given filter]]
    }]
}

vd::declare vivado ipx::get_files {of_objects= filter=} {patterns*} {
    set found {}
    foreach group [given of_objects] {
        foreach file [group_files $group] {
            foreach pattern [expr {[llength $patterns] ? $patterns : "*"}] {
                if {[string match $pattern [property $file NAME]]} { lappend found $file }
            }
        }
    }
    return $found
}

vd::declare vivado ipx::add_file_group {type=} {name core} {
    set name [expr {$name eq "" ? [given type] : $name}]
    return [add_group $name [given type]]
}

vd::declare vivado ipx::remove_file_group {} {name core} {
    forget $core/group/$name
}

vd::declare vivado ipx::add_file {} {name group} {
    set root [property [ipx::current_core] ROOT_DIRECTORY]
    if {![file exists [file join $root $name]]} { fail "IP_Flow 19-993" "Could not find the file '$name' in '$root'." }
    return [make ipx_file $group/$name [list NAME $name]]
}

vd::declare vivado ipx::remove_file {} {name group} { forget $group/$name }

vd::declare vivado ipx::remove_all_file {} {groups+} {
    foreach group $groups {
        foreach file [group_files $group] { forget $file }
    }
}

vd::declare vivado ipx::remove_segment {} {name spaces*} {}

vd::declare vivado ipx::add_memory_map {} {name core} { return [make ipx_memory_map $core/map/$name [list NAME $name]] }

vd::declare vivado ipx::add_address_block {} {name map} {
    return [make ipx_address_block $map/$name [list NAME $name RANGE 4096]]
}

proc vd::set_ipx_address_block {id name value} {
    variable core_maps
    put $id $name $value
    if {$name eq "RANGE"} { dict set core_maps [file tail [file dirname $id]] $value }
}

vd::declare vivado ipx::create_xgui_files {} {core} {
    set root [property $core ROOT_DIRECTORY]
    write_text [file join $root xgui [property $core NAME]_v1_0.tcl] "# parameters of the core"
}

vd::declare vivado ipx::update_checksums {} {core} {}
vd::declare vivado ipx::save_core {} {core} { save_component }
