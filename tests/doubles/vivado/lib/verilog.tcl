# Reads module headers out of Verilog, as far as a block design needs them: parameters, ports, interfaces; and the names
# of the modules and data files that a design asks for.

namespace eval vd {
    # Interfaces are known by the ends of their ports' names.
    variable stream_ends {tdata tvalid tready tlast tkeep tstrb tuser tid tdest}
    variable memory_ends {
        awid awaddr awlen awsize awburst awlock awcache awprot awqos awregion awuser awvalid awready
        wid wdata wstrb wlast wuser wvalid wready bid bresp buser bvalid bready
        arid araddr arlen arsize arburst arlock arcache arprot arqos arregion aruser arvalid arready
        rid rdata rresp rlast ruser rvalid rready
    }
    variable keywords {
        always always_comb always_ff always_latch and assign assert begin buf case casex casez default defparam else end
        endcase endfunction endgenerate endmodule endtask for forever function generate genvar if import initial inout
        input integer localparam logic longint module nand negedge nor not or output parameter posedge real reg repeat
        return signed string struct task time typedef unsigned while wire xnor xor disable wait int bit byte automatic
    }
}
proc tcl::mathfunc::clog2 {n} {
    for {set bits 0} {(1 << $bits) < $n} {incr bits} {}
    return $bits
}

proc vd::read_file {path} {
    set channel [open $path r]
    fconfigure $channel -encoding utf-8
    set text [read $channel]
    close $channel
    return $text
}

