// Matrix products: PE neurons x SIMD elements a beat, weights in a ROM.
//
// Parameters: inputs are SIMD unsigned elements of IN_BITS a beat, BEATS beats a fold; a fold gives PE accumulators, and
//   FOLDS folds use up the ROM. Where DEPTHWISE, SIMD is PE and lane p has neuron p for itself. WEIGHT_KIND says what a
//   weight word holds, for each PE, PE 0 lowest, its elements (SIMD, or one where DEPTHWISE):
//     0 bipolar: a bit "negative" each;
//     1 ternary: first a bit "not zero" each, then a bit "negative" each;
//     2 integer: two's complement weights of WEIGHT_BITS.
//   For kinds 0 and 1 a negative weight contributes the inverted input, x -> 2**IN_BITS-1-x: the constant that this adds
//   belongs into the start. WEIGHT_FILE has BEATS*FOLDS words, fold by fold; a ROM of ROM_STYLE "block" has an output
//   register. So has a memory of ROM_STYLE "loaded": a weight_memory, with its parameters PAGE_BITS, FIRST_PAGE and
//   LOAD_BITS, that is written before the first beat. Where it is "outside", another module holds the words: `rom_fetched`
//   is the one at `rom_word` a clock before. MULTIPLIER is "dsp", "lut" for products by shifts and adders, or
//   "packed": SHARED neurons share a multiplier for each element, SPACING bits apart in it, and their weights are stored
//   2**(WEIGHT_BITS-1) too large.
//   An accumulator of ACC_BITS + DROP (modulo arithmetic) begins at its fold's word of START_FILE (PE entries; FOLDS
//   words, or STARTS is 1) and adds FACTOR times each beat's sum, of SUM_BITS; the upper ACC_BITS leave.
// Timing: one beat a clock. The last beat of a fold waits for room; the accumulators are pushed 2 clocks later, and one
//   more for each of: integer weights, MULTIPLIER "packed", a ROM_STYLE with an output register, and each level of the
//   tree that adds the lanes.
module mac #(
    parameter PE = 1,
    parameter SIMD = 1,
    parameter DEPTHWISE = 0,
    parameter IN_BITS = 1,
    parameter BEATS = 1,
    parameter FOLDS = 1,
    parameter WEIGHT_KIND = 2,
    parameter WEIGHT_BITS = 2,
    parameter WEIGHT_FILE = "",
    parameter ROM_STYLE = "block",
    parameter MULTIPLIER = "dsp",
    parameter SHARED = 1,
    parameter SPACING = 1,
    parameter SUM_BITS = 8,
    parameter ACC_BITS = 8,
    parameter DROP = 0,
    parameter [ACC_BITS+DROP-1:0] FACTOR = 1,
    parameter STARTS = 1,
    parameter START_FILE = "",
    parameter PAGE_BITS = 1,
    parameter FIRST_PAGE = 0,
    parameter LOAD_BITS = 1,
    parameter ADDRESS_BITS = BEATS * FOLDS > 1 ? $clog2(BEATS * FOLDS) : 1,  // derived
    parameter WORD_BITS = PE * (DEPTHWISE ? 1 : SIMD) * WEIGHT_BITS  // derived
) (
    input clk,
    input rst,
    input [SIMD*IN_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    input out_room,
    output out_reserve,
    output out_push,
    output [PE*ACC_BITS-1:0] out_data,
    input load_enable,  // these where ROM_STYLE is "loaded"
    input [LOAD_BITS-1:0] load_address,
    input [15:0] load_data,
    output [ADDRESS_BITS-1:0] rom_word,  // these where it is "outside"
    input [WORD_BITS-1:0] rom_fetched
);
    localparam TERMS = DEPTHWISE ? 1 : SIMD;
    localparam WORDS = BEATS * FOLDS;
    localparam FULL_BITS = ACC_BITS + DROP;
    // Stages of registers: inputs and weights, products, the tree. The accumulators come behind them.
    localparam LOADED = ROM_STYLE == "loaded";
    localparam OUTSIDE = ROM_STYLE == "outside";
    localparam ROM_STAGES = ROM_STYLE == "block" || LOADED || OUTSIDE ? 2 : 1;
    localparam PRODUCT_STAGES = WEIGHT_KIND != 2 ? 0 : MULTIPLIER == "packed" ? 2 : 1;
    localparam STAGES = ROM_STAGES + PRODUCT_STAGES + $clog2(TERMS);

    wire last;
    assign in_ready = !last || out_room;
    wire issue = in_valid && in_ready;
    assign out_reserve = issue && last;
    loop_end #(.SIZE(BEATS)) beat (.clk(clk), .rst(rst), .step(issue), .round(), .last(last));

    // What stage `k` holds: bit k-1.
    reg [STAGES-1:0] valid, ends;
    reg first, push;
    always @(posedge clk) begin
        valid <= {valid, issue};
        ends <= {ends, issue && last};
        push <= ends[STAGES-1];
        if (ends[STAGES-1])
            first <= 1'b1;
        else if (valid[STAGES-1])
            first <= 1'b0;
        if (rst) begin
            valid <= 0;
            ends <= 0;
            push <= 1'b0;
            first <= 1'b1;
        end
    end
    assign out_push = push;

    wire [ADDRESS_BITS-1:0] word;
    loop_end #(.SIZE(WORDS)) walk (.clk(clk), .rst(rst), .step(issue), .round(word), .last());
    (* rom_style = ROM_STYLE *)
    reg [WORD_BITS-1:0] rom [0:WORDS-1];
    assign rom_word = word;
    generate
        if (WEIGHT_FILE != "" && !LOADED) begin : load
            initial $readmemh(WEIGHT_FILE, rom);
        end
    endgenerate
    reg [WORD_BITS-1:0] weights;
    reg [SIMD*IN_BITS-1:0] elements;
    generate
        if (LOADED) begin : loaded
            wire [WORD_BITS-1:0] fetched;
            reg [SIMD*IN_BITS-1:0] taken;
            weight_memory #(
                .WORDS(WORDS), .WIDTH(WORD_BITS), .PAGE_BITS(PAGE_BITS), .FIRST_PAGE(FIRST_PAGE),
                .LOAD_BITS(LOAD_BITS)
            ) store (
                .clk(clk), .word(word), .fetched(fetched),
                .load_enable(load_enable), .load_address(load_address), .load_data(load_data)
            );
            always @(posedge clk) begin
                taken <= in_data;
                weights <= fetched;
                elements <= taken;
            end
        end else if (OUTSIDE) begin : outside
            reg [SIMD*IN_BITS-1:0] taken;
            always @(posedge clk) begin
                taken <= in_data;
                weights <= rom_fetched;
                elements <= taken;
            end
        end else if (ROM_STAGES == 2) begin : output_register
            reg [WORD_BITS-1:0] fetched;
            reg [SIMD*IN_BITS-1:0] taken;
            always @(posedge clk) begin
                fetched <= rom[word];
                taken <= in_data;
                weights <= fetched;
                elements <= taken;
            end
        end else begin : direct
            always @(posedge clk) begin
                weights <= rom[word];
                elements <= in_data;
            end
        end
    endgenerate

    // One stage ahead of the accumulators, so that their start comes from a register.
    localparam FOLD_BITS = STARTS > 1 ? $clog2(STARTS) : 1;
    wire [FOLD_BITS-1:0] fold;
    wire [STAGES:0] ends_by_stage = {ends, issue && last};
    loop_end #(.SIZE(STARTS)) folds (.clk(clk), .rst(rst), .step(ends_by_stage[STAGES-1]), .round(fold), .last());
    reg [PE*FULL_BITS-1:0] start_rom [0:STARTS-1];
    reg [PE*FULL_BITS-1:0] start;
    generate
        if (START_FILE != "") begin : load_starts
            initial $readmemh(START_FILE, start_rom);
        end
    endgenerate
    always @(posedge clk)
        start <= start_rom[fold];

    // Of each neuron its terms, where neurons share multipliers.
    localparam PRODUCT_BITS = IN_BITS + WEIGHT_BITS;
    wire [PE*TERMS*PRODUCT_BITS-1:0] products;
    genvar p, i, n;
    generate
        if (MULTIPLIER == "packed") begin : packed_products
            for (p = 0; p < PE; p = p + SHARED) begin : group
                localparam COUNT = p + SHARED < PE ? SHARED : PE - p;
                for (i = 0; i < TERMS; i = i + 1) begin : term
                    wire [COUNT*WEIGHT_BITS-1:0] factors;
                    wire [COUNT*PRODUCT_BITS-1:0] found;
                    mac_packed #(
                        .IN_BITS(IN_BITS), .WEIGHT_BITS(WEIGHT_BITS), .COUNT(COUNT), .SPACING(SPACING)
                    ) multiplier (
                        .clk(clk), .x(elements[i*IN_BITS +: IN_BITS]), .weights(factors), .products(found)
                    );
                    for (n = 0; n < COUNT; n = n + 1) begin : neuron
                        localparam PLACE = (p + n) * TERMS + i;
                        assign factors[n*WEIGHT_BITS +: WEIGHT_BITS] = weights[PLACE*WEIGHT_BITS +: WEIGHT_BITS];
                        assign products[PLACE*PRODUCT_BITS +: PRODUCT_BITS] = found[n*PRODUCT_BITS +: PRODUCT_BITS];
                    end
                end
            end
        end else begin : own_products
            assign products = 0;
        end
    endgenerate

    generate
        for (p = 0; p < PE; p = p + 1) begin : pe
            wire signed [SUM_BITS-1:0] sum;
            mac_sum #(
                .TERMS(TERMS), .IN_BITS(IN_BITS), .WEIGHT_KIND(WEIGHT_KIND), .WEIGHT_BITS(WEIGHT_BITS),
                .MULTIPLIER(MULTIPLIER), .SUM_BITS(SUM_BITS)
            ) sums (
                .clk(clk),
                .x(elements[(DEPTHWISE ? p * IN_BITS : 0) +: TERMS*IN_BITS]),
                .weights(weights[p*TERMS*WEIGHT_BITS +: TERMS*WEIGHT_BITS]),
                .products(products[p*TERMS*PRODUCT_BITS +: TERMS*PRODUCT_BITS]),
                .sum(sum)
            );
            wire signed [FULL_BITS-1:0] addend = sum * $signed(FACTOR);
            reg [FULL_BITS-1:0] accumulator;
            always @(posedge clk)
                if (valid[STAGES-1])
                    accumulator <= (first ? start[p*FULL_BITS +: FULL_BITS] : accumulator) + addend;
            assign out_data[p*ACC_BITS +: ACC_BITS] = accumulator[FULL_BITS-1:DROP];
        end
    endgenerate
endmodule
