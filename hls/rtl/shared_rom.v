// A ROM of two modules, each of which reads a word a clock: a block RAM's two ports.
//
// Parameters: 2**BITS words of WIDTH in FILE. Words of the first reader begin at the lowest address and go up, those of
//   the second begin at the highest and go down, so that no address is the sum of anything. Each has WIDTH_A or WIDTH_B
//   bits, the lowest of its word.
// Timing: `fetched_a` is the word at `word_a` a clock before; likewise b.
module shared_rom #(
    parameter BITS = 2,
    parameter WIDTH = 8,
    parameter BITS_A = 1,
    parameter WIDTH_A = 8,
    parameter BITS_B = 1,
    parameter WIDTH_B = 8,
    parameter FILE = ""
) (
    input clk,
    input [BITS_A-1:0] word_a,
    output [WIDTH_A-1:0] fetched_a,
    input [BITS_B-1:0] word_b,
    output [WIDTH_B-1:0] fetched_b
);
    (* rom_style = "block" *)
    reg [WIDTH-1:0] rom [0:(1<<BITS)-1];
    generate
        if (FILE != "") begin : load
            initial $readmemh(FILE, rom);
        end
    endgenerate
    wire [BITS-1:0] up = word_a;
    wire [BITS-1:0] down = word_b;
    reg [WIDTH-1:0] first, second;
    always @(posedge clk)
        first <= rom[up];
    always @(posedge clk)
        second <= rom[~down];
    assign fetched_a = first[WIDTH_A-1:0];
    assign fetched_b = second[WIDTH_B-1:0];
endmodule
