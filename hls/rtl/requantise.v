// Requantises codes: clip((code * multiplier + offset) >> shift, 0, TOP), LANES of them in STEPS clocks.
//
// Parameters: LANES codes of IN_BITS a beat, INVERT: inverted first, where results fall with codes. DIGIT bits of the
//   multiplier are taken a clock, the lowest first; DSP, A_PIECE and B_PIECE are those of product.v. MULTIPLIER_FILE has
//   MULTIPLIERS * STEPS words: for each multiplier (one for all, or one a beat) its digits, each LANES of DIGIT bits.
//   OFFSET_FILE has OFFSETS words (1, or one a beat of a position) of LANES two's complement numbers of OFFSET_BITS.
//   Where BENT, codes below SPLIT have offsets of their own: words are twice as wide, theirs in the upper half.
//   TOGETHER: a word of MULTIPLIER_FILE has a slice of the next beat's offsets above its digits, of as many bits as make
//   them up in STEPS slices, the lowest first; OFFSET_FILE has those of the first beat. One narrow ROM wastes less block RAM.
//   The sum of ACC_BITS loses DIGIT bits after each step but the last, and SHIFT bits at the end; of its rest, which has
//   1 bit more than OUT_BITS or more, TOP is the greatest code. ROUND 1 takes 1 away from odd results of exact sums (so
//   that halves go to even codes), ROUND 2 from even ones, ROUND 0 never. ROM_STYLE is the ROMs' rom_style attribute;
//   where it is "outside", that of the multipliers lies behind the ports `rom_word` and `rom_fetched`, as in rom_walk.v.
// Timing: a beat is taken at the first of STEPS operations and yields at the last one; 4 clocks and those
//   of product.v later, with ROUND 1 more.
module requantise #(
    parameter LANES = 1,
    parameter IN_BITS = 8,
    parameter OUT_BITS = 8,
    parameter [OUT_BITS-1:0] TOP = 255,
    parameter INVERT = 0,
    parameter STEPS = 1,
    parameter DIGIT = 8,
    parameter DSP = 1,
    parameter A_PIECE = 18,
    parameter B_PIECE = 18,
    parameter MULTIPLIERS = 1,
    parameter OFFSETS = 1,
    parameter OFFSET_BITS = 16,
    parameter TOGETHER = 0,
    parameter BENT = 0,
    parameter [IN_BITS-1:0] SPLIT = 0,
    parameter ACC_BITS = 17,
    parameter SHIFT = 8,
    parameter ROUND = 0,
    parameter ROM_STYLE = "auto",
    parameter MULTIPLIER_FILE = "",
    parameter OFFSET_FILE = "",
    parameter START_BITS = LANES * OFFSET_BITS * (BENT + 1),  // derived
    parameter SLICE = TOGETHER ? (START_BITS + STEPS - 1) / STEPS : 0,  // derived
    parameter WORD_BITS = SLICE + LANES * DIGIT,  // derived
    parameter ADDRESS_BITS = MULTIPLIERS * STEPS > 1 ? $clog2(MULTIPLIERS * STEPS) : 1  // derived
) (
    input clk,
    input rst,
    input [LANES*IN_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output [LANES*OUT_BITS-1:0] out_data,
    output out_push,
    output out_reserve,
    input out_room,
    output [ADDRESS_BITS-1:0] rom_word,
    input [WORD_BITS-1:0] rom_fetched
);
    localparam TERMS = DSP ? ((IN_BITS + A_PIECE - 1) / A_PIECE) * ((DIGIT + B_PIECE - 1) / B_PIECE) : DIGIT;
    localparam SUM_AT = 3 + $clog2(TERMS);  // clocks from an operation's issue to its product
    localparam LATENCY = SUM_AT + 2 + (ROUND != 0);

    localparam STEP_BITS = STEPS > 1 ? $clog2(STEPS) : 1;
    localparam [STEP_BITS-1:0] LAST_STEP = STEPS - 1;
    reg [STEP_BITS-1:0] step;
    wire first = step == 0;
    wire last = step == LAST_STEP;
    wire issue = (!first || in_valid) && (!last || out_room);
    assign in_ready = first && (!last || out_room);
    assign out_reserve = issue && last;
    always @(posedge clk)
        if (rst || (issue && last))
            step <= 0;
        else if (issue)
            step <= step + 1'b1;

    // What follows never waits: bit i tells of the operation issued i + 1 clocks ago.
    reg [LATENCY-1:0] issued, began, ended;
    always @(posedge clk) begin
        issued <= {issued, issue};
        began <= {began, issue && first};
        ended <= {ended, issue && last};
        if (rst) begin
            issued <= 0;
            ended <= 0;
        end
    end
    assign out_push = ended[LATENCY-1];

    wire [WORD_BITS-1:0] word;
    wire [LANES*DIGIT-1:0] digits = word[LANES*DIGIT-1:0];
    wire [START_BITS-1:0] stored, starts;
    rom_walk #(.WORDS(MULTIPLIERS*STEPS), .WIDTH(WORD_BITS), .ROM_STYLE(ROM_STYLE), .FILE(MULTIPLIER_FILE))
        multipliers (
            .clk(clk), .rst(rst), .next(issue), .word(word), .rom_word(rom_word), .rom_fetched(rom_fetched)
        );
    // Read when the product is nearly there.
    rom_walk #(.WORDS(OFFSETS), .WIDTH(START_BITS), .ROM_STYLE(ROM_STYLE), .FILE(OFFSET_FILE))
        offsets (.clk(clk), .rst(rst), .next(began[SUM_AT-3]), .word(stored));
    generate
        if (TOGETHER) begin : gathered
            // Slices reach the register with their step's product; the first one enters when the offsets are used.
            reg [SLICE*(SUM_AT-2)-1:0] on_the_way;
            reg [SLICE*STEPS-1:0] slices;
            always @(posedge clk) begin
                on_the_way <= {on_the_way, word[LANES*DIGIT +: SLICE]};
                if (rst)
                    slices <= stored;
                else if (issued[SUM_AT-1])
                    slices <= {on_the_way[SLICE*(SUM_AT-2)-1 -: SLICE], slices} >> SLICE;
            end
            assign starts = slices[START_BITS-1:0];
        end else begin : apart
            assign starts = stored;
        end
    endgenerate

    genvar p;
    generate
        for (p = 0; p < LANES; p = p + 1) begin : lane
            reg [IN_BITS-1:0] code, factor;
            always @(posedge clk) begin
                if (in_valid && in_ready)
                    code <= in_data[p*IN_BITS +: IN_BITS] ^ {IN_BITS{INVERT != 0}};
                factor <= code;
            end

            wire [IN_BITS+DIGIT-1:0] part;
            product #(.A_BITS(IN_BITS), .B_BITS(DIGIT), .DSP(DSP), .A_PIECE(A_PIECE), .B_PIECE(B_PIECE))
                multiplier (.clk(clk), .a(factor), .b(digits[p*DIGIT +: DIGIT]), .out(part));

            wire signed [OFFSET_BITS-1:0] start;
            if (BENT) begin : bent
                reg [SUM_AT-2:0] below;
                always @(posedge clk)
                    below <= {below, code < SPLIT};
                assign start = below[SUM_AT-2] ? starts[(LANES+p)*OFFSET_BITS +: OFFSET_BITS]
                                               : starts[p*OFFSET_BITS +: OFFSET_BITS];
            end else begin : straight
                assign start = starts[p*OFFSET_BITS +: OFFSET_BITS];
            end

            reg signed [ACC_BITS-1:0] sum;
            wire signed [ACC_BITS-1:0] carried = began[SUM_AT-1] ? start : sum >>> DIGIT;
            always @(posedge clk)
                if (issued[SUM_AT-1])
                    sum <= carried + $signed({1'b0, part});

            wire signed [ACC_BITS-SHIFT-1:0] rest;
            if (ROUND != 0) begin : rounded
                reg inexact;  // a bit that was lost is 1
                reg signed [ACC_BITS-SHIFT-1:0] whole;
                reg down;
                always @(posedge clk) begin
                    if (issued[SUM_AT-1])
                        inexact <= !began[SUM_AT-1] && (inexact || sum[DIGIT-1:0] != 0);
                    whole <= sum >>> SHIFT;
                    down <= !inexact && (sum & ~({ACC_BITS{1'b1}} << SHIFT)) == 0 && sum[SHIFT] == (ROUND == 1);
                end
                assign rest = whole - $signed({1'b0, down});
            end else begin : floored
                assign rest = sum >>> SHIFT;
            end

            reg [OUT_BITS-1:0] result;
            wire negative = rest[ACC_BITS-SHIFT-1];
            wire beyond = rest[ACC_BITS-SHIFT-2:OUT_BITS-1] >> 1 != 0 || rest[OUT_BITS-1:0] > TOP;
            always @(posedge clk)
                result <= negative ? {OUT_BITS{1'b0}} : beyond ? TOP : rest[OUT_BITS-1:0];
            assign out_data[p*OUT_BITS +: OUT_BITS] = result;
        end
    endgenerate
endmodule
