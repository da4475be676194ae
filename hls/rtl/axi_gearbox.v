// Turns the words of a vector into beats of the core: WORDS words of IN_WIDTH bits into BEATS beats of OUT_WIDTH bits.
//
// The widths need not divide each other. Bits past the last beat are padding and are dropped, so each vector begins
// with a new word. IN_WIDTH is a power of 2. A word can enter and a beat leave in every cycle.
`default_nettype none
module axi_gearbox #(
    parameter IN_WIDTH  = 32,
    parameter OUT_WIDTH = 8,
    parameter BEATS     = 40,
    parameter WORDS     = 10
) (
    input  wire                 clk,
    input  wire                 rst,
    input  wire [IN_WIDTH-1:0]  in_data,
    input  wire                 in_valid,
    output wire                 in_ready,
    output wire [OUT_WIDTH-1:0] out_data,
    output wire                 out_valid,
    input  wire                 out_ready,
    output wire                 vector_ends,  // a vector's last beat moves
    output wire                 empty         // no vector is under way
);
    // A lone beat is filled up to whole words, which leaves the shift below few distances.
    localparam BEAT_BITS = BEATS == 1 ? WORDS * IN_WIDTH : OUT_WIDTH;
    localparam CAPACITY  = BEATS == 1 ? BEAT_BITS : BEAT_BITS + IN_WIDTH;
    // Bits are counted in units of the greatest common divisor of both widths, a power of 2.
    localparam DIVISOR = BEAT_BITS & -BEAT_BITS;
    localparam UNIT    = DIVISOR < IN_WIDTH ? DIVISOR : IN_WIDTH;
    localparam SHIFT   = $clog2(UNIT);
    localparam FILL    = $clog2(CAPACITY / UNIT + 1);
    localparam IN_UNITS   = IN_WIDTH / UNIT;
    localparam BEAT_UNITS = BEAT_BITS / UNIT;
    localparam WORD_COUNT = $clog2(WORDS + 1);
    localparam BEAT_COUNT = BEATS > 1 ? $clog2(BEATS) : 1;
    localparam LAST_BEAT  = BEATS - 1;

    reg [CAPACITY-1:0]   store = 0;  // zero above what is filled
    reg [FILL-1:0]       filled = 0;
    reg [WORD_COUNT-1:0] words = 0;  // of this vector, taken
    reg [BEAT_COUNT-1:0] beat = 0;

    wire complete = words == WORDS[WORD_COUNT-1:0];
    wire pop      = out_valid && out_ready;
    wire push     = in_valid && in_ready;
    wire [FILL:0] most = BEAT_UNITS[FILL:0] << pop;
    wire room     = {1'b0, filled} <= most;

    // The word goes behind all that is there before the beat is taken off, so that `out_ready`, which comes late in the
    // cycle, only chooses.
    wire [FILL+SHIFT-1:0] distance = {{SHIFT{1'b0}}, filled} << SHIFT;
    wire [CAPACITY+BEAT_BITS-1:0] wide  = {{CAPACITY + BEAT_BITS - IN_WIDTH{1'b0}}, in_data};
    wire [CAPACITY+BEAT_BITS-1:0] alone = {{BEAT_BITS{1'b0}}, store};
    wire [CAPACITY+BEAT_BITS-1:0] whole = push ? alone | wide << distance : alone;
    wire [FILL:0] grown = {1'b0, filled} + (push ? IN_UNITS[FILL:0] : {FILL + 1{1'b0}});
    wire [FILL:0] rest  = pop ? grown - BEAT_UNITS[FILL:0] : grown;

    assign out_valid   = filled >= BEAT_UNITS[FILL-1:0];
    assign out_data    = store[OUT_WIDTH-1:0];
    assign vector_ends = pop && beat == LAST_BEAT[BEAT_COUNT-1:0];
    assign in_ready    = vector_ends || (!complete && room);
    assign empty       = words == 0;

    always @(posedge clk) begin
        store  <= vector_ends ? (push ? wide[CAPACITY-1:0] : {CAPACITY{1'b0}}) :
                  pop ? whole[CAPACITY+BEAT_BITS-1:BEAT_BITS] : whole[CAPACITY-1:0];
        filled <= vector_ends ? (push ? IN_UNITS[FILL-1:0] : {FILL{1'b0}}) : rest[FILL-1:0];
        words  <= (vector_ends ? {WORD_COUNT{1'b0}} : words) + push;
        if (pop) beat <= vector_ends ? {BEAT_COUNT{1'b0}} : beat + 1'b1;
        if (rst) begin
            store  <= 0;
            filled <= 0;
            words  <= 0;
            beat   <= 0;
        end
    end
endmodule
`default_nettype wire
