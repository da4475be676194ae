// Whether the greatest of CLASSES codes that arrive one a beat leads the second greatest by MARGIN or more.
//
// Parameters: CLASSES codes, 2 or more, of BITS; MARGIN, of which a lead may fall short.
// Timing: a code every clock; the answer follows 3 clocks after the last one.
module confident #(
    parameter CLASSES = 2,
    parameter BITS = 8,
    parameter [BITS-1:0] MARGIN = 1
) (
    input clk,
    input rst,
    input [BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam COUNT_BITS = $clog2(CLASSES);
    localparam [COUNT_BITS-1:0] LAST = CLASSES - 1;

    reg [COUNT_BITS-1:0] index;
    wire last = index == LAST;
    wire issue = in_valid && in_ready;
    assign in_ready = !last || out_room;
    assign out_reserve = issue && last;

    reg [BITS-1:0] code, first, second;
    reg starts, came, ended, known, push, leads;
    assign out_data = leads;
    assign out_push = push;
    always @(posedge clk) begin
        if (issue)
            index <= last ? {COUNT_BITS{1'b0}} : index + 1'b1;
        code <= in_data;
        starts <= index == 0;
        came <= issue;
        ended <= issue && last;
        if (came) begin
            // No code is below 0, so there is a second one from the start.
            if (starts || code > first) begin
                first <= code;
                second <= starts ? {BITS{1'b0}} : first;
            end else if (code > second)
                second <= code;
        end
        known <= ended;
        leads <= first - second >= MARGIN;
        push <= known;
        if (rst) begin
            index <= 0;
            came <= 1'b0;
            ended <= 1'b0;
            known <= 1'b0;
            push <= 1'b0;
        end
    end
endmodule
