# Runs: synth_1 and impl_1, each a process of its own with its own log, as in Vivado.

proc vd::make_runs {} {
    foreach {name parent} {synth_1 "" impl_1 synth_1} {
        make run $name [list NAME $name PARENT $parent PROGRESS 0% STATUS "Not started" NEEDS_REFRESH 0 \
            STRATEGY "Vivado Defaults" DIRECTORY [file join [project_dir runs] $name]]
    }
}

# What earlier sessions have finished counts when a project is opened again.
proc vd::restore_runs {} {
    foreach run [all run] {
        if {[file exists [file join [property $run DIRECTORY] .vivado.end.rst]]} { refresh_run $run }
    }
}

vd::declare vivado get_runs {regexp nocase filter= of_objects=} {patterns*} {
    set found [filtered [named run $patterns] [given filter]]
    foreach run $found { refresh_run $run }
    if {[llength $found] == 0} { warn "Vivado 12-821" "No runs matched '$patterns'" }
    return $found
}

vd::declare vivado current_run {synthesis implementation} {run?} {
    return [expr {[dict exists $opt implementation] ? "impl_1" : "synth_1"}]
}

vd::declare vivado reset_run {prev_step from_step= noclean_dir} {run} {
    file delete -force [property $run DIRECTORY]
    put $run PROGRESS 0%
    put $run STATUS "Not started"
}

vd::declare vivado launch_runs {jobs= to_step= next_step scripts_only force dir= lsf= remote_cmd= host= pre_launch_script=
        post_launch_script= email_to= custom_script= verbose} {runs+} {
    need_project launch_runs
    set chain {}
    foreach run $runs {
        set parent [property $run PARENT]
        if {$parent ne "" && [property $parent PROGRESS] ne "100%"} {
            if {[string match "*ERROR*" [property $parent STATUS]]} {
                fail "Common 17-70" "Application Exception: Failed to launch run '$run' due to failures in the following run(s):\n$parent\nThese failed run(s) need to be reset prior to launching '$run' again.\n"
            }
            lappend chain $parent
            prepare_run $parent ""
        }
        lappend chain $run
        prepare_run $run [given to_step]
        say "\[[now]\] Launched $run..."
        say "Run output will be captured here: [file join [property $run DIRECTORY] runme.log]"
    }
    exec sh -c [chained $chain] >/dev/null 2>/dev/null &
}

# A shell command for runs one after the other; those after a failed one end as failed without a start.
proc vd::chained {runs} {
    set command ""
    foreach run $runs {
        set folder [property $run DIRECTORY]
        set skip "printf '0%%|Not started, an earlier run ERROR' >'[file join $folder .skipped]' && mv '[file join $folder .skipped]' '[file join $folder .vivado.end.rst]'"
        append command [expr {$command eq "" ? "ok=1; " : ""}] "if \[ \$ok = 1 \]; then sh '[file join $folder runme.sh]' || ok=0; else $skip; fi; "
    }
    return $command
}

# Writes what a run needs.
proc vd::prepare_run {run step} {
    variable lib
    set steps {synth_1 {synth_design} impl_1 {init_design opt_design place_design route_design write_bitstream}}
    if {$step ne "" && $step ni [dict get $steps $run]} {
        fail "Common 17-161" "Invalid option value '$step' specified for 'to_step'."
    }
    if {[property sources_1 TOP] eq ""} {
        fail "Common 17-70" "Application Exception: Top module not set for fileset 'sources_1'. Please ensure that a valid value is provided for 'top'."
    }
    set folder [property $run DIRECTORY]
    file delete -force $folder
    file mkdir $folder
    write_text [file join $folder design.dict] [run_facts $run $step]
    # A run that ends without a word has failed, too.
    write_text [file join $folder runme.sh] "#!/bin/sh\ncd '$folder'\ntclsh '[file join $lib run_child.tcl]' >runme.log 2>&1\nstatus=\$?\nif \[ ! -f .vivado.end.rst \]; then printf '50%%|$run ERROR' >.end && mv .end .vivado.end.rst; fi\nexit \$status"
    write_text [file join $folder .vivado.begin.rst] "begun"
    put $run PROGRESS 0%
    put $run STATUS "Running [lindex [dict get $steps $run] 0]..."
}

