# Block designs: cells, their configuration, and the pins and interfaces that follow from it.

namespace eval vd {
    variable design ""
    # cell path to {kind ip|module|hier of <vlnv or module> config {} source <file>}
    variable cells {}
    # net name to pins; {pin side} to net name; the same for interfaces
    variable nets {}
    variable net_at {}
    variable intf_nets {}
    variable intf_net_at {}
    # {space segment} to {offset range}
    variable mapped {}
}

proc vd::clear_block_design {} {
    variable design ""
    variable cells {}
    variable nets {}
    variable net_at {}
    variable intf_nets {}
    variable intf_net_at {}
    variable mapped {}
}

proc vd::need_design {} {
    variable design
    if {$design eq ""} { fail "BD 5-106" "No current block design set, please open or create one." }
}

vd::declare vivado create_bd_design {dir= cell= mode= bdsource= rpt=} {name} {
    variable design
    need_project create_bd_design
    clear_block_design
    set design $name
    make bd_design $name [list NAME $name]
    set folder [file join [project_dir srcs] sources_1 bd $name]
    file mkdir $folder
    say "Wrote  : <[file join $folder $name.bd]> "
    close [open [file join $folder $name.bd] w]
    add_file [file join $folder $name.bd] sources_1
    return $name
}

vd::declare vivado current_bd_design {} {name?} {
    variable design
    need_design
    if {$name ne "" && $name ne $design} { fail "BD 5-115" "Block design '$name' is not open." }
    return $design
}

vd::declare vivado create_bd_cell {vlnv= type= reference= revision= srcset=} {name} {
    variable cells
    need_design
    set path [cell_path $name]
    if {[dict exists $cells $path]} { fail "BD 41-1757" "A cell of the name '$name' exists." }
    set parent [file dirname $path]
    if {$parent ne "/" && ![dict exists $cells $parent]} { fail "BD 5-232" "No cell '$parent' to create '$name' in." }
    set type [given type ip]
    if {$type ni {ip module hier container}} { fail "Common 17-161" "Invalid option value '$type' specified for 'type'." }
    # FINN makes module references with -type hier.
    if {[dict exists $opt reference]} { set type module }
    create_cell_$type $path $opt
    return $path
}

proc vd::cell_path {name} { return [expr {[string index $name 0] eq "/" ? $name : "/$name"}] }

proc vd::create_cell_ip {path opt} {
    variable cells
    variable catalogue
    if {![dict exists $opt vlnv]} { fail "Common 17-157" "Option 'vlnv' is required, please type 'create_bd_cell -help' for usage info." }
    if {[catch {resolve_vlnv [dict get $opt vlnv]} vlnv]} {
        fail "Common 17-39" "'create_bd_cell' failed due to earlier errors."
    }
    dict set cells $path [list kind ip of $vlnv config [dict get $catalogue $vlnv defaults]]
    make bd_cell $path [list NAME [file tail $path] PATH $path TYPE ip VLNV $vlnv]
    reshape $path
}

proc vd::create_cell_module {path opt} {
    variable cells
    set module [dict get $opt reference]
    set file [file_of_module $module]
    if {$file eq ""} {
        fail "filemgmt 56-587" "Failed to resolve reference. Nothing was found in the project to match the name '$module'. Try changing the compile order from manual to automatic."
    }
    if {[property $file FILE_TYPE] ne "Verilog"} {
        fail "filemgmt 56-195" "The reference '$module' is not valid: its top file '$file' is of type '[property $file FILE_TYPE]', which is not allowed as the top of a reference."
    }
    set header [module_header $file $module {}]
    dict set cells $path [list kind module of $module config [dict get $header parameters] source $file]
    make bd_cell $path [list NAME [file tail $path] PATH $path TYPE module VLNV xilinx.com:module_ref:$module:1.0]
    reshape $path
}

proc vd::create_cell_hier {path opt} {
    variable cells
    dict set cells $path {kind hier of hier config {}}
    make bd_cell $path [list NAME [file tail $path] PATH $path TYPE hier]
}

# Project file that defines a module.
proc vd::file_of_module {module} {
    variable files
    foreach file $files {
        if {[file extension $file] in {.v .sv} && [file exists $file] && $module in [modules_of $file]} { return $file }
    }
    return ""
}

proc vd::shape {path} {
    variable cells
    variable catalogue
    set cell [dict get $cells $path]
    set config [dict get $cell config]
    if {[dict get $cell kind] eq "module"} {
        return [shape_of_ports [dict get [module_header [dict get $cell source] [dict get $cell of] $config] ports]]
    }
    return [{*}[dict get $catalogue [dict get $cell of] shape] $config]
}

