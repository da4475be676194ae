# -filter expressions: NAME == x && (TYPE =~ y* || !FLAG).

# Those of `objects` for which the expression holds.
proc vd::filtered {objects expression} {
    if {[string trim $expression] eq ""} { return $objects }
    set tokens [filter_tokens $expression]
    set kept {}
    foreach object $objects {
        set rest $tokens
        if {[filter_or rest $object]} { lappend kept $object }
        if {[llength $rest]} { filter_refuse $expression }
    }
    return $kept
}

proc vd::filter_tokens {expression} {
    set pattern {\(|\)|&&|\|\||==|!=|=~|!~|!|"[^"]*"|\{[^\}]*\}|[^\s()&|=!~]+}
    if {[string trim [regsub -all $pattern $expression ""]] ne ""} { filter_refuse $expression }
    return [regexp -all -inline $pattern $expression]
}

proc vd::filter_or {name object} {
    upvar 1 $name rest
    set value [filter_and rest $object]
    while {[lindex $rest 0] eq "||"} {
        set rest [lrange $rest 1 end]
        set other [filter_and rest $object]
        set value [expr {$value || $other}]
    }
    return $value
}

proc vd::filter_and {name object} {
    upvar 1 $name rest
    set value [filter_term rest $object]
    while {[lindex $rest 0] eq "&&"} {
        set rest [lrange $rest 1 end]
        set other [filter_term rest $object]
        set value [expr {$value && $other}]
    }
    return $value
}

proc vd::filter_term {name object} {
    upvar 1 $name rest
    set rest [lassign $rest word]
    if {$word eq "!"} { return [expr {![filter_term rest $object]}] }
    if {$word eq "("} {
        set value [filter_or rest $object]
        set rest [lassign $rest close]
        if {$close ne ")"} { filter_refuse $word }
        return $value
    }
    set value [property $object $word]
    if {[lindex $rest 0] ni {== != =~ !~}} { return [expr {$value in {1 true TRUE}}] }
    set rest [lassign $rest operator wanted]
    set wanted [string trim $wanted "\"{}"]
    switch -- $operator {
        == { return [string equal $value $wanted] }
        != { return [expr {![string equal $value $wanted]}] }
        =~ { return [string match $wanted $value] }
        !~ { return [expr {![string match $wanted $value]}] }
    }
}

proc vd::filter_refuse {expression} {
    fail "Common 17-161" "Invalid option value '$expression' specified for 'filter'."
}
