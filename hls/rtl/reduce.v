// The greatest or the sum of TAPS beats, lane by lane, WORDS of them interleaved: beat w of each tap in turn.
//
// Parameters: LANES elements a beat, of IN_BITS; results of OUT_BITS (of the sum: as many as it needs). WORDS is 1 behind
//   windows whose taps come together, and the beats of a position where all positions are reduced. MAXIMUM: the
//   greatest, else the sum. BLOCK puts the accumulators of 3 words or more into block RAM; 2 or more are in
//   memory of
//   RAM_STYLE otherwise.
// Timing: one beat a clock; latency 2, with BLOCK 3.
module reduce #(
    parameter LANES = 1,
    parameter IN_BITS = 8,
    parameter OUT_BITS = 8,
    parameter TAPS = 4,
    parameter WORDS = 1,
    parameter MAXIMUM = 0,
    parameter BLOCK = 0,
    parameter RAM_STYLE = "distributed"
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
    localparam TAP_BITS = TAPS > 1 ? $clog2(TAPS) : 1;
    localparam ADDRESS_BITS = WORDS > 1 ? $clog2(WORDS) : 1;
    localparam [TAP_BITS-1:0] LAST_TAP = TAPS - 1;
    localparam [ADDRESS_BITS-1:0] LAST_WORD = WORDS - 1;
    localparam WIDTH = LANES * OUT_BITS;

    reg [TAP_BITS-1:0] tap;
    reg [ADDRESS_BITS-1:0] word;
    reg first_tap, last_tap;
    wire last_word = word == LAST_WORD;
    wire issue = in_valid && in_ready;
    assign in_ready = out_room || !last_tap;
    assign out_reserve = issue && last_tap;
    wire [TAP_BITS-1:0] next_tap = last_tap ? {TAP_BITS{1'b0}} : tap + 1'b1;
    always @(posedge clk) begin
        if (issue)
            word <= last_word ? {ADDRESS_BITS{1'b0}} : word + 1'b1;
        if (issue && last_word) begin
            tap <= next_tap;
            first_tap <= next_tap == 0;
            last_tap <= next_tap == LAST_TAP;
        end
        if (rst) begin
            word <= 0;
            tap <= 0;
            first_tap <= 1'b1;
            last_tap <= TAPS == 1;
        end
    end

    // The beat, and beside it what is accumulated of it so far: 0 at the first tap, in a register's reset.
    reg [LANES*IN_BITS-1:0] beat;
    reg valid, last;
    reg [ADDRESS_BITS-1:0] at;
    wire [WIDTH-1:0] kept;
    wire [WIDTH-1:0] total;
    reg [WIDTH-1:0] result;
    reg push;
    assign out_data = result;
    assign out_push = push;
    always @(posedge clk) begin
        if (valid)
            result <= total;
        push <= !rst && valid && last;
    end

    generate
        if (BLOCK) begin : block
            // Block RAM is read in the clock of issue, and has a register of its own behind it.
            (* ram_style = "block" *) (* no_rw_check *)
            reg [WIDTH-1:0] memory [0:WORDS-1];
            reg [WIDTH-1:0] fetched, held;
            reg [LANES*IN_BITS-1:0] early;
            reg early_valid, early_first, early_last;
            reg [ADDRESS_BITS-1:0] early_at;
            assign kept = held;
            always @(posedge clk) begin
                fetched <= memory[word];
                held <= early_first ? {WIDTH{1'b0}} : fetched;
                early <= in_data;
                early_valid <= !rst && issue;
                early_first <= first_tap;
                early_last <= last_tap;
                early_at <= word;
                beat <= early;
                valid <= !rst && early_valid;
                last <= early_last;
                at <= early_at;
                if (valid)
                    memory[at] <= total;
            end
        end else begin : spread
            always @(posedge clk) begin
                beat <= in_data;
                valid <= !rst && issue;
                last <= last_tap;
                at <= word;
            end
            if (WORDS > 1) begin : several
                (* ram_style = RAM_STYLE *)
                reg [WIDTH-1:0] memory [0:WORDS-1];
                reg [WIDTH-1:0] held;
                assign kept = held;
                always @(posedge clk) begin
                    held <= first_tap ? {WIDTH{1'b0}} : memory[word];
                    if (valid)
                        memory[at] <= total;
                end
            end else begin : one
                reg [WIDTH-1:0] held;
                assign kept = held;
                always @(posedge clk)
                    if (rst || (valid && last))
                        held <= 0;
                    else if (valid)
                        held <= total;
            end
        end
    endgenerate

    genvar p;
    generate
        for (p = 0; p < LANES; p = p + 1) begin : lane
            wire [OUT_BITS-1:0] x = beat[p*IN_BITS +: IN_BITS];
            wire [OUT_BITS-1:0] so_far = kept[p*OUT_BITS +: OUT_BITS];
            if (MAXIMUM) begin : greatest
                assign total[p*OUT_BITS +: OUT_BITS] = x > so_far ? x : so_far;
            end else begin : sum
                assign total[p*OUT_BITS +: OUT_BITS] = x + so_far;
            end
        end
    endgenerate
endmodule