# Brings a cell's configuration, pins and interfaces in line with its shape.
proc vd::reshape {path} {
    variable cells
    dict for {name value} [dict get $cells $path config] { put $path CONFIG.$name $value }
    set shape [shape $path]
    set wanted {}
    dict for {name pin} [dict get $shape pins] { lappend wanted [make_pin $path/$name $pin] }
    dict for {name interface} [dict get $shape interfaces] { lappend wanted [make_interface $path/$name $interface] }
    foreach kind {bd_pin bd_intf_pin} {
        foreach id [all $kind] {
            if {[file dirname $id] eq $path && $id ni $wanted} { forget $id }
        }
    }
}

proc vd::make_pin {id pin} {
    set width [dict get $pin width]
    return [make bd_pin $id [list NAME [file tail $id] PATH $id DIR [dict get $pin dir] TYPE [dict get $pin type] \
        LEFT [expr {$width - 1}] RIGHT 0]]
}

proc vd::make_interface {id interface} {
    set class [dict get $interface class]
    make bd_intf_pin $id [list NAME [file tail $id] PATH $id MODE [dict get $interface mode] \
        VLNV xilinx.com:interface:${class}_rtl:1.0]
    foreach {key name} {addr_width ADDR_WIDTH data_width DATA_WIDTH protocol PROTOCOL tdata_bytes TDATA_NUM_BYTES} {
        if {[dict exists $interface $key]} { put $id CONFIG.$name [dict get $interface $key] }
    }
    return $id
}

# set_property on a cell: only what its IP or module has can be set.
proc vd::set_bd_cell {path name value} {
    variable cells
    if {![regexp {^CONFIG\.(.*)} $name - key]} { return [put $path $name $value] }
    foreach known [dict keys [dict get $cells $path config]] {
        if {[string equal -nocase $known $key]} {
            dict set cells $path config $known $value
            return
        }
    }
    fail "Common 17-54" "The object 'bd_cell' does not have a property '$name'."
}

proc vd::after_bd_cell {path} {
    variable cells
    if {[dict get $cells $path kind] ne "hier"} { reshape $path }
}

# Making an interface pin of a hierarchical cell, and a pin of it.
vd::declare vivado create_bd_pin {dir= type= from= to=} {name} {
    set path [cell_path $name]
    need_hier [file dirname $path]
    set width [expr {[given from 0] - [given to 0] + 1}]
    return [make_pin $path [list dir [given dir] type [given type data] width $width]]
}

vd::declare vivado create_bd_intf_pin {mode= vlnv=} {name} {
    set path [cell_path $name]
    need_hier [file dirname $path]
    if {![regexp {:(\w+)_rtl:} [given vlnv] - class]} { fail "BD 5-216" "VLNV <[given vlnv]> is not supported for the current part." }
    return [make_interface $path [list class $class mode [given mode]]]
}

proc vd::need_hier {path} {
    variable cells
    if {![dict exists $cells $path] || [dict get $cells $path kind] ne "hier"} {
        fail "BD 5-232" "'$path' is no hierarchical cell; pins can only be created on one."
    }
}

vd::declare vivado delete_bd_objs {} {objects+} {
    variable cells
    foreach object $objects {
        dict unset cells $object
        foreach kind {bd_pin bd_intf_pin bd_cell} {
            foreach id [all $kind] {
                if {$id eq $object || [string match $object/* $id]} {
                    disconnect $id
                    forget $id
                }
            }
        }
    }
}

vd::declare vivado apply_bd_automation {rule= config= dict=} {objects*} {
    variable version
    set rules {zynq_ultra_ps_e {apply_board_preset} processing_system7 {make_external apply_board_preset Master Slave}}
    set rule [lindex [split [given rule] :] end]
    if {![dict exists $rules $rule]} { fail "BD 5-101" "Rule '[given rule]' does not exist." }
    foreach key [dict keys [given config]] {
        if {$key ni [dict get $rules $rule]} { fail "BD 5-102" "Rule '[given rule]' has no configuration '$key'." }
    }
    foreach cell $objects { need_ip $cell $rule }
    if {$rule eq "processing_system7" && [dict exists [given config] make_external]} {
        foreach name [split [dict get [given config] make_external] ,] {
            make_intf_external [lindex $objects 0]/[string trim $name] [string trim $name]
        }
    }
    apply_preset [lindex $objects 0] $rule [given config]
}

proc vd::need_ip {cell rule} {
    if {[kind $cell] ne "bd_cell" || ![string match *:$rule:* [property $cell VLNV]]} {
        fail "BD 5-103" "Rule '$rule' does not apply to '$cell'."
    }
}

# A board preset needs the project's board; without one it changes nothing.
proc vd::apply_preset {cell rule config} {
    variable cells
    variable project
    if {![dict exists $config apply_board_preset] || ![dict get $config apply_board_preset]} return
    if {[property $project BOARD_PART] eq ""} {
        warn "BD_RULE-1" "No board is set, so no board preset is applied to $cell."
        return
    }
    if {$rule eq "zynq_ultra_ps_e"} {
        foreach name {PSU__USE__M_AXI_GP0 PSU__USE__M_AXI_GP1} { dict set cells $cell config $name 1 }
    }
    reshape $cell
}
