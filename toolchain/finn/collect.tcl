# Takes reports and results out of the project that FINN has built and routed.
#
#   vivado -mode batch -source build.tcl      in the folder that takes them

source [file join [file dirname [info script]] settings.tcl]

puts "Gateweave: reports"
open_project [file join $project finn_zynq_link.xpr]
open_run impl_1
report_utilization -file utilisation.rpt
# The network without the DMAs at both ends, which FINN names idma0 and odma0.
report_utilization -cells [get_cells top_i/StreamingDataflowPartition_1] -file utilisation_core.rpt
report_utilization -hierarchical -hierarchical_depth 4 -file utilisation_hierarchical.rpt
report_timing_summary -max_paths 10 -file timing.rpt
report_power -file power.rpt

puts "Gateweave: results"
file copy -force [file join $project resizer.bit] $name.bit
file copy -force [file join $project resizer.hwh] $name.hwh
write_hw_platform -fixed -include_bit -force -file $name.xsa
close_project
