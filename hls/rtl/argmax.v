// Index of the greatest of CLASSES signed logits that arrive one a beat; the first of equal ones wins.
//
// Parameters: CLASSES (2 or more), BITS of a logit, INDEX_BITS of the answer.
// Timing: one logit a cycle; the answer is valid the cycle after the last logit.
module argmax #(
    parameter CLASSES = 2,
    parameter BITS = 8,
    parameter INDEX_BITS = 1
) (
    input clk,
    input rst,
    input [BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output reg [INDEX_BITS-1:0] out_data,
    output reg out_valid,
    input out_ready
);
    localparam [INDEX_BITS-1:0] LAST = CLASSES - 1;
    reg signed [BITS-1:0] best;
    reg [INDEX_BITS-1:0] best_index;
    reg [INDEX_BITS-1:0] index;

    wire better = index == 0 || $signed(in_data) > best;
    wire last = index == LAST;
    assign in_ready = !out_valid || out_ready;

    always @(posedge clk) begin
        if (in_ready) begin
            out_valid <= in_valid && last;
            if (in_valid) begin
                index <= last ? {INDEX_BITS{1'b0}} : index + 1'b1;
                if (better) begin
                    best <= in_data;
                    best_index <= index;
                end
                if (last)
                    out_data <= better ? index : best_index;
            end
        end
        if (rst) begin
            index <= 0;
            out_valid <= 1'b0;
        end
    end
endmodule
