# Builds the design from settings.tcl: project, block design, bitstream, reports. Needs Vivado 2022.2 to 2025.2.
#
#   vivado -mode batch -source build.tcl -tclargs <jobs>
#
# The results and Vivado's own project lie in the current folder; this folder stays as it is.

set here [file normalize [file dirname [info script]]]
set work [file join [pwd] vivado]
set jobs [expr {[llength $argv] ? [lindex $argv 0] : 2}]
source [file join $here settings.tcl]

proc say {phrase} {
    puts "Gateweave: $phrase"
    flush stdout
}

proc refuse {message} {
    puts "ERROR: \[Gateweave 1-1\] $message"
    exit 1
}

# The board files asked for, else the newest of the same board: each Vivado has its own versions of them.
proc installed_board_part {wanted} {
    set found [get_board_parts -quiet $wanted]
    if {[llength $found] == 0} {
        set board [join [lrange [split $wanted :] 0 end-1] :]
        set found [lsort -dictionary [get_board_parts -quiet $board:*]]
    }
    return [lindex $found end]
}

proc below_here {paths} {
    set files {}
    foreach path $paths { lappend files [file join $::here $path] }
    return $files
}

# Vivados differ in whether a failed run is an error of wait_on_run.
proc finish_run {name args} {
    launch_runs $name -jobs $::jobs {*}$args
    wait_on_run $name
    set status [get_property STATUS [get_runs $name]]
    if {[get_property PROGRESS [get_runs $name]] ne "100%"} {
        puts "ERROR: \[Gateweave 1-2\] $name ended with: $status"
        exit 1
    }
}

say "project"
set board_files [file join $here board_files]
if {[file isdirectory $board_files]} {
    set_param board.repoPaths [list $board_files]
}
create_project $name $work -part $part -force
set installed [installed_board_part $board_part]
if {$installed eq ""} {
    refuse "the board files of $board_part are not installed in this Vivado; install them in its board store (Tools >\
        Vivado Store > Boards), or put the folder with the board's board.xml into $board_files"
}
set_property board_part $installed [current_project]
# A weight file that cannot be read must not end in a bitstream without weights.
set_msg_config -id {Synth 8-4445} -new_severity {ERROR}
set_msg_config -id {Synth 8-2898} -new_severity {ERROR}
add_files -norecurse -fileset sources_1 [below_here $sources]
if {[llength $roms]} {
    # Only a file of this type goes along to synthesis; by their ending they would be of none.
    set_property file_type {Memory Initialization Files} [add_files -norecurse -fileset sources_1 [below_here $roms]]
}
add_files -norecurse -fileset constrs_1 [below_here timing.xdc]
update_compile_order -fileset sources_1

say "block design"
source [file join $here block_design.tcl]
set design [get_files system.bd]
# One synthesis of everything: its errors and its licence are in one log.
set_property synth_checkpoint_mode None $design
generate_target all $design
make_wrapper -files $design -import -fileset sources_1 -top
set_property top system_wrapper [current_fileset]
update_compile_order -fileset sources_1

say "synthesis"
finish_run synth_1
say "implementation"
finish_run impl_1 -to_step write_bitstream

say "reports"
open_run impl_1
report_utilization -file utilisation.rpt
report_utilization -cells [get_cells system_i/axi_chip_0] -file utilisation_core.rpt
report_utilization -hierarchical -hierarchical_depth 4 -file utilisation_hierarchical.rpt
report_timing_summary -max_paths 10 -file timing.rpt
report_power -file power.rpt

say "results"
file copy -force [file join $work $name.runs impl_1 system_wrapper.bit] $name.bit
file copy -force [file join $work $name.gen sources_1 bd system hw_handoff system.hwh] $name.hwh
write_hw_platform -fixed -include_bit -force -file $name.xsa
close_project