proc vd::without_comments {text} {
    regsub -all {/\*.*?\*/} $text " " text
    regsub -all -line {//.*$} $text "" text
    return $text
}

# Names of the modules that a file defines.
proc vd::modules_of {path} {
    set names {}
    foreach {- name} [regexp -all -inline {(?:^|\n|;)\s*module\s+(?:automatic\s+)?([A-Za-z_]\w*)} \
            [without_comments [read_file $path]]] {
        lappend names $name
    }
    return $names
}

# {line name} of every module that a Verilog file instantiates.
proc vd::instances_of {path} {
    variable keywords
    set pattern {(?:^|[;\n])\s*([A-Za-z_]\w*)\s+(?:#\s*\(|([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)?\()}
    set found {}
    foreach {- name instance} [regexp -all -inline $pattern [without_comments [read_file $path]]] {
        if {$name ni $keywords && $instance ni $keywords} { lappend found $name }
    }
    return [lsort -unique $found]
}

# Data files that a Verilog file names for $readmemh, as string literals.
proc vd::data_files_of {path} {
    set names {}
    foreach {- name} [regexp -all -inline {"([^"\s]+\.(?:mem|hex|dat|mif))"} [without_comments [read_file $path]]] {
        lappend names $name
    }
    return [lsort -unique $names]
}

# Header of a module as a dictionary: parameters (name to value), ports (list of {name dir width info parameter}).
proc vd::module_header {path name overrides} {
    set text [without_comments [read_file $path]]
    if {![regexp -indices "module\\s+(?:automatic\\s+)?$name\\M" $text span]} { return "" }
    set rest [string range $text [expr {[lindex $span 1] + 1}] end]
    set parameters {}
    if {[regexp {^(?:\s*import[^;]*;)*\s*#\s*} $rest skipped]} {
        lassign [bracketed [string range $rest [string length $skipped] end]] inside rest
        set parameters [parameters_of $inside $overrides]
    }
    lassign [bracketed [string trimleft $rest]] inside rest
    return [list parameters $parameters ports [ports_of $inside $parameters]]
}

# What a text's first pair of brackets holds, and what comes after it.
proc vd::bracketed {text} {
    set depth 0
    set quoted 0
    for {set i 0} {$i < [string length $text]} {incr i} {
        switch -- [string index $text $i] {
            \" { set quoted [expr {!$quoted}] }
            ( { if {!$quoted} { incr depth } }
            ) { if {!$quoted && [incr depth -1] == 0} break }
        }
    }
    return [list [string range $text 1 [expr {$i - 1}]] [string range $text [expr {$i + 1}] end]]
}

# The parts between commas that stand in no bracket or string.
proc vd::at_commas {text} {
    set parts {}
    set part ""
    set depth 0
    set quoted 0
    foreach letter [split $text ""] {
        if {$letter eq "\""} { set quoted [expr {!$quoted}] }
        if {!$quoted && $letter in {( [ \{}} { incr depth }
        if {!$quoted && $letter in {) ] \}}} { incr depth -1 }
        if {$letter eq "," && !$quoted && $depth == 0} {
            lappend parts $part
            set part ""
        } else {
            append part $letter
        }
    }
    return [lappend parts $part]
}

proc vd::parameters_of {text overrides} {
    set parameters {}
    foreach part [at_commas $text] {
        if {![regexp {([A-Za-z_]\w*)\s*=\s*(.*?)\s*$} $part - name value]} continue
        if {[dict exists $overrides $name]} { set value [dict get $overrides $name] }
        dict set parameters $name [evaluated $value $parameters]
    }
    return $parameters
}

# Value of a constant expression of Verilog where Tcl can tell; else its text.
proc vd::evaluated {expression parameters} {
    set text [string map {\$clog2 clog2} [string trim $expression]]
    regsub -all {\d+'[sS]?[dD](\d+)} $text {\1} text
    regsub -all {\d+'[sS]?[hH]([0-9a-fA-F_]+)} $text {0x\1} text
    dict for {name value} $parameters {
        if {[string is double -strict $value]} { regsub -all "\\m$name\\M" $text $value text }
    }
    if {[regexp {^[\d\sa-fx.()+*/%<>=!?:&|^~-]*$} [string map {clog2 {}} $text]] && ![catch {expr $text} value]} {
        return $value
    }
    return $expression
}

proc vd::ports_of {text parameters} {
    set ports {}
    set dir ""
    set width 1
    foreach part [at_commas $text] {
        set info ""
        set extra ""
        regexp {X_INTERFACE_INFO\s*=\s*"([^"]*)"} $part - info
        regexp {X_INTERFACE_PARAMETER\s*=\s*"([^"]*)"} $part - extra
        regsub -all {\(\*.*?\*\)} $part "" part
        if {[regexp {^\s*(input|output|inout)\M\s*(?:wire|reg|logic|tri)?\s*(?:signed)?\s*(.*)$} $part - dir part]} {
            set width 1
            if {[regexp {^\s*\[(.*):([^:\]]*)\]\s*(.*)$} $part - left right part]} {
                set width [port_width $left $right $parameters]
            }
        }
        if {[regexp {([A-Za-z_]\w*)\s*$} $part - name]} { lappend ports [list $name $dir $width $info $extra] }
    }
    return $ports
}

proc vd::port_width {left right parameters} {
    set width [evaluated "($left) - ($right) + 1" $parameters]
    if {![string is integer -strict $width]} {
        fail "IP_Flow 19-3461" "Value '$left' is out of the range for a port: it is no constant."
    }
    return $width
}

# Interfaces and single pins of a list of ports.
#   interfaces: name to {class axis|aximm mode Master|Slave ports {suffix {port dir width}}}
#   pins: name to {dir I|O width type clk|rst|data}
proc vd::interfaces_of {ports} {
    set interfaces {}
    set pins {}
    foreach port $ports {
        lassign $port name dir width info extra
        lassign [member_of $name $info] class interface end
        if {$class ne ""} {
            dict set interfaces $interface class $class
            dict set interfaces $interface ports $end [list $name $dir $width]
        } else {
            set letter [dict get {input I output O inout IO} $dir]
            dict set pins $name [list dir $letter width $width type [pin_type $name $dir $info] parameter $extra]
        }
    }
    dict for {name interface} $interfaces {
        set valid [expr {[dict get $interface class] eq "axis" ? "tvalid" : "awvalid"}]
        if {![dict exists $interface ports $valid]} { set valid arvalid }
        if {![dict exists $interface ports $valid]} {
            # No handshake, no interface: the ports stay pins.
            dict for {end port} [dict get $interface ports] {
                lassign $port port dir width
                dict set pins $port [list dir [dict get {input I output O} $dir] width $width type data parameter {}]
            }
            dict unset interfaces $name
            continue
        }
        set driven [lindex [dict get $interface ports $valid] 1]
        dict set interfaces $name mode [expr {$driven eq "input" ? "Slave" : "Master"}]
    }
    return [list $interfaces $pins]
}

# Class, interface and signal that a port belongs to: what its X_INTERFACE_INFO says, else the end of its name.
proc vd::member_of {name info} {
    variable stream_ends
    variable memory_ends
    if {[regexp {interface:(axis|aximm):[\d.]+\s+(\S+)\s+(\S+)} $info - class interface end]} {
        return [list $class $interface [string tolower $end]]
    }
    if {$info ne "" || ![regexp {^(.+)_([A-Za-z]+)$} $name - interface end]} return
    set end [string tolower $end]
    if {$end in $stream_ends} { return [list axis $interface $end] }
    if {$end in $memory_ends} { return [list aximm $interface $end] }
}

proc vd::pin_type {name dir info} {
    if {[string match *signal:clock:* $info]} { return clk }
    if {[string match *signal:reset:* $info]} { return rst }
    if {$dir ne "input"} { return data }
    if {[regexp -nocase {(^|_)a?clk\d*x?$|^clock$} $name]} { return clk }
    if {[regexp -nocase {(^|_)a?re?se?t_?n?$} $name]} { return rst }
    return data
}
