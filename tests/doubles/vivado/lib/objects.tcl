# Objects with properties: what get_property and set_property work on. Their identifiers are what Vivado prints.

namespace eval vd {
    # kinds(id): its kind; props(id): its properties, names in capitals.
    variable kinds
    variable props
    # Properties that may be set or asked for, by kind; patterns.
    variable known {
        project {NAME DIRECTORY PART BOARD_PART BOARD_PART_REPO_PATHS IP_REPO_PATHS TARGET_LANGUAGE DEFAULT_LIB
            SIMULATOR_LANGUAGE XPM_LIBRARIES IP_CACHE_PERMISSIONS SOURCE_MGMT_MODE}
        fileset {NAME TOP INCLUDE_DIRS VERILOG_DEFINE GENERIC TARGET_CONSTRS_FILE}
        file {NAME FILE_TYPE USED_IN USED_IN_SYNTHESIS USED_IN_SIMULATION USED_IN_IMPLEMENTATION LIBRARY
            SYNTH_CHECKPOINT_MODE IS_ENABLED PROCESSING_ORDER SCOPED_TO_REF}
        run {NAME PROGRESS STATUS DIRECTORY NEEDS_REFRESH STRATEGY FLOW CURRENT_STEP PARENT STATS.WNS STATS.TNS STATS.WHS
            STATS.THS STATS.TPWS STATS.ELAPSED STEPS.SYNTH_DESIGN.ARGS.* STEPS.OPT_DESIGN.* STEPS.PLACE_DESIGN.*
            STEPS.PHYS_OPT_DESIGN.* STEPS.ROUTE_DESIGN.* STEPS.POST_ROUTE_PHYS_OPT_DESIGN.*
            STEPS.WRITE_BITSTREAM.ARGS.BIN_FILE STEPS.WRITE_BITSTREAM.TCL.*}
        board_part {NAME BOARD_NAME FILE_VERSION PART_NAME VENDOR_NAME VLNV}
        ipdef {NAME VLNV VENDOR LIBRARY VERSION DESIGN_TOOL_CONTEXTS REPOSITORY}
        bd_design {NAME}
        bd_cell {NAME PATH TYPE VLNV CONFIG.*}
        bd_pin {NAME PATH DIR TYPE LEFT RIGHT CONFIG.*}
        bd_port {NAME PATH DIR TYPE LEFT RIGHT CONFIG.*}
        bd_intf_pin {NAME PATH MODE VLNV CONFIG.* HDL_ATTRIBUTE.DEBUG}
        bd_intf_port {NAME PATH MODE VLNV CONFIG.*}
        bd_net {NAME PATH}
        bd_intf_net {NAME PATH HDL_ATTRIBUTE.DEBUG}
        bd_addr_space {NAME PATH}
        bd_addr_seg {NAME PATH OFFSET RANGE USAGE ACCESS}
        design {NAME BITSTREAM.*}
        cell {NAME}
        port {NAME}
        ipx_core {NAME VENDOR LIBRARY VERSION DISPLAY_NAME DESCRIPTION TAXONOMY SUPPORTED_FAMILIES CORE_REVISION
            IPI_DRC SDX_KERNEL SDX_KERNEL_TYPE XPM_LIBRARIES AUTO_FAMILY_SUPPORT_LEVEL ROOT_DIRECTORY}
        ipx_bus {NAME SLAVE_MEMORY_MAP_REF MASTER_ADDRESS_SPACE_REF INTERFACE_MODE}
        ipx_parameter {NAME VALUE VALUE_RESOLVE_TYPE}
        ipx_group {NAME TYPE MODEL_NAME COMPONENT_SUBCORES}
        ipx_file {NAME TYPE USED_IN}
        ipx_memory_map {NAME}
        ipx_address_block {NAME RANGE OFFSET BASE_ADDRESS}
        ipx_address_space {NAME}
    }
}

proc vd::make {kind id properties} {
    variable kinds
    variable props
    set kinds($id) $kind
    set props($id) {}
    dict for {name value} $properties { dict set props($id) [string toupper $name] $value }
    return $id
}

proc vd::forget {id} {
    variable kinds
    variable props
    unset -nocomplain kinds($id) props($id)
}

proc vd::kind {id} {
    variable kinds
    if {![info exists kinds($id)]} { fail "Common 17-58" "'$id' is not a valid first class Tcl object." }
    return $kinds($id)
}

# All objects of a kind, in order of their names.
proc vd::all {kind} {
    variable kinds
    set found {}
    foreach id [lsort -dictionary [array names kinds]] {
        if {$kinds($id) eq $kind} { lappend found $id }
    }
    return $found
}

# A property's value, empty where it was never set; an error where its kind has no such property.
proc vd::property {id name} {
    variable props
    set kind [kind $id]
    set name [string toupper $name]
    if {[dict exists $props($id) $name]} { return [dict get $props($id) $name] }
    vd::check_property $kind $name
    return ""
}

proc vd::put {id name value} {
    variable props
    dict set props($id) [string toupper $name] $value
}

proc vd::check_property {kind name} {
    variable known
    foreach pattern [dict get $known $kind] {
        if {[string match $pattern $name]} return
    }
    fail "Common 17-54" "The object '$kind' does not have a property '$name'."
}

vd::declare vivado get_property {min max} {name objects} {
    if {[llength $objects] == 0} { fail "Common 17-55" "'get_property' expects at least one object." }
    set values {}
    foreach object $objects { lappend values [property $object $name] }
    return [expr {[llength $values] == 1 ? [lindex $values 0] : $values}]
}

vd::declare vivado set_property {dict= name= value= objects=} {words&} {
    lassign [property_assignments $opt $words] assignments objects
    if {[llength $objects] == 0} { fail "Common 17-55" "'set_property' expects at least one object." }
    foreach object $objects { assign_properties $object $assignments }
    return $objects
}

vd::declare vivado report_property {all return_string} {object} { say [join [list_property $object] \n] }
vd::declare vivado list_property {} {object} { return [list_property $object] }

proc vd::list_property {object} {
    variable props
    kind $object
    return [lsort [dict keys $props($object)]]
}

# Pairs of names and values, and the objects they are for, from the three ways to say it.
proc vd::property_assignments {opt words} {
    if {[dict exists $opt dict]} { return [list [dict get $opt dict] [concat {*}$words]] }
    if {[dict exists $opt name]} {
        set pair [list [dict get $opt name] [dict get $opt value]]
        return [list $pair [expr {[dict exists $opt objects] ? [dict get $opt objects] : [concat {*}$words]}]]
    }
    if {[llength $words] < 3} { missing set_property [lindex {name value objects} [llength $words]] }
    return [list [lrange $words 0 1] [concat {*}[lrange $words 2 end]]]
}

proc vd::assign_properties {object assignments} {
    set kind [kind $object]
    if {[llength $assignments] % 2} { fail "Common 17-161" "Invalid option value '$assignments' specified for 'dict'." }
    foreach {name value} $assignments {
        set name [string toupper $name]
        vd::check_property $kind $name
        if {[llength [info commands ::vd::set_$kind]]} {
            vd::set_$kind $object $name $value
        } else {
            put $object $name $value
        }
    }
    if {[llength [info commands ::vd::after_$kind]]} { vd::after_$kind $object }
}
