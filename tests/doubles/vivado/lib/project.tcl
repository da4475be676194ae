# Projects, their files and file sets, parameters, message rules.

namespace eval vd {
    variable project ""
    variable parts {
        xczu7ev-ffvc1156-2-e xczu9eg-ffvb1156-2-e xck26-sfvc784-2LV-c xczu3eg-sbva484-1-e xczu3eg-sbva484-1-i
        xc7z020clg400-1
    }
    variable parameters {board.repoPaths {} general.maxThreads 8 tcl.collectionResultDisplayLimit 500
        hls.enable_hidden_option_error true}
    variable rules
    # Files of the project in the order they came, and the folder a file set names.
    variable files {}
}

vd::declare vivado version {short} {} {
    variable version
    return [expr {[dict exists $opt short] ? $version : "Vivado v$version (64-bit)"}]
}

vd::declare vivado create_project {part= force in_memory ip rtl_kernel} {name? dir?} {
    variable play
    set part [given part xc7vx485tffg1157-1]
    check_part $part
    set dir [file normalize [expr {$dir eq "" ? "." : $dir}]]
    if {[file exists [file join $dir $name.xpr]] && ![dict exists $opt force]} {
        fail "Coretcl 2-27" "Can't find specified project: project '$name' already exists in '$dir'; use -force."
    }
    start_project $name $dir $part
    write_xpr
    note "IP_Flow 19-234" "Refreshing IP repositories"
    note "IP_Flow 19-1704" "No user IP repositories specified"
    return $name
}

proc vd::check_part {part} {
    variable parts
    variable play
    if {$play eq "no_part" || $part ni $parts} {
        warn "Device 21-436" "No parts matched '$part'"
        fail "Coretcl 2-106" "Specified part could not be found."
    }
}

proc vd::start_project {name dir part} {
    variable project
    variable files
    if {$project ne ""} { fail "Coretcl 2-1" "a project is open; close it first" }
    set project $name
    set files {}
    file mkdir $dir
    make project $name [list NAME $name DIRECTORY $dir PART $part TARGET_LANGUAGE Verilog]
    make fileset sources_1 {NAME sources_1}
    make fileset constrs_1 {NAME constrs_1}
    make fileset sim_1 {NAME sim_1}
    make_runs
}

proc vd::project_dir {{kind ""}} {
    variable project
    set dir [property $project DIRECTORY]
    return [expr {$kind eq "" ? $dir : [file join $dir $project.$kind]}]
}

proc vd::need_project {command} {
    variable project
    if {$project eq ""} { fail "Common 17-53" "User Exception: No open project. Please create or open a project before executing this command." }
}

# The project file, with what open_project needs to come back to it.
proc vd::write_xpr {} {
    variable project
    variable files
    set channel [open [file join [project_dir] $project.xpr] w]
    real_puts $channel {<?xml version="1.0" encoding="UTF-8"?>}
    real_puts $channel "<Project Version=\"7\" Minor=\"60\" Path=\"[file join [project_dir] $project.xpr]\">"
    real_puts $channel "  <Option Name=\"Part\" Val=\"[property $project PART]\"/>"
    real_puts $channel "  <Option Name=\"Top\" Val=\"[property sources_1 TOP]\"/>"
    foreach file $files { real_puts $channel "  <File Path=\"$file\"/>" }
    real_puts $channel "</Project>"
    close $channel
}

vd::declare vivado open_project {part= read_only} {file} {
    if {![file isfile $file]} { fail "Coretcl 2-27" "Can't find specified project '$file'." }
    set text [read_file $file]
    regexp {Name="Part" Val="([^"]*)"} $text - part
    regexp {Name="Top" Val="([^"]*)"} $text - top
    start_project [file rootname [file tail $file]] [file dirname [file normalize $file]] $part
    foreach {- path} [regexp -all -inline {<File Path="([^"]*)"/>} $text] {
        add_file $path sources_1
        if {[file extension $path] eq ".bd"} { restore_block_design $path }
    }
    put sources_1 TOP $top
    restore_runs
}

vd::declare vivado close_project {delete} {} {
    variable project
    variable kinds
    need_project close_project
    write_xpr
    set project ""
    foreach id [array names kinds] { forget $id }
    clear_block_design
}

vd::declare vivado current_project {} {name?} {
    variable project
    if {$project eq ""} { fail "Common 17-53" "User Exception: No open project." }
    return $project
}

vd::declare vivado set_param {} {name value} {
    variable parameters
    if {![dict exists $parameters $name]} { fail "Common 17-59" "Invalid parameter name '$name'." }
    dict set parameters $name $value
}

vd::declare vivado get_param {} {name} {
    variable parameters
    if {![dict exists $parameters $name]} { fail "Common 17-59" "Invalid parameter name '$name'." }
    return [dict get $parameters $name]
}

vd::declare vivado set_msg_config {id= severity= string= suppress new_severity= limit=} {} {
    variable rules
    set severity [string map {STATUS INFO} [given new_severity ""]]
    if {$severity ni {"" INFO WARNING "CRITICAL WARNING" ERROR}} {
        fail "Common 17-161" "Invalid option value '$severity' specified for 'new_severity'."
    }
    set id [string trim [given id] "\[\]"]
    set rules($id) [expr {[dict exists $opt suppress] ? "suppress" : $severity}]
}

vd::declare vivado reset_msg_config {id= severity= string= suppress limit default_severity} {} {
    variable rules
    unset -nocomplain rules([string trim [given id] "\[\]"])
}

