// Puts the channels of several streams side by side: some beats of each input in turn.
//
// Parameters: lanes as beats have elements, of IN_BITS[i*8 +: 8] bits in input i and OUT_BITS at the output; input i has
//   BEATS[i*24 +: 24] beats a position.
// Timing: one beat a clock; latency 1.
module concat #(
    parameter INPUTS = 2,
    parameter LANES = 1,
    parameter [INPUTS*8-1:0] IN_BITS = 0,
    parameter IN_WIDTH = 16,
    parameter OUT_BITS = 8,
    parameter [INPUTS*24-1:0] BEATS = 0
) (
    input clk,
    input rst,
    input [IN_WIDTH-1:0] in_data,
    input [INPUTS-1:0] in_valid,
    output [INPUTS-1:0] in_ready,
    output reg [LANES*OUT_BITS-1:0] out_data,
    output reg out_push,
    output out_reserve,
    input out_room
);
    // Where the lane of an input begins in the data.
    function integer place;
        input integer number, lane;
        integer i;
        begin
            place = lane * IN_BITS[number*8 +: 8];
            for (i = 0; i < number; i = i + 1)
                place = place + LANES * IN_BITS[i*8 +: 8];
        end
    endfunction

    function integer most;
        input integer unused;
        integer i;
        begin
            most = 1;
            for (i = 0; i < INPUTS; i = i + 1)
                if (BEATS[i*24 +: 24] > most)
                    most = BEATS[i*24 +: 24];
        end
    endfunction

    localparam COUNT_BITS = most(0) > 1 ? $clog2(most(0)) : 1;
    reg [INPUTS-1:0] turn;
    reg [COUNT_BITS-1:0] left;  // beats that follow before the next input's turn
    reg none_left;
    reg [COUNT_BITS-1:0] next_left;
    wire [INPUTS-1:0] next_turn = {turn, turn[INPUTS-1]} & {INPUTS{1'b1}};
    wire issue = |(turn & in_valid) && out_room;
    assign in_ready = turn & {INPUTS{out_room}};
    assign out_reserve = issue;
    integer i;
    always @* begin
        next_left = 0;
        for (i = 0; i < INPUTS; i = i + 1)
            if (next_turn[i])
                next_left = next_left | (BEATS[i*24 +: 24] - 1);
        if (!none_left)
            next_left = left - 1'b1;
    end
    always @(posedge clk) begin
        out_push <= !rst && issue;
        if (issue) begin
            left <= next_left;
            none_left <= next_left == 0;
            if (none_left)
                turn <= next_turn;
        end
        if (rst) begin
            turn <= 1;
            left <= BEATS[23:0] - 1;
            none_left <= BEATS[23:0] == 1;
        end
    end

    genvar p, k;
    generate
        for (p = 0; p < LANES; p = p + 1) begin : lane
            wire [(INPUTS+1)*OUT_BITS-1:0] chosen;
            assign chosen[OUT_BITS-1:0] = 0;
            for (k = 0; k < INPUTS; k = k + 1) begin : choice
                wire [OUT_BITS-1:0] code = in_data[place(k, p) +: IN_BITS[k*8 +: 8]];
                assign chosen[(k+1)*OUT_BITS +: OUT_BITS] =
                    chosen[k*OUT_BITS +: OUT_BITS] | (code & {OUT_BITS{turn[k]}});
            end
            always @(posedge clk)
                out_data[p*OUT_BITS +: OUT_BITS] <= chosen[INPUTS*OUT_BITS +: OUT_BITS];
        end
    endgenerate
endmodule
