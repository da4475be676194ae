// Folded matrix-vector unit: PE neurons x SIMD elements a cycle, weights in a ROM.
//
// Parameters: inputs are SIMD unsigned elements of IN_BITS a beat, BEATS beats a vector, each vector played FOLDS
//   times (by vector_buffer.v), once for each group of PE neurons. WEIGHT_KIND says what a weight word holds, PE 0
//   lowest:
//     0 bipolar: for each PE, SIMD bits "negative";
//     1 ternary: for each PE, SIMD bits "not zero", then SIMD bits "negative";
//     2 integer: for each PE, SIMD two's complement weights of WEIGHT_BITS.
//   For kinds 0 and 1 a negative weight contributes the inverted input, x -> 2**IN_BITS-1-x: the constant this adds
//   to a neuron belongs into its threshold or bias. WEIGHT_FILE has BEATS*FOLDS words, fold-major.
//   Each accumulator of ACC_BITS (modulo arithmetic) starts at INIT, or where HAS_BIAS at its word of BIAS_FILE
//   (FOLDS words of PE entries), and adds SCALE times each sum. ROM_STYLE is the weight ROM's rom_style attribute.
// Timing: the accumulators of a fold are valid two cycles after its last beat and stay while the next fold is
//   summed; one beat a cycle.
module mvu #(
    parameter PE = 1,
    parameter SIMD = 1,
    parameter IN_BITS = 1,
    parameter BEATS = 1,
    parameter FOLDS = 1,
    parameter WEIGHT_KIND = 1,
    parameter WEIGHT_BITS = 2,
    parameter WEIGHT_FILE = "",
    parameter ROM_STYLE = "auto",
    parameter SUM_BITS = 8,
    parameter ACC_BITS = 8,
    parameter [ACC_BITS-1:0] INIT = 0,
    parameter SCALE = 1,
    parameter HAS_BIAS = 0,
    parameter BIAS_FILE = ""
) (
    input clk,
    input rst,
    input [SIMD*IN_BITS-1:0] in_data,
    input in_last,
    input in_valid,
    output in_ready,
    output reg [PE*ACC_BITS-1:0] out_data,
    output reg out_valid,
    input out_ready
);
    localparam WORDS = BEATS * FOLDS;
    localparam WORD_BITS = PE * SIMD * WEIGHT_BITS;
    localparam ADDRESS_BITS = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam [ADDRESS_BITS-1:0] LAST_WORD = WORDS - 1;

    // One stage sums the elements of a beat, the next accumulates; both wait while a complete fold has no room.
    reg sum_valid, sum_last, primed;
    wire complete = sum_valid && sum_last;
    wire advance = !(complete && out_valid && !out_ready);

    // Word k+1 is read while word k is in use; the first one is read once after reset.
    (* rom_style = ROM_STYLE *)
    reg [WORD_BITS-1:0] weight_rom [0:WORDS-1];
    generate
        if (WEIGHT_FILE != "") begin : load
            initial $readmemh(WEIGHT_FILE, weight_rom);
        end
    endgenerate
    reg [ADDRESS_BITS-1:0] word;
    reg [WORD_BITS-1:0] weights;
    wire next = !primed || (in_valid && advance);
    assign in_ready = primed && advance;
    always @(posedge clk) begin
        if (next) begin
            weights <= weight_rom[word];
            word <= word + 1'b1;
        end
        primed <= 1'b1;
        if (rst || (next && word == LAST_WORD))
            word <= 0;
        if (rst)
            primed <= 1'b0;
    end

    always @(posedge clk) begin
        if (advance) begin
            sum_valid <= in_valid && primed;
            sum_last <= in_last;
        end
        if (advance && complete)
            out_valid <= 1'b1;
        else if (out_ready)
            out_valid <= 1'b0;
        if (rst) begin
            sum_valid <= 1'b0;
            out_valid <= 1'b0;
        end
    end

    // The accumulators restart as a fold completes, so that no adder needs a multiplexer before it.
    wire restart = !primed || (advance && complete);
    wire [PE*ACC_BITS-1:0] start;
    generate
        if (HAS_BIAS) begin : bias
            localparam FOLD_BITS = FOLDS > 1 ? $clog2(FOLDS) : 1;
            localparam [FOLD_BITS-1:0] LAST_FOLD = FOLDS - 1;
            reg [PE*ACC_BITS-1:0] rom [0:FOLDS-1];
            initial $readmemh(BIAS_FILE, rom);
            reg [FOLD_BITS-1:0] fold;
            always @(posedge clk) begin
                if (restart)
                    fold <= fold + 1'b1;
                if (rst || (restart && fold == LAST_FOLD))
                    fold <= 0;
            end
            assign start = rom[fold];
        end else begin : no_bias
            assign start = {PE{INIT}};
        end
    endgenerate

    genvar p;
    generate
        for (p = 0; p < PE; p = p + 1) begin : pe
            wire [SIMD*WEIGHT_BITS-1:0] row = weights[p*SIMD*WEIGHT_BITS +: SIMD*WEIGHT_BITS];
            reg [SUM_BITS-1:0] sum;
            wire [SUM_BITS-1:0] total;
            if (WEIGHT_KIND == 2) begin : integer_weights
                weighted_sum #(.SIMD(SIMD), .IN_BITS(IN_BITS), .WEIGHT_BITS(WEIGHT_BITS), .SUM_BITS(SUM_BITS))
                    tree (.x(in_data), .weights(row), .total(total));
            end else begin : sign_weights
                masked_sum #(.SIMD(SIMD), .IN_BITS(IN_BITS), .SUM_BITS(SUM_BITS)) tree (
                    .x(in_data),
                    .enable(WEIGHT_KIND == 0 ? {SIMD{1'b1}} : row[SIMD-1:0]),
                    .invert(row[SIMD*WEIGHT_BITS-1 -: SIMD]),
                    .total(total)
                );
            end
            wire [ACC_BITS-1:0] addend;
            if (ACC_BITS > SUM_BITS) begin : widen
                assign addend = {{(ACC_BITS-SUM_BITS){WEIGHT_KIND == 2 && sum[SUM_BITS-1]}}, sum} * SCALE;
            end else begin : narrow
                assign addend = sum[ACC_BITS-1:0] * SCALE;
            end
            reg [ACC_BITS-1:0] accumulator;
            wire [ACC_BITS-1:0] result = accumulator + addend;
            always @(posedge clk) begin
                if (advance) begin
                    sum <= total;
                    if (sum_valid)
                        accumulator <= result;
                    if (complete)
                        out_data[p*ACC_BITS +: ACC_BITS] <= result;
                end
                if (restart)
                    accumulator <= start[p*ACC_BITS +: ACC_BITS];
            end
        end
    endgenerate
endmodule
