# What the tools print, and where: standard output and the log file.

namespace eval vd {
    variable log ""
    # How many commands with -quiet are at work.
    variable muted 0
    # Build numbers as the real releases have them.
    variable builds {
        2022.2 {3671981 {Fri Oct 14 04:59:54 MDT 2022}} 2023.2 {4029153 {Fri Oct 13 20:13:54 MDT 2023}}
        2024.1 {5076996 {Wed May 22 18:36:09 MDT 2024}} 2024.2 {5239630 {Fri Nov 08 22:34:34 MST 2024}}
        2025.1 {6140274 {Wed May 21 22:58:25 MDT 2025}}
    }
}

rename puts vd::real_puts
proc puts {args} {
    if {[llength $args] == 1} { return [vd::say [lindex $args 0]] }
    if {[llength $args] == 2 && [lindex $args 0] eq "stdout"} { return [vd::say [lindex $args 1]] }
    vd::real_puts {*}$args
}

proc vd::say {line} {
    variable log
    variable muted
    if {$muted} return
    vd::real_puts stdout $line
    flush stdout
    if {$log ne ""} { vd::real_puts $log $line }
}

proc vd::open_log {path} {
    variable log
    if {$path eq ""} return
    set log [open $path w]
    fconfigure $log -buffering line
}

proc vd::close_log {} {
    variable log
    if {$log ne ""} { close $log }
    set log ""
}

proc vd::build {} {
    variable builds
    variable version
    return [expr {[dict exists $builds $version] ? [dict get $builds $version] : {6299465 {Fri Nov 14 12:34:56 MST 2025}}}]
}

proc vd::banner {title} {
    lassign [vd::build] number date
    vd::say ""
    vd::say "****** $title"
    vd::say "  **** SW Build $number on $date"
    vd::say "  **** IP Build $number on $date"
    vd::say "    ** Copyright 1986-2022 Xilinx, Inc. All Rights Reserved."
    vd::say "    ** a double of it, for tests"
    vd::say ""
}

proc vd::print_version {} {
    variable version
    lassign [vd::build] number date
    vd::say "[expr {$version < 2023 ? {Vivado} : {vivado}}] v$version (64-bit)"
    vd::say "Tool Version Limit: [string map {.1 .05 .2 .11} $version]"
    vd::say "SW Build $number on $date"
    vd::say "IP Build $number on $date"
}

proc vd::now {} {
    return [clock format [clock seconds] -format "%a %b %d %H:%M:%S %Y"]
}

proc vd::note {id text} { vd::message INFO $id $text }
proc vd::warn {id text} { vd::message WARNING $id $text }
proc vd::critical {id text} { vd::message "CRITICAL WARNING" $id $text }

# A message with its identifier, if no rule of set_msg_config suppresses it or makes it an error.
proc vd::message {severity id text} {
    variable rules
    if {[info exists rules($id)]} {
        if {$rules($id) eq "suppress"} return
        if {$rules($id) eq "ERROR"} { vd::fail $id $text }
        set severity $rules($id)
    }
    vd::say "$severity: \[$id\] $text"
}

# An error: it is printed where it happens, and ends the command.
proc vd::fail {id text} {
    vd::say "ERROR: \[$id\] $text"
    error "ERROR: \[$id\] $text"
}

proc vd::write_text {path text} {
    file mkdir [file dirname $path]
    set channel [open $path w]
    real_puts $channel $text
    close $channel
}

# "xczu7ev" of "xczu7ev-ffvc1156-2-e", "xc7z020" of "xc7z020clg400-1".
proc vd::device_of {part} {
    if {[regexp {^xc7z\d+} $part device]} { return $device }
    return [lindex [split $part -] 0]
}
