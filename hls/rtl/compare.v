// Counts how many thresholds each of LANES codes reaches; all compared at once.
//
// Parameters: LANES codes of IN_BITS a beat, INVERT: inverted first. OUT_BITS of the count; 2**OUT_BITS - 1 thresholds
//   each, ascending, of IN_BITS + 1 (so that one may be never reached). FILE has WORDS words (1, or one a beat of a
//   position), each LANES times the thresholds, the least lowest. ROM_STYLE is the ROM's rom_style attribute.
// Timing: a beat every clock, 4 clocks from it to its counts.
module compare #(
    parameter LANES = 1,
    parameter IN_BITS = 8,
    parameter INVERT = 0,
    parameter OUT_BITS = 2,
    parameter WORDS = 1,
    parameter ROM_STYLE = "auto",
    parameter FILE = ""
) (
    input clk,
    input rst,
    input [LANES*IN_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output [LANES*OUT_BITS-1:0] out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam LEVELS = (1 << OUT_BITS) - 1;
    localparam BITS = IN_BITS + 1;

    wire issue = in_valid && out_room;
    assign in_ready = out_room;
    assign out_reserve = issue;
    reg [3:0] issued;
    always @(posedge clk)
        issued <= rst ? 4'b0 : {issued[2:0], issue};
    assign out_push = issued[3];

    wire [LANES*LEVELS*BITS-1:0] thresholds;
    rom_walk #(.WORDS(WORDS), .WIDTH(LANES*LEVELS*BITS), .ROM_STYLE(ROM_STYLE), .FILE(FILE))
        rom (.clk(clk), .rst(rst), .next(issue), .word(thresholds));

    genvar p, i;
    generate
        for (p = 0; p < LANES; p = p + 1) begin : lane
            reg [IN_BITS-1:0] code, compared;
            always @(posedge clk) begin
                code <= in_data[p*IN_BITS +: IN_BITS] ^ {IN_BITS{INVERT != 0}};
                compared <= code;
            end
            reg [LEVELS-1:0] reached;
            for (i = 0; i < LEVELS; i = i + 1) begin : level
                always @(posedge clk)
                    reached[i] <= {1'b0, compared} >= thresholds[(p*LEVELS+i)*BITS +: BITS];
            end
            // They rise, so the middle one of those that are left tells the next bit of the count.
            reg [OUT_BITS-1:0] count, found;
            integer bit_;
            always @* begin
                found = 0;
                for (bit_ = OUT_BITS - 1; bit_ >= 0; bit_ = bit_ - 1)
                    found = found | (reached[(found | (1 << bit_)) - 1] ? 1 << bit_ : 0);
            end
            always @(posedge clk)
                count <= found;
            assign out_data[p*OUT_BITS +: OUT_BITS] = count;
        end
    endgenerate
endmodule
