# Declares the tools' commands: which options and arguments each takes. What is not declared is an error, as in Vivado.
#
#   declare <tool> <command> <options> <positional> <body>
#
# An option that takes a value ends in "="; a positional is required, optional (x?), the objects that remain (x*), these
# and at least one (x+), or the words that remain as they are (x&). The body sees `opt`, a dictionary of the options
# given, and the positionals as variables.

namespace eval vd {
    variable commands {}
}

proc vd::declare {tool name options positional body} {
    variable commands
    lappend options quiet verbose
    dict set commands $tool $name [list $options $positional $body]
}

proc vd::install {tool} {
    variable commands
    dict for {name specification} [dict get $commands $tool] {
        namespace eval ::[namespace qualifiers $name] {}
        proc ::$name args "vd::call $tool $name \$args"
    }
}

# Runs a declared command. With -quiet its errors are none.
proc vd::call {tool name arguments} {
    variable commands
    lassign [dict get $commands $tool $name] options positional body
    lassign [vd::parse $name $options $positional $arguments] opt values
    set parameters [list opt]
    foreach parameter $positional { lappend parameters [string trimright $parameter "?*+&"] }
    if {![dict exists $opt quiet]} {
        return [apply [list $parameters $body ::vd] $opt {*}$values]
    }
    variable muted
    incr muted
    set failed [catch {apply [list $parameters $body ::vd] $opt {*}$values} result]
    incr muted -1
    return [expr {$failed ? "" : $result}]
}

proc vd::parse {name options positional arguments} {
    set opt {}
    set words {}
    for {set i 0} {$i < [llength $arguments]} {incr i} {
        set word [lindex $arguments $i]
        if {![regexp {^-[A-Za-z_]} $word]} {
            lappend words $word
            continue
        }
        set option [vd::option $name $options $word]
        if {[string index $option end] ne "="} {
            dict set opt $option 1
        } elseif {[incr i] < [llength $arguments]} {
            dict set opt [string trimright $option =] [lindex $arguments $i]
        } else {
            vd::fail "Common 17-163" "Missing value for option '[string range $word 1 end]', please type '$name -help' for usage info."
        }
    }
    return [list $opt [vd::positional $name $positional $words]]
}

# The option that a word names, in full or by an unambiguous beginning.
proc vd::option {name options word} {
    set given [string range $word 1 end]
    set found {}
    foreach option $options {
        if {[string trimright $option =] eq $given} { return $option }
        if {[string match $given* $option]} { lappend found $option }
    }
    if {[llength $found] != 1} {
        vd::fail "Common 17-170" "Unknown option '$word', please type '$name -help' for usage info."
    }
    return [lindex $found 0]
}

proc vd::positional {name positional words} {
    set values {}
    foreach parameter $positional {
        set kind [string index $parameter end]
        if {$kind eq "&"} { return [concat $values [list $words]] }
        if {$kind in {* +}} {
            if {$kind eq "+" && [llength $words] == 0} { vd::missing $name $parameter }
            # Several objects come as one list or as several words.
            lappend values [expr {[llength $words] == 1 ? [lindex $words 0] : [concat {*}$words]}]
            return $values
        }
        if {[llength $words] == 0 && $kind ne "?"} { vd::missing $name $parameter }
        lappend values [lindex $words 0]
        set words [lrange $words 1 end]
    }
    if {[llength $words]} {
        vd::fail "Common 17-165" "Too many positional options when parsing '[lindex $words 0]', please type '$name -help' for usage info."
    }
    return $values
}

proc vd::missing {name parameter} {
    vd::fail "Common 17-157" "Option '[string trimright $parameter "?*+&"]' is required, please type '$name -help' for usage info."
}

# Value of an option, or a default.
proc vd::given {name {default ""}} {
    upvar 1 opt opt
    return [expr {[dict exists $opt $name] ? [dict get $opt $name] : $default}]
}
