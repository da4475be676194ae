// A ROM whose words are read one after the other, again and again.
//
// Parameters: WORDS of WIDTH in FILE; ROM_STYLE is its rom_style attribute. A sole word is a constant. Where ROM_STYLE is
//   "outside", another module holds the words: `rom_fetched` is the one at `rom_word` a clock before.
// Timing: `word` is the present one two clocks after `next`, which goes on to the next one; through two registers, since
//   block RAM is slow.
module rom_walk #(
    parameter WORDS = 1,
    parameter WIDTH = 8,
    parameter ROM_STYLE = "auto",
    parameter FILE = "",
    parameter ADDRESS_BITS = WORDS > 1 ? $clog2(WORDS) : 1  // derived
) (
    input clk,
    input rst,
    input next,
    output [WIDTH-1:0] word,
    output [ADDRESS_BITS-1:0] rom_word,  // these where it is "outside"
    input [WIDTH-1:0] rom_fetched
);
    generate
        if (WORDS == 1) begin : constant
            reg [WIDTH-1:0] rom [0:0];
            if (FILE != "") begin : load
                initial $readmemh(FILE, rom);
            end
            assign word = rom[0];
            assign rom_word = 0;
        end else begin : walked
            localparam [ADDRESS_BITS-1:0] LAST = WORDS - 1;
            reg [ADDRESS_BITS-1:0] address;
            wire [WIDTH-1:0] fetched;
            if (ROM_STYLE == "outside") begin : outside
                assign fetched = rom_fetched;
            end else begin : own
                (* rom_style = ROM_STYLE *)
                reg [WIDTH-1:0] rom [0:WORDS-1];
                if (FILE != "") begin : load
                    initial $readmemh(FILE, rom);
                end
                reg [WIDTH-1:0] read;
                always @(posedge clk)
                    read <= rom[address];
                assign fetched = read;
            end
            assign rom_word = address;
            reg [WIDTH-1:0] present;
            always @(posedge clk) begin
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