vd::declare vivado add_files {norecurse fileset= scan_for_includes of_objects= copy_to= force} {files+} {
    need_project add_files
    set added {}
    foreach file $files { lappend added {*}[add_one $file [given fileset sources_1] [given copy_to]] }
    return $added
}

vd::declare vivado import_files {norecurse fileset= force flat} {files+} {
    need_project import_files
    set set [given fileset sources_1]
    set folder [file join [project_dir srcs] $set imports]
    set added {}
    foreach file $files { lappend added {*}[add_one $file $set $folder] }
    return $added
}

vd::declare vivado read_mem {} {files+} {
    foreach file $files { put [lindex [add_one $file sources_1 ""] 0] FILE_TYPE "Memory Initialization Files" }
}

vd::declare vivado read_verilog {library= sv} {files+} {
    foreach file $files { add_one $file sources_1 "" }
}

vd::declare vivado read_xdc {cells= ref= unmanaged mode=} {file} { add_one $file constrs_1 "" }

# Adds a file or the files of a folder and gives the list of them; what is asked for in .srcs is looked for in .gen, too.
proc vd::add_one {file set copy_to} {
    variable project
    if {$set ni [all fileset]} { fail "Vivado 12-169" "No fileset matched '$set'" }
    set path [file normalize $file]
    if {![file exists $path]} { set path [string map [list $project.srcs $project.gen] $path] }
    if {![file exists $path]} { fail "Vivado 12-172" "File or Directory '[file normalize $file]' does not exist" }
    if {[file isdirectory $path]} {
        set added {}
        foreach inside [lsort [glob -nocomplain -type f -directory $path *]] { lappend added {*}[add_one $inside $set $copy_to] }
        return $added
    }
    if {$copy_to ne ""} {
        file mkdir $copy_to
        file copy -force $path $copy_to
        set path [file join [file normalize $copy_to] [file tail $path]]
    }
    return [list [add_file $path $set]]
}

proc vd::add_file {path set} {
    variable files
    set types {.v Verilog .sv SystemVerilog .vh {Verilog Header} .svh {Verilog Header} .vhd VHDL .bd {Block Designs}
        .xdc XDC .xci XCI .mem {Memory Initialization Files} .mif {Memory Initialization Files} .tcl TCL}
    set ending [string tolower [file extension $path]]
    set type [expr {[dict exists $types $ending] ? [dict get $types $ending] : "Unknown"}]
    if {$path ni $files} { lappend files $path }
    set synthesis [expr {$set eq "sim_1" ? 0 : 1}]
    return [make file $path [list NAME $path FILE_TYPE $type USED_IN_SYNTHESIS $synthesis FILESET $set IS_ENABLED 1]]
}

proc vd::set_file {file name value} {
    set types {Verilog SystemVerilog "Verilog Header" VHDL "VHDL 2008" XDC XCI TCL "Block Designs" "Coefficient Files"
        "Memory Initialization Files" "Memory File" Unknown}
    if {$name eq "FILE_TYPE" && $value ni $types} { fail "Common 17-162" "Invalid option value specified for 'value'." }
    put $file $name $value
}

vd::declare vivado remove_files {fileset=} {gone+} {
    variable files
    foreach file $gone { forget $file }
    set files [without $files $gone]
}

vd::declare vivado get_files {regexp nocase filter= of_objects= all compile_order= used_in=} {patterns*} {
    variable files
    set found {}
    foreach file $files {
        if {[file_matches $file $patterns] && [in_filesets $file [given of_objects]]} { lappend found $file }
    }
    set found [filtered $found [given filter]]
    if {[llength $found] == 0} { warn "Vivado 12-818" "No files matched '$patterns'" }
    return $found
}

proc vd::file_matches {file patterns} {
    if {[llength $patterns] == 0} { return 1 }
    foreach pattern $patterns {
        foreach text [list $file [file tail $file]] {
            if {[string match $pattern $text]} { return 1 }
        }
        if {[string match */$pattern $file] || [file normalize $pattern] eq $file} { return 1 }
    }
    return 0
}

proc vd::in_filesets {file sets} {
    return [expr {[llength $sets] == 0 || [property $file FILESET] in $sets}]
}
dict set vd::known file [concat [dict get $vd::known file] FILESET]

vd::declare vivado get_filesets {regexp nocase filter= of_objects=} {patterns*} { return [named fileset $patterns] }
vd::declare vivado current_fileset {constrset simset srcset} {set?} {
    return [expr {[dict exists $opt constrset] ? "constrs_1" : [dict exists $opt simset] ? "sim_1" : "sources_1"}]
}
vd::declare vivado update_compile_order {fileset= force_gui} {} {
    if {[given fileset sources_1] ni [all fileset]} { fail "Vivado 12-169" "No fileset matched '[given fileset]'" }
}
vd::declare vivado save_constraints {force} {} {}
vd::declare vivado startgroup {try} {} {}
vd::declare vivado endgroup {} {} {}
vd::declare vivado regenerate_bd_layout {hierarchy= layout_file= layout_string= routing} {} {}

# Objects of a kind whose names match one of the patterns; all without patterns.
proc vd::named {kind patterns} {
    set found {}
    foreach id [all $kind] {
        foreach pattern [expr {[llength $patterns] ? $patterns : "*"}] {
            if {[string match $pattern $id]} {
                lappend found $id
                break
            }
        }
    }
    return $found
}
