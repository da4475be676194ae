// A ROM whose words are read one after the other, again and again.
//
// Parameters: WORDS of WIDTH in FILE; ROM_STYLE is its rom_style attribute. A sole word is a constant.
// Timing: `word` is the present one two clocks after `next`, which goes on to the next one; through two registers, since
//   block RAM is slow.
module rom_walk #(
    parameter WORDS = 1,
    parameter WIDTH = 8,
    parameter ROM_STYLE = "auto",
    parameter FILE = ""
) (
    input clk,
    input rst,
    input next,
    output [WIDTH-1:0] word
);
    generate
        if (WORDS == 1) begin : constant
            reg [WIDTH-1:0] rom [0:0];
            if (FILE != "") begin : load
                initial $readmemh(FILE, rom);
            end
            assign word = rom[0];
        end else begin : walked
            localparam ADDRESS_BITS = $clog2(WORDS);
            localparam [ADDRESS_BITS-1:0] LAST = WORDS - 1;
            (* rom_style = ROM_STYLE *)
            reg [WIDTH-1:0] rom [0:WORDS-1];
            if (FILE != "") begin : load
                initial $readmemh(FILE, rom);
            end
            reg [ADDRESS_BITS-1:0] address;
            reg [WIDTH-1:0] fetched, present;
            always @(posedge clk) begin
                fetched <= rom[address];
                present <= fetched;
                if (rst || (next && address == LAST))
                    address <= 0;
                else if (next)
                    address <= address + 1'b1;
            end
            assign word = present;
        end
    endgenerate
endmodule
