# component.xml (IP-XACT) of packaged IPs: written and read, as far as names, ports and files go.

proc vd::xml_read_all {text tag} {
    return [regexp -all -inline "<spirit:$tag>(.*?)</spirit:$tag>" $text]
}

# {vlnv name ports}: what a component.xml says.
proc vd::read_component {file} {
    set text [read_file $file]
    set words {}
    foreach tag {vendor library name version} {
        if {![regexp "<spirit:$tag>(\[^<\]*)</spirit:$tag>" $text - word]} {
            fail "IP_Flow 19-993" "Could not find the $tag in '$file'"
        }
        lappend words $word
    }
    set ports {}
    if {[regexp {<spirit:model>.*?<spirit:ports>(.*)</spirit:ports>.*</spirit:model>} $text - inside]} {
        foreach {- port} [xml_read_all $inside port] { lappend ports [read_component_port $port] }
    }
    return [list vlnv [join $words :] name [lindex $words 2] ports $ports]
}

proc vd::read_component_port {text} {
    regexp {<spirit:name>([^<]*)<} $text - name
    regexp {<spirit:direction>([^<]*)<} $text - direction
    set width 1
    if {[regexp {<spirit:left[^>]*>(\d+)<.*?<spirit:right[^>]*>(\d+)<} $text - left right]} {
        set width [expr {$left - $right + 1}]
    }
    return [list $name [dict get {in input out output inout inout} $direction] $width "" ""]
}

# Writes a component.xml. `groups` maps file groups to files, relative to its folder.
proc vd::write_component {file vlnv ports groups maps} {
    lassign [split $vlnv :] vendor library name number
    lassign [interfaces_of $ports] interfaces pins
    set channel [open $file w]
    set lines [list {<?xml version="1.0" encoding="UTF-8"?>}]
    lappend lines {<spirit:component xmlns:xilinx="http://www.xilinx.com" xmlns:spirit="http://www.spiritconsortium.org/XMLSchema/SPIRIT/1685-2009">}
    foreach {tag word} [list vendor $vendor library $library name $name version $number] {
        lappend lines "  <spirit:$tag>$word</spirit:$tag>"
    }
    lappend lines "  <spirit:busInterfaces>"
    dict for {interface description} $interfaces { lappend lines {*}[component_interface $interface $description] }
    lappend lines "  </spirit:busInterfaces>" "  <spirit:memoryMaps>"
    dict for {map range} $maps { lappend lines {*}[component_map $map $range] }
    lappend lines "  </spirit:memoryMaps>" "  <spirit:model>" "    <spirit:ports>"
    foreach port $ports { lappend lines {*}[component_port $port] }
    lappend lines "    </spirit:ports>" "  </spirit:model>" "  <spirit:fileSets>"
    dict for {group files} $groups { lappend lines {*}[component_files $group $files] }
    lappend lines "  </spirit:fileSets>" "</spirit:component>"
    real_puts $channel [join $lines \n]
    close $channel
}

proc vd::component_interface {name description} {
    set class [dict get $description class]
    set mode [string tolower [dict get $description mode]]
    set lines [list "    <spirit:busInterface>" "      <spirit:name>$name</spirit:name>" \
        "      <spirit:busType spirit:vendor=\"xilinx.com\" spirit:library=\"interface\" spirit:name=\"$class\" spirit:version=\"1.0\"/>" \
        "      <spirit:$mode/>" "      <spirit:portMaps>"]
    dict for {end port} [dict get $description ports] {
        lappend lines "        <spirit:portMap>" \
            "          <spirit:logicalPort><spirit:name>[string toupper $end]</spirit:name></spirit:logicalPort>" \
            "          <spirit:physicalPort><spirit:name>[lindex $port 0]</spirit:name></spirit:physicalPort>" \
            "        </spirit:portMap>"
    }
    return [lappend lines "      </spirit:portMaps>" "    </spirit:busInterface>"]
}

proc vd::component_map {name range} {
    return [list "    <spirit:memoryMap>" "      <spirit:name>$name</spirit:name>" "      <spirit:addressBlock>" \
        "        <spirit:name>Reg0</spirit:name>" "        <spirit:baseAddress>0</spirit:baseAddress>" \
        "        <spirit:range>$range</spirit:range>" "      </spirit:addressBlock>" "    </spirit:memoryMap>"]
}

proc vd::component_port {port} {
    lassign $port name dir width
    set direction [dict get {input in output out inout inout} $dir]
    set lines [list "      <spirit:port>" "        <spirit:name>$name</spirit:name>" "        <spirit:wire>" \
        "          <spirit:direction>$direction</spirit:direction>"]
    if {$width > 1} {
        lappend lines "          <spirit:vector>" \
            "            <spirit:left spirit:format=\"long\">[expr {$width - 1}]</spirit:left>" \
            "            <spirit:right spirit:format=\"long\">0</spirit:right>" "          </spirit:vector>"
    }
    return [lappend lines "        </spirit:wire>" "      </spirit:port>"]
}

proc vd::component_files {group files} {
    set lines [list "    <spirit:fileSet>" "      <spirit:name>${group}_view_fileset</spirit:name>"]
    foreach file $files {
        lappend lines "      <spirit:file>" "        <spirit:name>$file</spirit:name>" "      </spirit:file>"
    }
    return [lappend lines "    </spirit:fileSet>"]
}
