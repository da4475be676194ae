// Index of the greatest of CLASSES codes that arrive one a beat; the first of equal ones wins.
//
// Parameters: CLASSES codes of BITS; INDEX_BITS of the answer.
// Timing: a code every clock; the answer follows 2 clocks after the last one.
module label #(
    parameter CLASSES = 2,
    parameter BITS = 8,
    parameter INDEX_BITS = 1
) (
    input clk,
    input rst,
    input [BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output [INDEX_BITS-1:0] out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam [INDEX_BITS-1:0] LAST = CLASSES - 1;

    reg [INDEX_BITS-1:0] index;
    wire last = index == LAST;
    wire issue = in_valid && in_ready;
    assign in_ready = !last || out_room;
    assign out_reserve = issue && last;

    reg [BITS-1:0] code, best;
    reg [INDEX_BITS-1:0] place, best_place;
    reg came, ended, push;
    wire better = place == 0 || code > best;
    assign out_data = best_place;
    assign out_push = push;
    always @(posedge clk) begin
        if (issue)
            index <= last ? {INDEX_BITS{1'b0}} : index + 1'b1;
        code <= in_data;
        place <= index;
        came <= issue;
        ended <= issue && last;
        if (came && better) begin
            best <= code;
            best_place <= place;
        end
        push <= ended;
        if (rst) begin
            index <= 0;
            came <= 1'b0;
            ended <= 1'b0;
            push <= 1'b0;
        end
    end
endmodule
