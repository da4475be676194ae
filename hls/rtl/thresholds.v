// Counts, for each of PE unsigned accumulators, how many of its LEVELS thresholds it reaches; all compared at once.
//
// Parameters: THRESHOLD_FILE has FOLDS words; a word holds, PE 0 lowest, LEVELS thresholds of BITS for each PE, in
//   ascending order. BITS is at least ACC_BITS. OUT_BITS holds LEVELS.
//   ROM_STYLE is the ROM's rom_style attribute.
// Timing: one beat a cycle; the counts are valid the cycle after the accumulators.
module thresholds #(
    parameter PE = 1,
    parameter ACC_BITS = 8,
    parameter BITS = 8,
    parameter LEVELS = 3,
    parameter OUT_BITS = 2,
    parameter FOLDS = 1,
    parameter ROM_STYLE = "auto",
    parameter THRESHOLD_FILE = ""
) (
    input clk,
    input rst,
    input [PE*ACC_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output [PE*OUT_BITS-1:0] out_data,
    output reg out_valid,
    input out_ready
);
    localparam FOLD_BITS = FOLDS > 1 ? $clog2(FOLDS) : 1;
    localparam [FOLD_BITS-1:0] LAST_FOLD = FOLDS - 1;
    localparam WORD_BITS = PE * LEVELS * BITS;

    // The next row is read while the present one is in use; the first one is read once after reset.
    (* rom_style = ROM_STYLE *)
    reg [WORD_BITS-1:0] rom [0:FOLDS-1];
    generate
        if (THRESHOLD_FILE != "") begin : load
            initial $readmemh(THRESHOLD_FILE, rom);
        end
    endgenerate
    reg [FOLD_BITS-1:0] fold;
    reg [WORD_BITS-1:0] entry;
    reg primed;
    wire take = in_valid && in_ready;
    wire next = !primed || take;
    assign in_ready = primed && (!out_valid || out_ready);
    always @(posedge clk) begin
        if (next) begin
            entry <= rom[fold];
            fold <= fold + 1'b1;
        end
        if (!out_valid || out_ready)
            out_valid <= take;
        primed <= 1'b1;
        if (rst || (next && fold == LAST_FOLD))
            fold <= 0;
        if (rst) begin
            primed <= 1'b0;
            out_valid <= 1'b0;
        end
    end

    genvar p;
    generate
        for (p = 0; p < PE; p = p + 1) begin : pe
            wire [ACC_BITS-1:0] accumulator = in_data[p*ACC_BITS +: ACC_BITS];
            reg [OUT_BITS-1:0] count;
            reg [OUT_BITS-1:0] reached;
            integer i;
            always @* begin
                reached = 0;
                for (i = 0; i < LEVELS; i = i + 1)
                    if (accumulator >= entry[(p*LEVELS+i)*BITS +: BITS])
                        reached = reached + 1'b1;
            end
            always @(posedge clk)
                if (take)
                    count <= reached;
            assign out_data[p*OUT_BITS +: OUT_BITS] = count;
        end
    endgenerate
endmodule