# What the run's process must know of this one.
proc vd::run_facts {run step} {
    variable project
    variable rules
    variable play
    variable version
    return [dict create run $run step $step top [property sources_1 TOP] part [property $project PART] play $play \
        version $version sources [source_files] data [data_names] rules [array get rules] spare [spare_ports] \
        clock [clock_name] period [clock_period]]
}

proc vd::source_files {} {
    variable files
    return [lmap file $files { expr {[file extension $file] in {.v .sv} ? $file : [continue]} }]
}

proc vd::data_names {} {
    variable files
    return [lmap file $files { expr {[property $file FILE_TYPE] in {"Memory Initialization Files" "Memory File"} ? $file : [continue]} }]
}

# Slave ports of SmartConnects that nothing drives: an optimiser removes what is inside, and then stumbles over it.
proc vd::spare_ports {} {
    variable cells
    variable intf_net_at
    set found {}
    foreach id [all bd_intf_pin] {
        if {[string match *:smartconnect:* [property [file dirname $id] VLNV]] && ![dict exists $intf_net_at [list $id upper]]} {
            lappend found $id
        }
    }
    return $found
}

proc vd::clock_name {} {
    variable project
    return [expr {[string match xc7z* [property $project PART]] ? "clk_fpga_0" : "clk_pl_0"}]
}

proc vd::clock_period {} {
    foreach id [all bd_pin] {
        if {[file tail $id] in {pl_clk0 FCLK_CLK0} && [property $id CONFIG.FREQ_HZ] ne ""} {
            return [format %.3f [expr {1e9 / [property $id CONFIG.FREQ_HZ]}]]
        }
    }
    return 10.000
}

# Reads from a run's folder how far it has come.
proc vd::refresh_run {run} {
    set folder [property $run DIRECTORY]
    set end [file join $folder .vivado.end.rst]
    if {[file exists $end]} {
        lassign [split [string trim [read_file $end]] |] progress status
        put $run PROGRESS $progress
        put $run STATUS $status
        if {$run eq "impl_1" && [file exists [file join $folder timing.dict]]} {
            dict for {name value} [read_file [file join $folder timing.dict]] { put $run STATS.$name $value }
        }
    }
}

foreach command {wait_on_run wait_on_runs} {
    vd::declare vivado $command {timeout= exit_condition=} {runs+} {
        foreach run $runs { wait_for $run }
        set failed [lmap run $runs { expr {[property $run PROGRESS] eq "100%" ? [continue] : "'$run'"} }]
        if {[llength $failed] == 0} return
        variable version
        set text "Failed runs(s) : [join $failed {, }]"
        if {$version < 2023} { return [warn "Vivado 12-13638" $text] }
        say "ERROR: \[Vivado 12-13638\] $text"
        fail "Common 17-39" "'wait_on_runs' failed due to earlier errors."
    }
}

# Follows a run's log until the run has ended.
proc vd::wait_for {run} {
    set folder [property $run DIRECTORY]
    if {![file exists [file join $folder .vivado.begin.rst]]} {
        fail "Vivado 12-1017" "Run '$run' has not been launched. Unable to wait for run."
    }
    say "\[[now]\] Waiting for $run to finish..."
    set shown 0
    while 1 {
        set ended [file exists [file join $folder .vivado.end.rst]]
        set log [file join $folder runme.log]
        set lines [expr {[file exists $log] ? [split [read_file $log] \n] : {}}]
        foreach line [lrange $lines $shown end-1] { say $line }
        set shown [expr {max(0, [llength $lines] - 1)}]
        if {$ended} break
        fall_ill $run $lines
        after 20
    }
    refresh_run $run
    say "\[[now]\] $run finished"
}

# Being killed half way: the run goes on without its parent.
proc vd::fall_ill {run lines} {
    variable play
    if {$play eq "killed" && $run eq "impl_1" && [lsearch -glob $lines "Command: place_design*"] >= 0} {
        exec kill -KILL [pid]
    }
}

vd::declare vivado open_run {name= pr_config=} {run} {
    refresh_run $run
    if {[property $run PROGRESS] ne "100%"} { fail "Common 17-69" "Command failed: Run '$run' has not been completed." }
    open_design [property $run DIRECTORY] $run
    return [given name $run]
}
