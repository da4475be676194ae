// Changes the number of elements a beat by a whole ratio, up or down, keeping their order: a unit between two FIFOs.
//
// Parameters: IN_WIDTH and OUT_WIDTH in bits; one divides the other. The first beat is the lowest.
// Timing: one narrow beat a clock; a beat is pushed the clock after the one that completes it, or that it is cut off in.
module widen #(
    parameter IN_WIDTH = 2,
    parameter OUT_WIDTH = 4
) (
    input clk,
    input rst,
    input [IN_WIDTH-1:0] in_data,
    input in_valid,
    output in_ready,
    output [OUT_WIDTH-1:0] out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam UP = OUT_WIDTH > IN_WIDTH;
    localparam RATIO = UP ? OUT_WIDTH / IN_WIDTH : IN_WIDTH / OUT_WIDTH;

    // One bit of a ring marks which narrow beat of a wide one is next.
    reg [RATIO-1:0] turn;
    wire first = turn[0], last = turn[RATIO-1];
    wire issue;
    always @(posedge clk)
        if (rst)
            turn <= 1;
        else if (issue)
            turn <= {turn, last} & {RATIO{1'b1}};

    reg push;
    assign out_push = push;
    always @(posedge clk)
        push <= !rst && out_reserve;

    generate
        if (UP) begin : up
            reg [OUT_WIDTH-1:0] held;
            assign in_ready = out_room || !last;
            assign issue = in_valid && in_ready;
            assign out_reserve = issue && last;
            assign out_data = held;
            always @(posedge clk)
                if (issue)
                    held <= {in_data, held[OUT_WIDTH-1:IN_WIDTH]};
        end else begin : down
            reg [IN_WIDTH-1:0] held;
            assign issue = out_room && (in_valid || !first);
            assign in_ready = out_room && first;
            assign out_reserve = issue;
            assign out_data = held[OUT_WIDTH-1:0];
            always @(posedge clk)
                if (issue)
                    held <= first ? in_data : held >> OUT_WIDTH;
        end
    endgenerate
endmodule
